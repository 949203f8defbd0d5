"""The check of each run that the database is what its files say.

What the files make of an empty database is worked out once per version and kept in the state
folder, outside of the database that is checked.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from billing.governance.roles import RolePolicy
from resources.settings import DatabaseSettings
from resources.warehouse.server.administrator import as_administrator
from resources.warehouse.server.catalog import Fact, differences, facts, facts_of_files
from resources.warehouse.server.errors import MigrationError
from resources.warehouse.server.schema_files import read_schema

NAMED = 5  # differences that one line names
HARMLESS = {"index"}  # an index more changes no result


def refuse_changed_schema(folder: Path, settings: DatabaseSettings, policy: RolePolicy) -> None:
    """Raise MigrationError where the database differs from its files, naming what differs."""
    with as_administrator(settings.url("admin")) as connection:
        (server_version,) = connection.execute("show server_version").fetchone() or ("",)
        live = facts(connection, settings, policy)
    files = _kept(folder / f"{_key(policy, server_version)}.json", settings, policy)
    found = [
        one for one in differences(live, files) if not (one.kind in HARMLESS and one.how == "added")
    ]
    if found:
        named = "; ".join(str(one) for one in found[:NAMED])
        raise MigrationError(
            f"the database differs from the files of this version in {len(found)} places "
            f"({named}): `tieout audit schema` names all, with --mend it applies the files again"
        )


def _key(policy: RolePolicy, server_version: str) -> str:
    """Name what the kept facts follow from: files, roles and the server that words them."""
    from resources.warehouse.server.raw_tables import x12_tables  # noqa: PLC0415 (loads pyarrow)

    files = read_schema()
    every = (*files.table_changes, *files.definitions, x12_tables())
    parts = [[one.name, one.sha256] for one in every]
    text = json.dumps([parts, asdict(policy), server_version], default=sorted, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _kept(path: Path, settings: DatabaseSettings, policy: RolePolicy) -> set[Fact]:
    if path.exists():
        return {Fact(*row) for row in json.loads(path.read_text())}
    found = facts_of_files(settings.url("admin", "postgres"), settings, policy)
    path.parent.mkdir(exist_ok=True)
    for old in path.parent.glob("*.json"):
        old.unlink()
    path.write_text(json.dumps(sorted(found)))
    return found
