"""Fixtures of the interface tests: one real Tryton for the session, and entries to post to it."""

import itertools
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from billing.ledger.erp import JournalEntry, JournalLine
from resources.erp import tryton_server
from resources.erp.tryton import TrytonLedger
from resources.erp.tryton_accountant import TrytonAccountant
from resources.erp.tryton_server import Books, ErpAccess, ErpDatabase
from resources.erp.tryton_settings import TrytonSettings

CHART = Path(__file__).parents[2] / "dbt_project" / "seeds" / "chart_of_accounts.csv"
COMPANIES = {"NLH": "Northlake Hospital, Inc.", "NPG": "Northlake Physician Group, LLC"}
BOOKS = Books(COMPANIES, CHART, first_year=2025, last_year=2026)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Tryton:
    """A running Tryton with two companies."""

    home: Path
    database: ErpDatabase
    access: ErpAccess
    url: str

    def settings(self, url: str | None = None) -> TrytonSettings:
        """Return the settings of the pipeline, at another address if given."""
        return TrytonSettings(url or self.url, self.access.poster_keys, self.access.companies)

    def ledger(self, url: str | None = None, answer_seconds: float = 60.0) -> TrytonLedger:
        """Return a fresh client."""
        return TrytonLedger(self.settings(url), answer_seconds)

    def accountant(self, entity: str) -> TrytonAccountant:
        """Return the person who closes periods."""
        return TrytonAccountant(self.url, self.access.accountant_keys[entity])

    def count(self, query: str, *values: object) -> int:
        """Return a number straight from Tryton's tables."""
        with self.database.connect() as connection:
            row = connection.execute(query, values).fetchone()
        assert row is not None
        return int(row[0])

    def moves(self, key: str) -> int:
        """Count the documents with a key, in whatever company and state."""
        return self.count("select count(*) from account_move where external_reference = %s", key)


@pytest.fixture(scope="session")
def books() -> Books:
    """What Tryton is given before the first posting."""
    return BOOKS


@pytest.fixture(scope="session")
def tryton_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Tryton is installed; TIEOUT_TEST_TRYTON keeps it between sessions."""
    kept = os.environ.get("TIEOUT_TEST_TRYTON")
    return Path(kept) if kept else tmp_path_factory.mktemp("state folder")


@pytest.fixture(scope="session")
def erp_database(server) -> ErpDatabase:
    """The place of Tryton's database in the session's PostgreSQL."""
    settings = server.settings("erp_test")
    return ErpDatabase(
        host=settings.host,
        port=settings.port,
        name="erp_test",
        owner=settings.login("erp"),
        owner_password=settings.passwords["erp"],
        admin=settings.admin_user,
        admin_password=settings.passwords["admin"],
    )


@pytest.fixture(scope="session")
def tryton(tryton_home: Path, erp_database: ErpDatabase) -> Iterator[Tryton]:
    """Tryton with the chart, two fiscal years and one user of each duty per company."""
    access = tryton_server.ensure_database(tryton_home, erp_database, BOOKS)
    url = tryton_server.start(tryton_home, erp_database)
    try:
        yield Tryton(tryton_home, erp_database, access, url)
    finally:
        tryton_server.stop(tryton_home)


@pytest.fixture
def make_entry() -> Callable[..., JournalEntry]:
    """Make a balanced entry with a key that nobody used yet."""

    def make(
        entity: str = "NLH",
        *,
        key: str | None = None,
        day: date = date(2026, 5, 9),
        amount: str = "80.25",
        accounts: tuple[str, str] = ("1110", "4010"),
    ) -> JournalEntry:
        debit, credit = accounts
        value, nothing = Decimal(amount), Decimal(0)
        return JournalEntry(
            entity=entity,
            key=key or f"test-{secrets.token_hex(8)}",
            entry_no=next(_numbers),
            accounting_date=day,
            description="Tieout entry of a test",
            lines=(
                JournalLine(1, debit, value, nothing, "JR01 2026-04 MAIN commercial"),
                JournalLine(2, credit, nothing, value, "JR01 2026-04 MAIN commercial"),
                JournalLine(3, debit, value, nothing, "JR01 2026-05 EAST medicare"),
                JournalLine(4, credit, nothing, value, "JR01 2026-05 EAST medicare"),
            ),
        )

    return make
