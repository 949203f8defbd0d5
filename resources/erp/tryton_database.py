"""Databases of Tryton: cloned from a prepared template, then given companies, chart, years, users.

Each step can be killed and run again. The pipeline never uses the administrator of Tryton.
"""

import csv
import json
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from resources.erp.tryton_environment import (
    MODULE,
    SCRIPTS,
    Workshop,
    ensure_environment,
    fingerprint,
    workshop,
)

RECEIVABLE = ("1110", "1120", "1125")
PAYABLE = ("2010",)
ACCESS_SQL = """
select party.code, company.id, split_part(tryton_user.login, '_', 2) as duty, application.key
from company_company as company
inner join party_party as party on company.party = party.id
inner join res_user as tryton_user on tryton_user.company = company.id
inner join res_user_application as application on application."user" = tryton_user.id
where application.state = 'validated' and tryton_user.login like 'tieout\\_%'
order by party.code, duty
"""


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


@dataclass(frozen=True)
class Books:
    """What the ERP holds before the first posting.

    `companies` gives a name to each entity's code; `chart` is a CSV with the columns account, name
    and type; both years are included.
    """

    companies: Mapping[str, str]
    chart: Path
    first_year: int
    last_year: int

    def plan(self) -> dict[str, Any]:
        """Return the same as the set-up program reads it."""
        companies = [{"entity": code, "name": name} for code, name in self.companies.items()]
        return {
            "currency": "USD",
            "companies": companies,
            "accounts": read_chart(self.chart),
            "first_year": self.first_year,
            "last_year": self.last_year,
        }


@dataclass(frozen=True)
class ErpAccess:
    """Company ids and REST keys by entity: the poster's and, kept apart, the accountant's."""

    companies: Mapping[str, int]
    poster_keys: Mapping[str, str] = field(repr=False)
    accountant_keys: Mapping[str, str] = field(repr=False)

    def variables(self, url: str) -> dict[str, str]:
        """Return the environment variables by which the pipeline finds the ERP."""
        keys = {f"TIEOUT_ERP_KEY_{entity}": key for entity, key in self.poster_keys.items()}
        ids = {f"TIEOUT_ERP_COMPANY_{entity}": str(id_) for entity, id_ in self.companies.items()}
        return {"TIEOUT_ERP_URL": url, **keys, **ids}


def ensure_database(home: Path, database: ErpDatabase, books: Books) -> ErpAccess:
    """Have the database with its companies, their chart of accounts and fiscal years.

    What is there stays; what is missing is added. Raises TrytonFailedError, psycopg.Error.
    """
    ensure_environment(home)
    with workshop(home) as shop:
        _ensure_content(shop, database)
        _ensure_plan(shop, database, books.plan())
        return read_access(database)


def ensure_years(home: Path, database: ErpDatabase, first_year: int, last_year: int) -> None:
    """Add fiscal years to a database that is set up, for all of its companies."""
    ensure_environment(home)
    with workshop(home) as shop:
        years = {"first_year": first_year, "last_year": last_year}
        _ensure_plan(shop, database, years)


def read_access(database: ErpDatabase) -> ErpAccess:
    """Read company ids and REST keys from a database that is set up."""
    with database.connect() as connection:
        rows = connection.execute(ACCESS_SQL).fetchall()
    keys = {(duty, entity): key for entity, _, duty, key in rows}
    companies = {entity: company for entity, company, _, _ in rows}
    return ErpAccess(
        companies=companies,
        poster_keys={entity: keys["poster", entity] for entity in companies},
        accountant_keys={entity: keys["accountant", entity] for entity in companies},
    )


def read_chart(path: Path) -> list[dict[str, str]]:
    """Read the chart of accounts; `kind` names the account type that Tryton gets for it."""
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    return [
        {"code": row["account"], "name": row["name"], "kind": _kind(row["account"], row["type"])}
        for row in rows
    ]


def _kind(account: str, account_type: str) -> str:
    if account in RECEIVABLE:
        return "receivable"
    return "payable" if account in PAYABLE else account_type


def _ensure_content(shop: Workshop, database: ErpDatabase) -> None:
    """Have a database with Tryton's modules in it, of the version that is installed."""
    state = _state_of(database)
    if state in {"absent", "empty"}:
        template = _ensure_template(shop, database)
        with database.connect_admin() as admin:
            _drop(admin, database.name)
            _clone(admin, template, database)
    elif state != fingerprint():
        _initialise(shop, database, database.name)
        _note_version(database, database.name)


def _state_of(database: ErpDatabase) -> str:
    """Return `absent`, `empty`, or the fingerprint of the modules in it."""
    with database.connect_admin() as admin:
        if not _exists(admin, database.name):
            return "absent"
    with database.connect() as connection:
        query = "select to_regclass('tieout_version'), count(*) from pg_class where relkind = 'r'"
        query += " and relnamespace = 'public'::regnamespace"
        version_table, tables = connection.execute(query).fetchone() or (None, 0)
        if version_table is None:
            return "unfinished" if tables else "empty"
        row = connection.execute("select fingerprint from tieout_version").fetchone()
        return row[0] if row else "unfinished"


def _ensure_template(shop: Workshop, database: ErpDatabase) -> str:
    """Return a database with modules and no content. Whole, or under a name that nobody reads."""
    template = f"{database.owner}_template_{fingerprint()[:8]}"
    with database.connect_admin() as admin:
        if _exists(admin, template):
            return template
        building = f"{template}_building"
        _drop(admin, building)
        admin.execute(_create(building, database.owner))
        _initialise(shop, database, building)
        _note_version(database, building)
        rename = sql.SQL("alter database {} rename to {}")
        admin.execute(rename.format(sql.Identifier(building), sql.Identifier(template)))
        stale = "select datname from pg_database where starts_with(datname, %s) and datname <> %s"
        for (name,) in admin.execute(stale, (f"{database.owner}_template_", template)).fetchall():
            _drop(admin, name)
    return template


def _initialise(shop: Workshop, database: ErpDatabase, name: str) -> None:
    """Install or update the modules. Tryton's administrator gets a password that nobody knows."""
    program = str(shop.python.parent / "trytond-admin")
    command = [str(shop.python), program, "-d", name, "-u", "ir", "account", MODULE]
    command += ["--activate-dependencies", "--email", "administrator@tieout.invalid"]
    with tempfile.NamedTemporaryFile("w", prefix="tieout-") as secret:
        secret.write(secrets.token_hex(32))
        secret.flush()
        shop.run(command, {**database.environment, "TRYTONPASSFILE": secret.name})


def _note_version(database: ErpDatabase, name: str) -> None:
    """Say in the database itself which modules it has: the last step of making or updating it."""
    with database.connect(name) as connection, connection.transaction():
        connection.execute("create table if not exists tieout_version (fingerprint text not null)")
        connection.execute("delete from tieout_version")
        connection.execute("insert into tieout_version values (%s)", (fingerprint(),))


def _ensure_plan(shop: Workshop, database: ErpDatabase, wanted: dict[str, Any]) -> None:
    """Run the set-up unless the database says that it has all of this already."""
    known = _known_plan(database)
    plan = {**known, **wanted}
    for name, widest in (("first_year", min), ("last_year", max)):
        plan[name] = widest(wanted[name], known.get(name, wanted[name]))
    if plan == known:
        return
    command = [str(shop.python), str(SCRIPTS / "set_up.py"), database.name]
    shop.run(command, database.environment, json.dumps(plan))


def _known_plan(database: ErpDatabase) -> dict[str, Any]:
    with database.connect() as connection:
        (table,) = connection.execute("select to_regclass('tieout_plan')").fetchone() or (None,)
        row = table and connection.execute("select plan from tieout_plan").fetchone()
    return json.loads(row[0]) if row else {}


def _exists(admin: psycopg.Connection[Any], name: str) -> bool:
    query = "select 1 from pg_database where datname = %s"
    return admin.execute(query, (name,)).fetchone() is not None


def _drop(admin: psycopg.Connection[Any], name: str) -> None:
    drop = sql.SQL("drop database if exists {} with (force)")
    admin.execute(drop.format(sql.Identifier(name)))


def _create(name: str, owner: str) -> sql.Composed:
    create = "create database {} owner {} template template0 encoding 'UTF8'"
    return sql.SQL(create).format(sql.Identifier(name), sql.Identifier(owner))


def _clone(admin: psycopg.Connection[Any], template: str, database: ErpDatabase) -> None:
    clone = sql.SQL("create database {} owner {} template {}")
    names = (database.name, database.owner, template)
    admin.execute(clone.format(*(sql.Identifier(name) for name in names)))
