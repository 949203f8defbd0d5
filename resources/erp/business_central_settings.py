"""Where a Business Central is, who we are there, and what its companies and dimensions are called.

Settings and the reading of them: what they are used for is in `business_central.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from billing.ledger.erp import ErpRejected, Reason
from billing.ledger.segments import DIMENSIONS, SegmentMap
from resources.environment_section import Section
from resources.erp.entra import EntraApp, read_app

SCOPE = "https://api.businesscentral.dynamics.com/.default"


@dataclass(frozen=True)
class BusinessCentralSettings:
    """One environment. `dimensions` names the dimension code of each of ours that is carried."""

    api_url: str  # https://api.businesscentral.dynamics.com/v2.0/{tenant}/{environment}/api/v2.0
    app: EntraApp
    companies: Mapping[str, str]  # entity -> id of the company, a GUID
    segments: SegmentMap = field(default_factory=SegmentMap)
    dimensions: Mapping[str, str] = field(default_factory=dict)  # facility -> FACILITY

    def company(self, entity: str) -> str:
        """Return the path of an entity's company. Raises ErpRejected (MAPPING)."""
        if entity not in self.companies:
            raise ErpRejected(Reason.MAPPING, "the entity has no company in the ERP")
        return f"companies({self.companies[entity]})"


def read_business_central(
    environ: Mapping[str, str], segments: SegmentMap
) -> BusinessCentralSettings:
    """Read the variables of docs/erp/business_central.md.

    Raises MissingSettingError, InvalidSettingError.
    """
    told = Section(environ, "TIEOUT_ERP_BC_")
    named = ((ours, told.text(f"DIMENSION_{ours.upper()}")) for ours in DIMENSIONS)
    return BusinessCentralSettings(
        api_url=told.address("API_URL"),
        app=read_app(told),
        companies=told.by_entity("COMPANY_"),
        segments=segments,
        dimensions={ours: theirs for ours, theirs in named if theirs},
    )
