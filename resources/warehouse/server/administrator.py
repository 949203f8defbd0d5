"""Sessions of the administrator, and the lock that keeps two of them from setting up at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from resources.warehouse.database import ScrubbedConnection

LOCK = 7_103_001


@contextmanager
def as_administrator(conninfo: str) -> Iterator[psycopg.Connection[Any]]:
    """Open a session that commits each statement by itself; its errors carry no value."""
    with ScrubbedConnection.connect(conninfo, autocommit=True) as connection:
        yield connection


@contextmanager
def as_owner(conninfo: str, prefix: str) -> Iterator[psycopg.Connection[Any]]:
    """Open a session of the administrator with the rights of the owner; it commits at the end.

    The session's login stays the administrator's, which the audit records.
    """
    with ScrubbedConnection.connect(conninfo) as connection:
        owner = sql.Identifier(f"{prefix}_owner")
        connection.execute(sql.SQL("set role {}").format(owner))
        yield connection


@contextmanager
def as_only_administrator(conninfo: str) -> Iterator[psycopg.Connection[Any]]:
    """Open one transaction that no other process that sets up shares a moment with.

    Rights stand in rows that PostgreSQL lets one transaction change at a time, or fails with
    "tuple concurrently updated"; who changes them enters here. The lock holds within the database
    of `conninfo`: rights of roles and databases are changed from the administrator's own one.
    """
    with as_administrator(conninfo) as connection, connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        yield connection
