"""Where a Dynamics 365 Finance is, who we are there, and how its accounts are written.

Settings and the reading of them: what they are used for is in `dynamics_finance.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from billing.ledger.erp import ErpRejected, JournalLine, Reason
from billing.ledger.segments import SegmentMap, UnmappedSegmentError
from resources.environment_section import Section
from resources.erp.entra import EntraApp, read_app

MAIN_ACCOUNT = "MainAccount"


@dataclass(frozen=True)
class DynamicsFinanceSettings:
    """One environment.

    `account_format` and `delimiter` are those of its active "Ledger dimension format" for
    integrating applications: the main account and all dimensions, in order. `dimensions` names
    the financial dimension of each of ours that is carried.
    """

    url: str  # https://{environment}.operations.dynamics.com, no slash at its end
    app: EntraApp
    companies: Mapping[str, str]  # entity -> dataAreaId
    chart: str  # the chart of accounts that these companies share
    segments: SegmentMap = field(default_factory=SegmentMap)
    dimensions: Mapping[str, str] = field(default_factory=dict)  # facility -> Facility
    account_format: tuple[str, ...] = (MAIN_ACCOUNT,)
    delimiter: str = "-"
    journal_name: str = "TIEOUT"
    currency: str = "USD"
    periods: str = "LedgerFiscalCalendarPeriods"  # the public collection of period states
    package_above: int = 500  # entries with more lines go as a data package
    data_project: str = "Tieout general journal"
    poll_seconds: float = 2.0
    polls: int = 30  # how often a running import is asked after before it is left alone

    @property
    def scope(self) -> str:
        """What a token is asked for."""
        return f"{self.url}/.default"

    def company(self, entity: str) -> str:
        """Return an entity's dataAreaId. Raises ErpRejected (MAPPING)."""
        if entity not in self.companies:
            raise ErpRejected(Reason.MAPPING, "the entity has no company in the ERP")
        return self.companies[entity]

    def account_of(self, entity: str, line: JournalLine) -> str:
        """Return a line's account with its dimensions, as AccountDisplayValue takes it.

        Raises ErpRejected (MAPPING) for a value without a segment, or one with the delimiter.
        """
        values = {MAIN_ACCOUNT: self.segments.account(entity, line.account)}
        for ours, theirs in self.dimensions.items():
            try:
                values[theirs] = self.segments.segment(entity, ours, getattr(line, ours))
            except UnmappedSegmentError:
                raise ErpRejected(Reason.MAPPING, f"a {ours} has no segment in the ERP") from None
        if not set(values) <= set(self.account_format):
            raise ErpRejected(Reason.MAPPING, "a dimension is missing from the account format")
        parts = [values.get(name, "") for name in self.account_format]
        if any(self.delimiter in part for part in parts):
            raise ErpRejected(Reason.MAPPING, "a segment contains the delimiter of accounts")
        return self.delimiter.join(parts)

    def values_of(self, entity: str, display: str) -> dict[str, str]:
        """Return `account` and our dimensions of an account that was read back.

        Segments at the end may be left out by the ERP where they are empty.
        """
        parts = dict(zip(self.account_format, display.split(self.delimiter), strict=False))
        account = parts.get(MAIN_ACCOUNT, "")
        values = {"account": self.segments.own_account(entity, account)}
        for ours, theirs in self.dimensions.items():
            segment = parts.get(theirs, "")
            values[ours] = self.segments.own_value(entity, ours, segment) if segment else ""
        return values


def read_dynamics_finance(
    environ: Mapping[str, str], segments: SegmentMap
) -> DynamicsFinanceSettings:
    """Read the variables of docs/erp/dynamics_finance.md.

    Raises MissingSettingError, InvalidSettingError.
    """
    told = Section(environ, "TIEOUT_ERP_D365_")
    return DynamicsFinanceSettings(
        url=told.address("URL"),
        app=read_app(told),
        companies=told.by_entity("COMPANY_"),
        chart=told.required("CHART"),
        segments=segments,
        dimensions=told.pairs("DIMENSIONS", "none"),
        account_format=told.listed("ACCOUNT_FORMAT", MAIN_ACCOUNT),
        delimiter=told.text("DELIMITER", "-"),
        journal_name=told.text("JOURNAL_NAME", "TIEOUT"),
        currency=told.text("CURRENCY", "USD"),
        package_above=told.integer("PACKAGE_ABOVE", 500),
    )
