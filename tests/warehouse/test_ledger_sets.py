"""Many entries in one statement: each is audited, chained and counted, at a cost in proportion."""

from datetime import date, timedelta

import psycopg
import pytest

from tests.fixtures.books import Event

pytestmark = pytest.mark.promise("Proposing and signing cost in proportion to what changed")
FIRST_DAY = date(2026, 1, 1)
SMALL, BIG = 250, 1000
AUDIT = "insert into ledger.audit (action, detail) select 'test', '{}' from generate_series(1, %s)"


def demand(books, count):
    """Demand one event on each of so many days, each an entry of its own."""
    books.demand(
        Event(f"e{number}", "charge.posted", "100.00", FIRST_DAY + timedelta(days=number))
        for number in range(count)
    )


def audit_pages(books, rows):
    """Return how many pages it takes to write so many audit rows with one statement."""
    admin = books.database.admin()
    plan = f"explain (analyze, buffers, timing off, format json) {AUDIT % rows}"
    with admin.transaction(force_rollback=True):
        (found,) = admin.execute(plan.encode()).fetchone()
    return found[0]["Plan"]["Shared Hit Blocks"]


def test_audit_rows_cost_in_proportion(books):
    audit_pages(books, SMALL)  # the first time also reads the catalog
    growth = audit_pages(books, BIG) / audit_pages(books, SMALL)
    assert growth < 1.5 * BIG / SMALL


def test_every_entry_of_a_statement_is_in_the_chain(books):
    demand(books, 30)
    books.propose()
    books.approve()
    rows = books.ask(
        "auditor",
        "select action, to_state, count(*), count(distinct entry_id) from ledger.audit"
        " where entry_id is not null group by 1, 2 order by 1",
    )
    assert [tuple(row) for row in rows] == [
        ("propose", "proposed", 30, 30),
        ("sign", None, 30, 30),
        ("step", "approved", 30, 30),
    ]
    assert books.ask("auditor", "select * from ledger.verify_chain()") == []
    head = books.one("auditor", "select seq, hash from ledger.audit_head")
    last = books.one("auditor", "select seq, hash from ledger.audit order by seq desc limit 1")
    assert head == last


def test_digests_follow_many_entries_of_one_statement(books):
    demand(books, 30)
    books.propose()
    books.approve()
    assert books.ask("auditor", "select * from ledger.verify_recorded()") == []
    assert books.propose() == (0, 0, 0)


def test_rows_cut_off_the_audit_stay_missing(books):
    demand(books, 3)
    books.propose()
    admin = books.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute("delete from ledger.audit where seq = (select max(seq) from ledger.audit)")
    admin.execute("set session_replication_role = origin")
    admin.execute(AUDIT, [2])
    problems = books.ask("auditor", "select * from ledger.verify_chain()")
    assert problems != []


@pytest.mark.parametrize(
    "change",
    [
        "update ledger.audit_head set seq = seq + 1, hash = repeat('0', 64)",
        "update ledger.audit_head set seq = seq - 1",
    ],
)
def test_owner_moves_no_head_of_the_audit(books, change):
    demand(books, 3)
    books.propose()
    with pytest.raises(psycopg.errors.RaiseException, match="TIEOUT IMMUTABLE"):
        books.as_owner().execute(change.encode())
