"""Brings one database to what the files of `schema/` say, inside the caller's transaction.

Table changes that are pending run first. Views and triggers hold no data: when any definition
differs from the one applied last, all of them are dropped, and made again after the functions.
Grants follow from `roles.yaml` and stand in `grants.py`.
"""

from typing import Any

import psycopg

from resources.warehouse.server.errors import MigrationError
from resources.warehouse.server.schema_files import SCHEMAS, SchemaFile, SchemaFiles, version_of

Connection = psycopg.Connection[Any]
_TRIGGERS = """
select 'drop trigger ' || quote_ident(t.tgname) || ' on ' || t.tgrelid::regclass
from pg_trigger as t join pg_class as c on c.oid = t.tgrelid
where not t.tgisinternal and c.relnamespace::regnamespace::text = any(%s)
"""
_VIEWS = """
select 'drop view if exists ' || oid::regclass || ' cascade' from pg_class
where relkind = 'v' and relnamespace::regnamespace::text = any(%s)
"""
_FUNCTIONS = """
select oid::regprocedure::text, pronamespace::regnamespace::text || '.' || proname
from pg_proc where pronamespace::regnamespace::text = any(%s)
"""


def apply_schema(
    connection: Connection, files: SchemaFiles, prefix: str, *, is_forced: bool = False
) -> bool:
    """Apply what is pending, as the owner; return whether anything was.

    `is_forced` applies every definition, whatever was applied before: one was changed past the
    files.
    Raises MigrationError for a table change that was edited after it was applied, and the
    database's own error for SQL that fails.
    """
    from resources.warehouse.server.raw_tables import x12_tables  # noqa: PLC0415 (loads pyarrow)

    pending, raw = _pending_changes(connection, files), x12_tables()
    wanted = {one.name: one for one in (raw, *files.definitions)}
    applied = {} if is_forced else applied_objects(connection)
    if not pending and applied == {name: one.sha256 for name, one in wanted.items()}:
        return False
    connection.execute("set local check_function_bodies = off")
    _drop_views_and_triggers(connection)
    for change in pending:
        connection.execute(change.statements(prefix).encode())
        _record_change(connection, change)
    if applied.get(raw.name) != raw.sha256:
        connection.execute(raw.text.encode())
    _replace_functions(connection, files, applied, prefix)
    for one in (*files.views, *files.triggers):
        connection.execute(one.statements(prefix).encode())
    _record_objects(connection, wanted)
    return True


def applied_changes(connection: Connection) -> dict[str, str]:
    """Return each table change that a database holds, with the hash of its text; none if new."""
    if connection.execute("select to_regclass('ops.schema_change')").fetchone() == (None,):
        return {}
    return dict(connection.execute("select name, sha256 from ops.schema_change").fetchall())


def applied_objects(connection: Connection) -> dict[str, str]:
    """Return each definition that a database holds, with the hash of its text; none if new."""
    if connection.execute("select to_regclass('ops.schema_object')").fetchone() == (None,):
        return {}
    return dict(connection.execute("select name, sha256 from ops.schema_object").fetchall())


def applied_version(connection: Connection) -> str | None:
    """Return the number of the newest table change of a database, None when it has none."""
    return version_of(applied_changes(connection))


def _pending_changes(connection: Connection, files: SchemaFiles) -> list[SchemaFile]:
    applied = applied_changes(connection)
    for change in files.table_changes:
        if applied.get(change.name, change.sha256) != change.sha256:
            raise MigrationError(
                f"schema/tables/{change.name}.sql is not the text that this database was made "
                "with: what was applied is history; write a new file with the next number"
            )
    return [change for change in files.table_changes if change.name not in applied]


def _drop_views_and_triggers(connection: Connection) -> None:
    for query in (_TRIGGERS, _VIEWS):
        for (statement,) in connection.execute(query.encode(), [list(SCHEMAS)]).fetchall():
            connection.execute(statement)


def _replace_functions(
    connection: Connection, files: SchemaFiles, applied: dict[str, str], prefix: str
) -> None:
    """Drop functions that changed or are in no file, so that no second signature stays."""
    changed = {one.name for one in files.functions if applied.get(one.name) != one.sha256}
    kept = {one.name for one in files.functions} - changed
    for signature, name in connection.execute(_FUNCTIONS, [list(SCHEMAS)]).fetchall():
        if name not in kept:
            connection.execute(f"drop function {signature}".encode())
    for one in files.functions:
        if one.name in changed:
            connection.execute(one.statements(prefix).encode())


def _record_change(connection: Connection, change: SchemaFile) -> None:
    connection.execute(
        "insert into ops.schema_change (name, sha256, applied_at) values (%s, %s, now())",
        [change.name, change.sha256],
    )


def _record_objects(connection: Connection, wanted: dict[str, SchemaFile]) -> None:
    connection.execute("delete from ops.schema_object where name <> all(%s)", [list(wanted)])
    for one in wanted.values():
        connection.execute(
            "insert into ops.schema_object (name, sha256, applied_at) values (%s, %s, now())"
            " on conflict (name) do update set sha256 = excluded.sha256, applied_at = now()"
            " where schema_object.sha256 <> excluded.sha256",
            [one.name, one.sha256],
        )
