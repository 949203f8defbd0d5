"""Which ERP a run posts to, as the environment says it (TIEOUT_ERP and what belongs to that ERP).

What the variables of each ERP mean is beside its adapter; a client is made in `erp_choice.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from resources.environment import InvalidSettingError
from resources.erp.tryton_settings import read_tryton

TRYTON = "tryton"
# Each ERP, and how the names of its own variables begin.
PREFIXES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        TRYTON: ("TIEOUT_ERP_URL", "TIEOUT_ERP_KEY_", "TIEOUT_ERP_COMPANY_"),
        "netsuite": ("TIEOUT_ERP_NETSUITE_",),
        "business_central": ("TIEOUT_ERP_BC_",),
        "dynamics_finance": ("TIEOUT_ERP_D365_",),
        "sap_s4": ("TIEOUT_ERP_S4_",),
        "journal_file": ("TIEOUT_ERP_FILE_",),
    }
)
# And the one that says where it is.
ADDRESSES: Mapping[str, str] = MappingProxyType(
    {
        TRYTON: "TIEOUT_ERP_URL",
        "netsuite": "TIEOUT_ERP_NETSUITE_ACCOUNT",
        "business_central": "TIEOUT_ERP_BC_API_URL",
        "dynamics_finance": "TIEOUT_ERP_D365_URL",
        "sap_s4": "TIEOUT_ERP_S4_URL",
        "journal_file": "TIEOUT_ERP_FILE_ROOT",
    }
)


@dataclass(frozen=True)
class ErpChoice:
    """The ERP that is chosen, empty for none, and its variables."""

    kind: str = ""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def address(self) -> str:
        """Return where it is, for people to read."""
        return self.variables.get(ADDRESSES[self.kind], "") if self.kind else ""

    @property
    def is_configured(self) -> bool:
        """Say whether an ERP is named at all."""
        return bool(self.kind)


def read_erp(environ: Mapping[str, str]) -> ErpChoice:
    """Read which ERP is chosen; a Tryton counts once its address is known.

    Raises InvalidSettingError.
    """
    kind = environ.get("TIEOUT_ERP") or TRYTON
    if kind not in PREFIXES:
        raise InvalidSettingError("TIEOUT_ERP", f"one of {', '.join(PREFIXES)}")
    own = {name: value for name, value in environ.items() if name.startswith(PREFIXES[kind])}
    if kind == TRYTON and not read_tryton(own).url:
        return ErpChoice()
    return ErpChoice(kind, MappingProxyType(own))
