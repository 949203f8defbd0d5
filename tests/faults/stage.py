"""What a fault run begins with, approved batches in a database, and what is counted at its end."""

import hashlib
import itertools
import json
import random
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from billing.governance.roles import read_roles
from resources.settings import ROLES, DatabaseSettings
from resources.warehouse import verification
from resources.warehouse.database import connect
from resources.warehouse.embedded import EmbeddedPostgres
from resources.warehouse.governance_load import load_governance
from resources.warehouse.server.migrate import grant_entry, migrate
from resources.warehouse.server.roles import ensure_roles
from tests.conftest import ANY_SENDER
from tests.fixtures.books import Books, Event, open_books

GOVERNANCE = Path(__file__).parents[2] / "governance"
ROLE_POLICY = read_roles((GOVERNANCE / "roles.yaml").read_text())
PREFIX = "tieout_faults"
TEMPLATE = "faults_template"
LAST_DAY = date(2026, 10, 31)
_numbers = itertools.count(1)
ENTITIES = {"NLH": "MAIN", "NPG": "CLIN"}
EVENTS = ("charge.posted", "remit.paid", "remit.cas.contractual", "remit.cas.patient_resp")


@dataclass(frozen=True)
class Verdict:
    """Counts of batches; `over_posted` in US dollars is what stands in the ERP too often."""

    duplicates: int
    missing: int
    over_posted: Decimal
    checksums: tuple[str, str]  # of the ledger, of the ERP's documents
    problems: list[str]


@dataclass
class Stage:
    """The database of one run."""

    postgres: EmbeddedPostgres
    settings: DatabaseSettings
    batches: int
    first: date
    books: Books
    _own: list[psycopg.Connection[Any]] = field(default_factory=list)

    def counts(self) -> tuple[int, int]:
        """Return how many batches are posted, and how many are not; over a fresh connection."""
        query = "select count(*) filter (where state = 'posted'), count(*) from ledger.entry"
        with connect(self.settings, "auditor") as connection:
            row = connection.execute(query).fetchone()
        assert row is not None
        return row[0], row[1] - row[0]

    def erp_plan(self) -> dict[str, Any]:
        """Return the companies that the ERP has."""
        accounts = sorted({"1010", "1050", "1110", "1120", "4010", "4510"})
        return {"companies": dict.fromkeys(ENTITIES, accounts), "first": str(self.first)}

    def database_plan(self) -> dict[str, Any]:
        """Return the settings of the posters' database."""
        facts = asdict(self.settings)
        return {**facts, "passwords": dict(facts["passwords"])}


class _Opener:
    """What `Books` asks of a database: a connection for each role."""

    def __init__(self, settings: DatabaseSettings, opened: list[psycopg.Connection[Any]]) -> None:
        self.settings, self._opened = settings, opened

    def connect(self, role: str, *, autocommit: bool = True) -> psycopg.Connection[Any]:
        made = connect(self.settings, role, autocommit=autocommit)
        self._opened.append(made)
        return made

    def admin(self) -> psycopg.Connection[Any]:
        made = psycopg.connect(self.settings.url("admin"), autocommit=True)
        self._opened.append(made)
        return made


@dataclass(frozen=True)
class Ground:
    """A PostgreSQL with a migrated database, which the database of each run is copied from."""

    postgres: EmbeddedPostgres
    passwords: dict[str, str]

    def settings(self, name: str) -> DatabaseSettings:
        """Return the settings of one of its databases."""
        port, admin = self.postgres.port, self.postgres.admin_user
        return DatabaseSettings("127.0.0.1", port, name, PREFIX, self.passwords, admin_user=admin)


@contextmanager
def prepared(folder: Path) -> Iterator[Ground]:
    """Make a PostgreSQL for one run or several; it is gone afterwards."""
    passwords = {role: secrets.token_hex(8) for role in (*ROLES, "admin")}
    postgres = EmbeddedPostgres(
        folder, admin_password=passwords["admin"],
        settings={"shared_buffers": "128MB", "max_connections": "60", "restart_after_crash": "on"},
    )  # fmt: skip
    postgres.start()
    try:
        ground = Ground(postgres, passwords)
        ensure_roles(postgres.url(), PREFIX, passwords, ROLE_POLICY)
        migrate(postgres.url(), ground.settings(TEMPLATE), ROLE_POLICY)
        with psycopg.connect(postgres.url(TEMPLATE)) as admin:
            load_governance(admin, GOVERNANCE)
            admin.execute(ANY_SENDER)
        yield ground
    finally:
        postgres.start()
        postgres.destroy()


@contextmanager
def staged(ground: Ground, seed: int, batches: int) -> Iterator[Stage]:
    """Make a database with so many approved batches."""
    settings = ground.settings(f"faults_{next(_numbers)}")
    with psycopg.connect(ground.postgres.url(), autocommit=True) as admin:
        admin.execute(f"create database {settings.name} template {TEMPLATE} owner {PREFIX}_owner")
    grant_entry(ground.postgres.url(), settings)
    opened: list[psycopg.Connection[Any]] = []
    first = LAST_DAY - timedelta(days=batches // len(ENTITIES) + 1)
    books = open_books(_Opener(settings, opened), first, LAST_DAY)
    _approve(books, seed, batches)
    for connection in opened:
        connection.close()
    yield Stage(ground.postgres, settings, batches, first.replace(day=1), books)


def _approve(books: Books, seed: int, batches: int) -> None:
    chance = random.Random(seed)
    events = []
    for number in range(batches):
        entity = list(ENTITIES)[number % len(ENTITIES)]
        day = LAST_DAY - timedelta(days=number // len(ENTITIES))
        for part in range(chance.randint(1, 3)):
            amount = f"{chance.randint(1, 9_999_999) / 100:.2f}"
            events.append(
                Event(f"{number}-{part}", chance.choice(EVENTS), amount, day, entity,
                      ENTITIES[entity])
            )  # fmt: skip
    books.demand(events)
    books.propose()
    approved = books.approve()
    if approved != batches:
        raise RuntimeError(f"{approved} of {batches} batches were approved")


def judge(stage: Stage, every: dict[str, list[dict[str, Any]]]) -> Verdict:
    """Count what the ERP has against what the ledger says."""
    posted = [
        (company, document)
        for company, documents in every.items()
        for document in documents
        if document["is_posted"]
    ]
    times = Counter((company, document["key"]) for company, document in posted)
    debits = {
        (company, document["key"]): sum(Decimal(line["debit"]) for line in document["lines"])
        for company, document in posted
    }
    with connect(stage.settings, "auditor") as connection:
        keys = connection.execute("select entity_code, erp_key, state from ledger.entry").fetchall()
        problems = verification.problems(connection)
        checksums = (_ledger_checksum(connection), _erp_checksum(posted))
    missing = [k for *k, state in keys if state != "posted" or times[tuple(k)] == 0]
    return Verdict(
        duplicates=sum(count - 1 for count in times.values()),
        missing=len(missing),
        over_posted=sum((debits[key] * (count - 1) for key, count in times.items()), Decimal(0)),
        checksums=checksums,
        problems=problems,
    )


def _ledger_checksum(connection: psycopg.Connection[Any]) -> str:
    """Hash what is posted; numbers and keys differ between two installations, these do not."""
    rows = connection.execute(
        "select entity_code, accounting_date, approval_class, generation, part, entry.state,"
        " line.line_no,"
        " rule, line.account, line.debit_amount, line.credit_amount, document.account,"
        " document.debit_amount,"
        " document.credit_amount, doc.matches"
        " from ledger.entry join ledger.entry_line as line using (entry_id)"
        " left join ledger.erp_document as doc using (entry_id)"
        " left join ledger.erp_document_line as document"
        "     on document.entry_id = entry.entry_id and document.line_no = line.line_no"
        " order by entity_code, accounting_date, approval_class, generation, part, line.line_no"
    ).fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _erp_checksum(posted: list[tuple[str, dict[str, Any]]]) -> str:
    rows = sorted(
        (company, document["date"], json.dumps(document["lines"])) for company, document in posted
    )
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
