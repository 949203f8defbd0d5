"""Databases of Tryton: cloned from a prepared template, then given companies, chart, years, users.

Each step can be killed and run again. The pipeline never uses the administrator of Tryton.
"""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from resources.erp.tryton_environment import (
    SCRIPTS,
    Workshop,
    ensure_environment,
    fingerprint,
    workshop,
)
from resources.erp.tryton_postgres import ErpDatabase, clone, drop, exists
from resources.erp.tryton_template import ensure_template, initialise, note_version

__all__ = [
    "Books",
    "ErpAccess",
    "ErpDatabase",
    "ensure_database",
    "ensure_years",
    "read_access",
    "read_chart",
]

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
        template = ensure_template(shop, database)
        with database.connect_admin() as admin:
            drop(admin, database.name)
            clone(admin, template, database)
    elif state != fingerprint():
        initialise(shop, database, database.name)
        note_version(database, database.name)


def _state_of(database: ErpDatabase) -> str:
    """Return `absent`, `empty`, or the fingerprint of the modules in it."""
    with database.connect_admin() as admin:
        if not exists(admin, database.name):
            return "absent"
    with database.connect() as connection:
        query = "select to_regclass('tieout_version'), count(*) from pg_class where relkind = 'r'"
        query += " and relnamespace = 'public'::regnamespace"
        version_table, tables = connection.execute(query).fetchone() or (None, 0)
        if version_table is None:
            return "unfinished" if tables else "empty"
        row = connection.execute("select fingerprint from tieout_version").fetchone()
        return row[0] if row else "unfinished"


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
