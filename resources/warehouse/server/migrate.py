"""From an empty server to a database of today's version, in one transaction each.

`migrate` makes the database, applies the files of `schema/`, and sets rights by `roles.yaml`.
Roles come before (`roles.py`). Commands that only read ask `refuse_other_version`.
"""

from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from billing.governance.roles import RolePolicy
from resources.settings import DatabaseSettings
from resources.warehouse.server.administrator import (
    as_administrator,
    as_only_administrator,
)
from resources.warehouse.server.apply_schema import (
    applied_objects,
    applied_version,
    apply_schema,
)
from resources.warehouse.server.close_public import close_database, close_functions
from resources.warehouse.server.errors import MigrationError
from resources.warehouse.server.grants import apply_grants, apply_zone_grants
from resources.warehouse.server.roles import OWNER, check_prefix, grant_role
from resources.warehouse.server.schema_files import SchemaFiles, read_schema

Connection = psycopg.Connection[Any]
ENTRANTS = (
    "ingest", "transform", "preparer", "approver", "poster", "bi_reader", "auditor", "biller",
)  # fmt: skip
LOCKERS = (OWNER, "ingest", "transform", "poster")  # one run of a job at a time
_BEFORE = (
    "the database {} was made by a Tieout from before release 0.1.0, which this one does not read: "
    "give this installation another database, or a new state folder"
)


def ensure_database(admin_url: str, name: str, owner: str) -> bool:
    """Make a database that `owner` owns unless it exists; return whether it was made.

    It is closed to PUBLIC each time: who made it may have died before. Raises MigrationError when
    it belongs to another role, say that of another installation.
    """
    with as_administrator(admin_url) as connection:
        query = "select pg_get_userbyid(datdba) from pg_database where datname = %s"
        found = connection.execute(query, [name]).fetchone()
    if found:
        _check_owner(name, found[0], owner)
    is_made = not found and _make_database(admin_url, name, owner)
    _close(admin_url, name, owner)
    return is_made


def _make_database(admin_url: str, name: str, owner: str) -> bool:
    """Make a database; return False when another process made it at the same moment."""
    with as_only_administrator(admin_url) as connection:
        grant_role(connection, owner, connection.info.user)
    made = sql.SQL("create database {} owner {} encoding 'UTF8' template template0")
    try:
        with as_administrator(admin_url) as connection:
            connection.execute(made.format(sql.Identifier(name), sql.Identifier(owner)))
    except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        return False
    return True


def _close(admin_url: str, name: str, owner: str) -> None:
    """Close a database to PUBLIC; its owner keeps advisory locks."""
    with as_only_administrator(admin_url) as connection:
        close_database(connection, name)
    with as_only_administrator(make_conninfo(admin_url, dbname=name)) as connection:
        close_functions(connection, [owner])


def migrate(
    admin_url: str, settings: DatabaseSettings, policy: RolePolicy, *, is_forced: bool = False
) -> None:
    """Bring the database of `settings` to today's version: from nothing, or not at all.

    The roles must exist (`ensure_roles`); the database is made when it does not. `is_forced`
    applies every definition again. Raises MigrationError for a database that a newer distribution
    made.
    """
    prefix = settings.role_prefix
    check_prefix(prefix)
    ensure_database(admin_url, settings.name, f"{prefix}_{OWNER}")
    grant_entry(admin_url, settings)
    files = read_schema()
    url = make_conninfo(admin_url, dbname=settings.name)
    with as_only_administrator(url) as connection:
        _refuse_unknown(connection, settings.name, files)
        close_functions(connection, [f"{prefix}_{role}" for role in LOCKERS])
        _make_zones(connection, policy, prefix)
        _act_as(connection, f"{prefix}_{OWNER}")
        apply_schema(connection, files, prefix, is_forced=is_forced)
        apply_grants(connection, policy, prefix)
        _act_as(connection, f"{prefix}_transform")
        apply_zone_grants(connection, policy, prefix)


def grant_entry(admin_url: str, settings: DatabaseSettings) -> None:
    """Let the pipeline's roles, and nobody else, enter the database of `settings`."""
    database = sql.Identifier(settings.name)
    entrants = [sql.Identifier(f"{settings.role_prefix}_{role}") for role in ENTRANTS]
    transform = sql.Identifier(f"{settings.role_prefix}_transform")
    with as_only_administrator(admin_url) as connection:
        connection.execute(sql.SQL("revoke all on database {} from public").format(database))
        grant = sql.SQL("grant connect on database {} to {}")
        connection.execute(grant.format(database, sql.SQL(", ").join(entrants)))
        # dbt keeps half-made tables and unit tests in temporary tables.
        grant = sql.SQL("grant temporary on database {} to {}")
        connection.execute(grant.format(database, transform))


def newest_version() -> str:
    """Return the version that the files of this distribution lead to."""
    return read_schema().newest_version


def current_version(connection: Connection) -> str | None:
    """Return the version of a database, None when it was never set up."""
    return applied_version(connection)


def refuse_other_version(admin_url: str, settings: DatabaseSettings) -> None:
    """Raise MigrationError, in words for a person, unless a database is of just this version.

    Commands that only read or sign ask first: they change no schema. Raises
    psycopg.OperationalError where the database is not there.
    """
    files = read_schema()
    with as_administrator(make_conninfo(admin_url, dbname=settings.name)) as connection:
        _refuse_unknown(connection, settings.name, files)
        found, applied = applied_version(connection), applied_objects(connection)
    if found is None:
        raise MigrationError(f"the database {settings.name} is not set up yet: run `tieout run`")
    differs = any(applied.get(one.name) != one.sha256 for one in files.definitions)
    if found < files.newest_version or differs:
        raise MigrationError(
            f"the database is at version {found} with other definitions than this version "
            f"({files.newest_version}): run `tieout run` (or `make run`), which brings it to this "
            "version and keeps what is in it"
        )


def _refuse_unknown(connection: Connection, name: str, files: SchemaFiles) -> None:
    """Refuse a database of a newer version, and one from before the files of `schema/`."""
    found = applied_version(connection)
    if found is None:
        query = "select to_regclass('public.alembic_version') is not null"
        if connection.execute(query).fetchone() == (True,):
            raise MigrationError(_BEFORE.format(name))
    elif found > files.newest_version:
        raise MigrationError(
            f"the database is at version {found}, this one knows {files.newest_version} only: a "
            "newer version of Tieout made it; use that one, or a newer one still"
        )


def _make_zones(connection: Connection, policy: RolePolicy, prefix: str) -> None:
    """The zones that dbt builds belong to the role that runs it; PUBLIC may use no schema."""
    transform, owner = sql.Identifier(f"{prefix}_transform"), sql.Identifier(f"{prefix}_{OWNER}")
    for zone in policy.built_zones:
        made = sql.SQL("create schema if not exists {} authorization {}")
        connection.execute(made.format(sql.Identifier(zone), transform))
    connection.execute(sql.SQL("set local role {}").format(owner))
    connection.execute("revoke all on schema public from public")
    words = "alter default privileges for role {} revoke execute on functions from public"
    connection.execute(sql.SQL(words).format(owner))


def _act_as(connection: Connection, role: str) -> None:
    connection.execute("reset role")
    connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))


def _check_owner(name: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise MigrationError(
            f"the database {name} belongs to {found}, not to this installation ({wanted}): "
            "give this one names of its own (TIEOUT_DB_NAME, TIEOUT_DAGSTER_DB_NAME, "
            "TIEOUT_ERP_DB_NAME), or bring back the state folder that made it"
        )
