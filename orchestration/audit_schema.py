"""`tieout audit schema`: the live database against the files of `resources/warehouse/schema/`.

The expected side comes from the files, in an empty database that is made for it and dropped; the
database that is audited is only read.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from billing.governance.roles import RolePolicy, read_roles
from orchestration.tables import table
from resources.settings import DatabaseSettings
from resources.warehouse.server.administrator import as_administrator
from resources.warehouse.server.catalog import differences, facts, facts_of_files
from resources.warehouse.server.migrate import migrate

GOVERNANCE = Path(__file__).parents[1] / "governance"
HEAD = ("how", "kind", "name")


def gather(settings: DatabaseSettings, policy: RolePolicy | None = None) -> dict[str, Any]:
    """Return how many facts were compared, and those that differ. Reads as the administrator."""
    known = policy or read_roles((GOVERNANCE / "roles.yaml").read_text())
    files = facts_of_files(settings.url("admin", "postgres"), settings, known)
    with as_administrator(settings.url("admin")) as connection:
        live = facts(connection, settings, known)
    found = differences(live, files)
    return {"compared": len(files), "differences": [asdict(one) for one in found]}


def mend(settings: DatabaseSettings) -> None:
    """Apply every definition and right of the files again; tables keep their columns."""
    known = read_roles((GOVERNANCE / "roles.yaml").read_text())
    migrate(settings.url("admin", "postgres"), settings, known, is_forced=True)


def render(found: dict[str, Any]) -> list[str]:
    """The same content as text."""
    if not found["differences"]:
        return [f"{found['compared']:,} objects and rights: as the files of this version have them"]
    rows = [tuple(one[name] for name in HEAD) for one in found["differences"]]
    return [*table(HEAD, rows), "", "The files are applied again by `tieout audit schema --mend`."]
