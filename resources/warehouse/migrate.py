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
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from resources.settings import ROLES, DatabaseSettings
from resources.warehouse.database import ScrubbedConnection

MIGRATIONS = Path(__file__).parent / "migrations"
OWNER = "owner"  # owns raw, ops and ledger; nobody can log in as it
APPROVERS = ("policy", "controller")  # logins of their own, members of the approvers
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
        _grant_role(connection, f"{prefix}_{OWNER}", administrator)


def ensure_database(admin_url: str, name: str, owner: str) -> bool:
    """Make a database that `owner` owns unless it exists; return whether it was made."""
    with _as_admin(admin_url) as connection:
        query = "select 1 from pg_database where datname = %s"
        if connection.execute(query, [name]).fetchone():
            return False
        _grant_role(connection, owner, connection.info.user)
        made = sql.SQL("create database {} owner {} encoding 'UTF8' template template0")
        try:
            connection.execute(made.format(sql.Identifier(name), sql.Identifier(owner)))
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            return False  # another process made it at the same moment
        return True


def migrate(admin_url: str, settings: DatabaseSettings) -> None:
    """Bring the database of `settings` to the newest version: from nothing, or not at all.

    The roles must exist (`ensure_roles`); the database is made when it does not.
    """
    prefix = settings.role_prefix
    _check_prefix(prefix)
    ensure_database(admin_url, settings.name, f"{prefix}_{OWNER}")
    with _as_admin(make_conninfo(admin_url, dbname=settings.name)) as connection:
        if current_version(connection) == newest_version():
            return
    _upgrade(make_conninfo(admin_url, dbname=settings.name), prefix)


def newest_version() -> str:
    """Return the version that the files of this distribution lead to."""
    return max(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))[:4]


def current_version(connection: psycopg.Connection[Any]) -> str | None:
    """Return the version of a database, None when it was never migrated."""
    if connection.execute("select to_regclass('public.alembic_version')").fetchone() == (None,):
        return None
    row = connection.execute("select version_num from public.alembic_version").fetchone()
    return row[0] if row else None


def apply_sql(name: str) -> None:
    """Run one file of `migrations/sql` in the version under way. Called by the versions only."""
    from alembic import context, op

    prefix = context.config.attributes["prefix"]
    _check_prefix(prefix)
    text = (MIGRATIONS / "sql" / name).read_text().replace(":prefix", prefix)
    driver = op.get_bind().connection.driver_connection
    driver.execute(f"set local role {prefix}_{OWNER}")
    driver.execute("set local check_function_bodies = off")
    driver.execute(text)
    driver.execute("reset role")


def _upgrade(conninfo: str, prefix: str) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: ScrubbedConnection.connect(conninfo),
        hide_parameters=True,
    )
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            _lock(connection.connection.driver_connection)
            config.attributes.update(connection=connection, prefix=prefix)
            command.upgrade(config, "head")
    finally:
        engine.dispose()


@contextmanager
def _as_admin(conninfo: str) -> Iterator[psycopg.Connection[Any]]:
    with ScrubbedConnection.connect(conninfo, autocommit=True) as connection:
        yield connection


def _lock(connection: Any) -> None:
    connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])


def _ensure_role(connection: psycopg.Connection[Any], name: str, password: str | None) -> None:
    known = connection.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone()
    verb = sql.SQL("alter" if known else "create")
    options = sql.SQL("login password {}" if password else "nologin {}").format(
        sql.Literal(_verifier(connection, name, password)) if password else sql.SQL("")
    )
    connection.execute(
        sql.SQL("{} role {} with nocreatedb nocreaterole noreplication inherit {}").format(
            verb, sql.Identifier(name), options
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


def database_of(url: str) -> str:
    """Return the database that a URL names."""
    return str(conninfo_to_dict(url).get("dbname", ""))
