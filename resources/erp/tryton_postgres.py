"""The PostgreSQL server of Tryton's databases: its address and logins; create, copy and drop one.

What a database holds is in `tryton_template.py` and `tryton_database.py`.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql


@dataclass(frozen=True)
class ErpDatabase:
    """Where Tryton's database is; `owner` is Tryton's login, `admin` creates databases."""

    host: str
    port: int
    name: str
    owner: str
    owner_password: str = field(repr=False)
    admin: str
    admin_password: str = field(repr=False)
    query: str = field(default="", repr=False)  # `?sslmode=...`, or nothing

    @property
    def server_uri(self) -> str:
        """Return the URI of the server for Tryton, as the owner and without a database."""
        return self._uri(self.owner, self.owner_password, "")

    @property
    def environment(self) -> dict[str, str]:
        """Return the variable by which Tryton finds its database server."""
        return {"TRYTOND_DATABASE_URI": self.server_uri}

    @property
    def client_environment(self) -> dict[str, str]:
        """Return the variables by which PostgreSQL's own programs log in as the owner."""
        return {"PGUSER": self.owner, "PGPASSWORD": self.owner_password}

    def address(self, name: str) -> str:
        """Return a database's URI without a login, fit for a command line that others can read."""
        return f"postgresql://{self.host}:{self.port}/{quote(name, safe='')}{self.query}"

    def connect(self, name: str | None = None) -> psycopg.Connection[Any]:
        """Open an autocommitting connection as the owner."""
        uri = self._uri(self.owner, self.owner_password, name or self.name)
        return psycopg.connect(uri, autocommit=True)

    def connect_admin(self) -> psycopg.Connection[Any]:
        """Open an autocommitting connection that may create and drop databases."""
        uri = self._uri(self.admin, self.admin_password, "postgres")
        return psycopg.connect(uri, autocommit=True)

    def _uri(self, login: str, password: str, name: str) -> str:
        who = f"{quote(login, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{who}@{self.host}:{self.port}/{quote(name, safe='')}{self.query}"


def exists(admin: psycopg.Connection[Any], name: str) -> bool:
    """Tell whether a database is there."""
    query = "select 1 from pg_database where datname = %s"
    return admin.execute(query, (name,)).fetchone() is not None


def drop(admin: psycopg.Connection[Any], name: str) -> None:
    """Drop a database if it is there, and cut its connections."""
    gone = sql.SQL("drop database if exists {} with (force)")
    admin.execute(gone.format(sql.Identifier(name)))


def create(admin: psycopg.Connection[Any], name: str, owner: str) -> None:
    """Create an empty database."""
    empty = sql.SQL("create database {} owner {} template template0 encoding 'UTF8'")
    admin.execute(empty.format(sql.Identifier(name), sql.Identifier(owner)))
    _close(admin, name)


def clone(admin: psycopg.Connection[Any], template: str, database: ErpDatabase) -> None:
    """Create a database as a copy of a template that nothing is connected to."""
    copy = sql.SQL("create database {} owner {} template {}")
    names = (database.name, database.owner, template)
    admin.execute(copy.format(*(sql.Identifier(name) for name in names)))
    _close(admin, database.name)


def _close(admin: psycopg.Connection[Any], name: str) -> None:
    """Let nobody but the owner enter: by default every login of the server may."""
    admin.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))
