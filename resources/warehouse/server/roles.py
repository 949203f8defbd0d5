"""The installation's roles on a server: they belong to the whole server, hence a prefix.

Acts as the administrator. Their rights in a database stand in `grants.py`.
"""

import re
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from billing.governance.roles import RolePolicy
from resources.settings import ROLES
from resources.warehouse.server.administrator import as_only_administrator
from resources.warehouse.server.errors import MigrationError
from resources.warehouse.server.grants import apply_memberships

OWNER = "owner"  # owns raw, ops and ledger; nobody can log in as it
# An administrator who is no superuser makes objects for the roles that it is a member of.
OWNING = (OWNER, "transform", "erp", "dagster")


def ensure_roles(
    admin_url: str, prefix: str, passwords: Mapping[str, str], policy: RolePolicy
) -> None:
    """Make the installation's roles or mend them; a role without a password cannot log in.

    Memberships that the policy does not name are taken away. Raises MigrationError for a prefix
    that is no plain name.
    """
    check_prefix(prefix)
    with as_only_administrator(admin_url) as connection:
        for role in (OWNER, *ROLES):
            _ensure_role(connection, f"{prefix}_{role}", passwords.get(role))
        apply_memberships(connection, policy, prefix)
        for owning in OWNING:
            grant_role(connection, f"{prefix}_{owning}", connection.info.user)


def check_prefix(prefix: str) -> None:
    """Raise MigrationError unless a prefix of role names is a plain name."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", prefix):
        raise MigrationError("a role prefix is a letter and up to 31 of a-z, 0-9 and _")


def grant_role(connection: psycopg.Connection[Any], role: str, member: str) -> None:
    """Make a login a member of a role, unless it is that role."""
    if role != member:
        connection.execute(
            sql.SQL("grant {} to {}").format(sql.Identifier(role), sql.Identifier(member))
        )


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
