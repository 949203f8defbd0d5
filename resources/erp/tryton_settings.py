"""Where a Tryton is, and who we are there: a user and a company for each legal entity.

Settings only: what they are used for is in `tryton.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from resources.environment import MissingSettingError, by_entity, integer


@dataclass(frozen=True)
class TrytonSettings:
    """The ERP's address; a REST key and a company for each legal entity."""

    url: str = ""
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    companies: Mapping[str, int] = field(default_factory=dict)

    def key(self, entity: str) -> str:
        """Return the REST key of the entity's own user, or raise MissingSettingError."""
        if entity not in self.keys:
            raise MissingSettingError(f"TIEOUT_ERP_KEY_{entity}")
        return self.keys[entity]

    def company(self, entity: str) -> int:
        """Return the entity's company id in the ERP, or raise MissingSettingError."""
        if entity not in self.companies:
            raise MissingSettingError(f"TIEOUT_ERP_COMPANY_{entity}")
        return self.companies[entity]


def read_tryton(environ: Mapping[str, str]) -> TrytonSettings:
    """Read the ERP's address, keys and companies. Raises InvalidSettingError."""
    companies = {
        entity: integer(environ, f"TIEOUT_ERP_COMPANY_{entity}", None)
        for entity in by_entity(environ, "TIEOUT_ERP_COMPANY_")
    }
    return TrytonSettings(
        url=environ.get("TIEOUT_ERP_URL", "").rstrip("/"),
        keys=MappingProxyType(by_entity(environ, "TIEOUT_ERP_KEY_")),
        companies=MappingProxyType(companies),
    )
