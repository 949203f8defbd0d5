"""Roles, databases and schema versions. The only module that acts as the administrator.

Each version runs one SQL file of `migrations/sql`, in which `:prefix` stands for the prefix of
this installation's role names (roles belong to the whole server, not to one database).
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from resources.settings import ROLES, DatabaseSettings
from resources.warehouse.database import ScrubbedConnection

MIGRATIONS = Path(__file__).parent / "migrations"
OWNER = "owner"  # owns raw, ops and ledger; nobody can log in as it
ENTRANTS = (
    "ingest", "transform", "preparer", "approver", "poster", "bi_reader", "auditor", "biller",
)  # fmt: skip
# One who is no superuser makes things in the name of those that he is a member of.
OWNING = (OWNER, "transform", "erp", "dagster")
APPROVERS = ("policy", "controller", "manager")  # logins of their own, members of the approvers
LOCK = 7_103_001


class MigrationError(Exception):
    """A role prefix or a database cannot be used; the text names it."""


def ensure_roles(admin_url: str, prefix: str, passwords: Mapping[str, str]) -> None:
    """Make the installation's roles or mend them; a role without a password cannot log in."""
    _check_prefix(prefix)
    with _as_admin(admin_url) as connection, connection.transaction():
        _lock(connection)
        for role in (OWNER, *ROLES):
            _ensure_role(connection, f"{prefix}_{role}", passwords.get(role))
        for member in APPROVERS:
            _grant_role(connection, f"{prefix}_approver", f"{prefix}_{member}")
        administrator = connection.info.user
        for owning in OWNING:
            _grant_role(connection, f"{prefix}_{owning}", administrator)


def ensure_database(admin_url: str, name: str, owner: str) -> bool:
    """Make a database that `owner` owns unless it exists; return whether it was made.

    Raises MigrationError when it belongs to somebody else, say another installation.
    """
    with _as_admin(admin_url) as connection:
        query = "select pg_get_userbyid(datdba) from pg_database where datname = %s"
        if found := connection.execute(query, [name]).fetchone():
            _check_owner(name, found[0], owner)
            return False
        _grant_role(connection, owner, connection.info.user)
        made = sql.SQL("create database {} owner {} encoding 'UTF8' template template0")
        try:
            connection.execute(made.format(sql.Identifier(name), sql.Identifier(owner)))
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            return False  # another process made it at the same moment
        return True


def _check_owner(name: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise MigrationError(
            f"the database {name} belongs to {found}, not to this installation ({wanted}): "
            "give this one names of its own (TIEOUT_DB_NAME, TIEOUT_DAGSTER_DB_NAME, "
            "TIEOUT_ERP_DB_NAME), or bring back the state folder that made it"
        )


def migrate(admin_url: str, settings: DatabaseSettings) -> None:
    """Bring the database of `settings` to the newest version: from nothing, or not at all.

    The roles must exist (`ensure_roles`); the database is made when it does not. Raises
    MigrationError for a database that a newer distribution made.
    """
    prefix = settings.role_prefix
    _check_prefix(prefix)
    ensure_database(admin_url, settings.name, f"{prefix}_{OWNER}")
    grant_entry(admin_url, settings)
    with _as_admin(make_conninfo(admin_url, dbname=settings.name)) as connection:
        found = current_version(connection)
    if found == newest_version():
        return
    if found is not None and found > newest_version():
        raise MigrationError(_too_new(found))
    from resources.warehouse.versions import upgrade  # noqa: PLC0415 (Alembic is slow to import)

    upgrade(make_conninfo(admin_url, dbname=settings.name), prefix)


def grant_entry(admin_url: str, settings: DatabaseSettings) -> None:
    """Let the pipeline's roles, and nobody else, enter the database of `settings`."""
    database = sql.Identifier(settings.name)
    entrants = [sql.Identifier(f"{settings.role_prefix}_{role}") for role in ENTRANTS]
    transform = sql.Identifier(f"{settings.role_prefix}_transform")
    with _as_admin(admin_url) as connection, connection.transaction():
        _lock(connection)
        connection.execute(sql.SQL("revoke all on database {} from public").format(database))
        grant = sql.SQL("grant connect on database {} to {}")
        connection.execute(grant.format(database, sql.SQL(", ").join(entrants)))
        # dbt keeps half-made tables and unit tests in temporary tables.
        grant = sql.SQL("grant temporary on database {} to {}")
        connection.execute(grant.format(database, transform))


def newest_version() -> str:
    """Return the version that the files of this distribution lead to."""
    return max(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))[:4]


def current_version(connection: psycopg.Connection[Any]) -> str | None:
    """Return the version of a database, None when it was never migrated."""
    if connection.execute("select to_regclass('public.alembic_version')").fetchone() == (None,):
        return None
    row = connection.execute("select version_num from public.alembic_version").fetchone()
    return row[0] if row else None


def refuse_other_version(admin_url: str, settings: DatabaseSettings) -> None:
    """Raise MigrationError, in words for a person, unless a database is of just this version.

    Commands that only read or sign ask first: they change no schema. Raises
    psycopg.OperationalError where the database is not there.
    """
    with _as_admin(make_conninfo(admin_url, dbname=settings.name)) as connection:
        found = current_version(connection)
    if found is None:
        raise MigrationError(f"the database {settings.name} is not set up yet: run `tieout run`")
    if found < newest_version():
        raise MigrationError(
            f"the database is at migration {found}, this version needs {newest_version()}: run "
            "`tieout run` (or `make run`), which migrates it and keeps what is in it"
        )
    if found > newest_version():
        raise MigrationError(_too_new(found))


def _too_new(found: str) -> str:
    return (
        f"the database is at migration {found}, this version knows {newest_version()} only: a "
        "newer version of Tieout made it; use that one, or a newer one still"
    )


@contextmanager
def _as_admin(conninfo: str) -> Iterator[psycopg.Connection[Any]]:
    with ScrubbedConnection.connect(conninfo, autocommit=True) as connection:
        yield connection


def _lock(connection: Any) -> None:
    connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])


def _ensure_role(connection: psycopg.Connection[Any], name: str, password: str | None) -> None:
    known = connection.execute(
        "select rolreplication from pg_roles where rolname = %s", [name]
    ).fetchone()
    verb = sql.SQL("alter" if known else "create")
    # Only a superuser may name replication of a role that exists, be it to take it away.
    replication = sql.SQL("" if known == (False,) else "noreplication")
    options = sql.SQL("login password {}" if password else "nologin {}").format(
        sql.Literal(_verifier(connection, name, password)) if password else sql.SQL("")
    )
    connection.execute(
        sql.SQL("{} role {} with nocreatedb nocreaterole {} inherit {}").format(
            verb, sql.Identifier(name), replication, options
        )
    )


def _verifier(connection: psycopg.Connection[Any], name: str, password: str) -> str:
    """Return the SCRAM verifier, so that no password travels in a statement."""
    encrypted = connection.pgconn.encrypt_password(
        password.encode(), name.encode(), b"scram-sha-256"
    )
    return encrypted.decode()


def _grant_role(connection: psycopg.Connection[Any], role: str, member: str) -> None:
    if role == member:
        return
    connection.execute(
        sql.SQL("grant {} to {}").format(sql.Identifier(role), sql.Identifier(member))
    )


def _check_prefix(prefix: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", prefix):
        raise MigrationError("a role prefix is a letter and up to 31 of a-z, 0-9 and _")
