"""What asking the gate costs: counted in pages, which grow with the entries that are open."""

from datetime import date, timedelta

import pytest

from tests.fixtures.books import Event

pytestmark = pytest.mark.promise("Asking what may be posted costs in proportion to open entries")
FIRST_DAY = date(2026, 1, 1)
SMALL, BIG = 30, 120
MOST_GROWTH = 2 * BIG / SMALL  # asking every entry about every other one would be four times


def read_pages(books, query):
    """Return how many pages of the database a statement reads, functions included."""
    plan = f"explain (analyze, buffers, timing off, format json) {query}"
    admin = books.database.admin()
    admin.execute(plan.encode())  # the first time also reads the catalog
    (found,) = admin.execute(plan.encode()).fetchone()
    return found[0]["Plan"]["Shared Hit Blocks"] + found[0]["Plan"]["Shared Read Blocks"]


def approve_entries(books, count):
    """Demand one event on each of so many days, and have policy approve the entries."""
    books.demand(
        Event(f"e{number}", "charge.posted", "100.00", FIRST_DAY + timedelta(days=number))
        for number in range(count)
    )
    books.propose()
    books.approve()
    books.database.admin().execute("analyze")


@pytest.fixture
def pages(books):
    """The pages that each question reads with few and with many approved entries."""
    questions = {
        "sendable": "select * from ledger.sendable(10000)",
        "held": "select code, count(distinct entry_id) from ledger.hold group by code",
    }
    found = {}
    for count in (SMALL, BIG):
        approve_entries(books, count)
        assert len(books.sendable()) == count
        found[count] = {name: read_pages(books, query) for name, query in questions.items()}
    return found


def test_gate_reads_pages_in_proportion_to_entries(pages):
    growth = {name: pages[BIG][name] / pages[SMALL][name] for name in pages[BIG]}
    assert {name: rate for name, rate in growth.items() if rate > MOST_GROWTH} == {}


def test_gate_of_one_entry_reads_few_pages(books):
    approve_entries(books, BIG)
    first, *_ = books.sendable()
    assert read_pages(books, f"select * from ledger.hold_reasons({first})") < BIG
