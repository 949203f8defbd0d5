"""What a connection to SAP S/4HANA Cloud needs to know: addresses, companies, credentials, names.

Nothing connects here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from billing.ledger.segments import DIMENSIONS, SegmentMap
from resources.environment import InvalidSettingError, MissingSettingError
from resources.environment_section import LOOPBACK, Section

ASSIGNMENT_FIELDS = ("ProfitCenter", "Segment", "FunctionalArea")  # in the order of the schema
USUAL_DIMENSIONS = "facility=ProfitCenter,payer_class=FunctionalArea"


@dataclass(frozen=True)
class S4Company:
    """How one legal entity is known to SAP."""

    company_code: str
    chart_of_accounts: str
    controlling_area: str
    currency: str = "USD"


@dataclass(frozen=True)
class S4Settings:
    """The tenant, its communication user, and what the hospital's accountants decided.

    `dimension_fields`: which account assignment carries which of our dimensions; one that is not
    named is not carried. `wsdl`: the tenant's own WSDL, whose schema then replaces ours for what
    is sent. `is_replay_confirmed`: whether somebody has seen the tenant answer a repeated
    MessageHeader/UUID with its first answer. Raises InvalidSettingError.
    """

    url: str  # https://my000000-api.s4hana.cloud.sap
    user: str = field(repr=False)
    password: str = field(repr=False)
    created_by: str  # the user that documents name as their author, at most 12 characters
    companies: Mapping[str, S4Company]  # by entity
    periods_file: Path
    segments: SegmentMap = field(default_factory=SegmentMap)
    dimension_fields: Mapping[str, str] = field(
        default_factory=lambda: {"facility": "ProfitCenter", "payer_class": "FunctionalArea"}
    )
    document_type: str = "SA"
    wsdl: Path | None = None
    is_replay_confirmed: bool = False
    page_size: int = 1000

    def __post_init__(self) -> None:
        address = urlsplit(self.url)
        is_safe = address.scheme == "https" or address.hostname in LOOPBACK
        if not is_safe or not address.hostname:
            raise InvalidSettingError("TIEOUT_ERP_S4_URL", "an https address")
        if not self.user or ":" in self.user:
            raise InvalidSettingError("TIEOUT_ERP_S4_USER", "a name without a colon")
        fields = list(self.dimension_fields.values())
        known = set(self.dimension_fields) <= set(DIMENSIONS) and set(fields) <= set(
            ASSIGNMENT_FIELDS
        )
        if not known or len(set(fields)) != len(fields):
            rule = f"a different one of {', '.join(ASSIGNMENT_FIELDS)} for each dimension"
            raise InvalidSettingError("TIEOUT_ERP_S4_DIMENSIONS", rule)

    def company(self, entity: str) -> S4Company:
        """Return the entity's company, or raise MissingSettingError."""
        if entity not in self.companies:
            raise MissingSettingError(f"TIEOUT_ERP_S4_COMPANY_{entity}")
        return self.companies[entity]


def read_sap_s4(environ: Mapping[str, str], segments: SegmentMap) -> S4Settings:
    """Read the variables of docs/erp/sap_s4.md. Raises MissingSettingError, InvalidSettingError."""
    told = Section(environ, "TIEOUT_ERP_S4_")
    wsdl = told.text("WSDL")
    companies = told.by_entity("COMPANY_")
    return S4Settings(
        url=told.address("URL"),
        user=told.required("USER"),
        password=told.secret("PASSWORD"),
        created_by=told.required("CREATED_BY"),
        companies={entity: _company(entity, text) for entity, text in companies.items()},
        periods_file=Path(told.required("PERIODS")),
        segments=segments,
        dimension_fields=told.pairs("DIMENSIONS", USUAL_DIMENSIONS),
        document_type=told.text("DOCUMENT_TYPE", "SA"),
        wsdl=Path(wsdl) if wsdl else None,
        is_replay_confirmed=told.text("REPLAY") == "confirmed",
    )


def _company(entity: str, text: str) -> S4Company:
    parts = text.split(":")
    if len(parts) not in {3, 4} or not all(parts):
        rule = "company code:chart of accounts:controlling area, and :currency if not USD"
        raise InvalidSettingError(f"TIEOUT_ERP_S4_COMPANY_{entity}", rule)
    return S4Company(*parts)
