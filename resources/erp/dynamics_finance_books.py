"""What Dynamics 365 Finance has: periods, accounts, dimension values, balances and posted lines.

Reading only; journals are written in `dynamics_finance_journals.py`.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from billing.ledger.erp import ErpAccount, ErpLine, ErpPeriod, ErpSegment
from resources.erp.dynamics_finance_answers import Header, document_digest, header_of
from resources.erp.dynamics_finance_journals import ALL_COMPANIES, HEADERS
from resources.erp.dynamics_finance_settings import DynamicsFinanceSettings
from resources.erp.odata import ODataClient, amount, day, literal

ENTRIES, ACCOUNT_ENTRIES = "GeneralJournalEntryBiEntities", "GeneralJournalAccountEntryBiEntities"
YES = "Microsoft.Dynamics.DataEntities.NoYes'Yes'"


class DynamicsFinanceBooks:
    """Master data and posted entries of all companies of one environment."""

    def __init__(self, settings: DynamicsFinanceSettings, odata: ODataClient) -> None:
        """Reads nothing yet."""
        self._settings, self._odata = settings, odata

    def periods(self, entity: str) -> list[ErpPeriod]:
        """Return the periods of the company's ledger, oldest first. Raises ErpUnknown."""
        company = literal(self._settings.company(entity))
        rows = self._rows(self._settings.periods, f"LegalEntityId eq {company}")
        found = [
            ErpPeriod(
                entity,
                day(row["PeriodStartDate"]),
                day(row["PeriodEndDate"]),
                str(row["PeriodName"]),
                row["PeriodStatus"] == "Open",
            )
            for row in rows
        ]
        return sorted(found, key=lambda period: period.start)

    def accounts(self, entity: str) -> list[ErpAccount]:
        """Return the main accounts of the chart, suspended ones too. Raises ErpUnknown."""
        rows = self._rows("MainAccounts", f"ChartOfAccounts eq {literal(self._settings.chart)}")
        return [
            ErpAccount(
                entity,
                self._settings.segments.own_account(entity, str(row["MainAccountId"])),
                row["IsSuspended"] == "No",
            )
            for row in rows
        ]

    def segments(self, entity: str) -> list[ErpSegment]:
        """Return the values of the carried dimensions. Raises ErpUnknown."""
        return [
            ErpSegment(entity, ours, str(row["DimensionValue"]), row["IsSuspended"] == "No")
            for ours, theirs in self._settings.dimensions.items()
            for row in self._rows(
                "FinancialDimensionValues", f"FinancialDimension eq {literal(theirs)}"
            )
        ]

    def balances(self, entity: str, as_of: date) -> dict[str, Decimal]:
        """Return each account's balance: the sum of posted entries up to and with a day.

        Raises ErpUnknown.
        """
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for _, row in self._posted(entity, f"AccountingDate le {_moment(as_of)}"):
            sums[self._account(entity, row)] += amount(row["AccountingCurrencyAmount"])
        return dict(sums)

    def lines_on(self, entity: str, accounts: Sequence[str], since: date) -> list[ErpLine]:
        """Return posted lines on the accounts, whoever made them. Raises ErpUnknown."""
        ours = {document_digest(header.key): header for header in self._posted_headers(entity)}
        found = []
        for entry, row in self._posted(entity, f"AccountingDate ge {_moment(since)}"):
            account = self._account(entity, row)
            if account in accounts:
                header = ours.get(str(entry["DocumentNumber"]))
                found.append(self._line(entity, account, header, entry, row))
        return found

    def is_posted(self, entity: str, key: str) -> bool:
        """Say whether an entry with the key's document number is posted. Raises ErpUnknown.

        Journals can be cleaned up after they are posted; posted entries cannot.
        """
        company = literal(self._settings.company(entity))
        number = literal(document_digest(key))
        which = f"SubledgerVoucherDataAreaId eq {company} and DocumentNumber eq {number}"
        return any(True for _ in self._rows(ENTRIES, which))

    def _posted(self, entity: str, when: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Yield each posted line of the company with its entry.

        Lines do not name their company: those of all companies are read, and told apart here.
        """
        company = literal(self._settings.company(entity))
        entries = {
            row["SourceKey"]: row
            for row in self._rows(ENTRIES, f"SubledgerVoucherDataAreaId eq {company} and {when}")
        }
        for row in self._rows(ACCOUNT_ENTRIES, when):
            if row["GeneralJournalEntry"] in entries:
                yield entries[row["GeneralJournalEntry"]], row

    def _posted_headers(self, entity: str) -> Iterator[Header]:
        company = literal(self._settings.company(entity))
        name = literal(self._settings.journal_name)
        ours = f"dataAreaId eq {company} and JournalName eq {name} and IsPosted eq {YES}"
        return (one for one in map(header_of, self._rows(HEADERS, ours)) if one.key)

    def _line(
        self,
        entity: str,
        account: str,
        header: Header | None,
        entry: dict[str, Any],
        row: dict[str, Any],
    ) -> ErpLine:
        value, is_credit = amount(row["AccountingCurrencyAmount"]), row["IsCredit"] == "Yes"
        number = entry["SubledgerVoucher"] if header is None else header.number
        return ErpLine(
            entity=entity,
            reference=f"{self._settings.company(entity)}/{number}",
            key="" if header is None else header.key,
            accounting_date=day(row["AccountingDate"]),
            account=account,
            debit=Decimal(0) if is_credit else value,
            credit=-value if is_credit else Decimal(0),
        )

    def _account(self, entity: str, row: dict[str, Any]) -> str:
        return self._settings.values_of(entity, str(row["LedgerAccount"]))["account"]

    def _rows(self, collection: str, which: str) -> Iterator[dict[str, Any]]:
        return self._odata.rows(collection, {"$filter": which, **ALL_COMPANIES})


def _moment(on: date) -> str:
    return f"{on.isoformat()}T12:00:00Z"
