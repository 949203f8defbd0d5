"""What a day costs on top of years: proposing, approving and posting over a big recorded ledger.

Each call is timed with the checks that its commit would make, and taken back, so that the same
day is measured several times. The quickest is shown: whatever else the machine does only adds.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from orchestration.tables import table
from tests.benchmarks.big_ledger import BigLedger
from tests.conftest import Server, fresh_database
from tests.fixtures.books import AS_OF, Books, open_books

SMALL, BIG = 100_000, 1_000_000
DAYS = (1_000, 2_000, 4_000)
TIMES = 5  # but comparing everything is slow enough to be measured once
LIMITS = {"base": 1.5, "day": 5.0}  # of the two ratios; 10 and 4 would be in proportion


@dataclass
class Figures:
    """Seconds, by what was done; what was compared, in buckets and lines."""

    seconds: dict[str, float] = field(default_factory=dict)
    differences: dict[int, int] = field(default_factory=dict)


def say(text: str) -> None:
    """Show a figure; `make bench` lets output through."""
    sys.stdout.write(f"{text}\n")


def taken_back(
    connection: psycopg.Connection[Any], query: str, *values: object, times: int = TIMES
) -> float:
    """Return the least seconds of a call with the checks of its commit; nothing stays."""
    found = []
    for _ in range(times):
        with connection.transaction(force_rollback=True):
            begun = time.perf_counter()
            connection.execute(query.encode(), values or None).fetchall()
            connection.execute("set constraints all immediate")
            found.append(time.perf_counter() - begun)
    return min(found)


def timed(act: Callable[[], object]) -> float:
    """Return how many seconds an act takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def _measure(books: Books, lines: int) -> Figures:
    big, found = BigLedger(books, lines), Figures()
    found.seconds["the base is written"] = timed(big.write_base)
    for size in DAYS:
        with books.by("transform").transaction():
            big.demand_day(size)
        books.by("transform").execute("analyze marts.fct_ledger_line, marts.fct_billing_event")
        found.seconds["lines are handed over"] = timed(books.hand_over)
        build_id = books.build()
        found.seconds[f"propose {size:,} lines"] = taken_back(
            books.by("preparer"), "select * from ledger.propose(%s)", build_id
        )
        _settle_day(books, build_id, size, found)
    return found


def _settle_day(books: Books, build_id: str, size: int, found: Figures) -> None:
    """Propose for good, approve, post and prove; nothing is left to propose."""
    books.propose(build_id)
    proposed = books.one("auditor", "select count(*) from ledger.entry_event join ledger.entry"
                         " using (entry_id) where state = 'proposed'")  # fmt: skip
    found.differences[size] = proposed[0]
    if size == DAYS[1]:
        found.seconds["propose again, all waits"] = taken_back(
            books.by("preparer"), "select * from ledger.propose(%s)", build_id
        )
        found.seconds["approve by policy"] = taken_back(
            books.by("policy"), "select * from ledger.approve_by_policy(%s)", build_id
        )
    books.approve()
    if size == DAYS[1]:
        found.seconds |= _posting(books)
    books.post_all()
    assert books.propose() == (0, 0, 0)


def _posting(books: Books) -> dict[str, float]:
    poster = books.by("poster")
    (first, *_) = books.sendable()
    held = "select count(*) from ledger.entry as e cross join lateral ledger.hold_reasons(entry_id)"
    times = {
        "what may be sent": taken_back(poster, "select * from ledger.sendable(1000)"),
        "what is held, and why": taken_back(
            poster, f"{held} where state in ('proposed', 'approved', 'rejected', 'unknown')"
        ),
        "take one entry up": taken_back(poster, "select * from ledger.begin_sending(%s)", first),
    }
    books.send(first)
    lines = books.lines_of(first)
    record = "select ledger.record_posted(%s, %s, %s, %s)"
    return times | {
        "record one entry as posted": taken_back(poster, record, first, "r", "n", lines),
        "record one as rejected": taken_back(
            poster, "select ledger.record_rejected(%s, 'X')", first
        ),
        "documents to read again": taken_back(
            poster,
            "select entry_id from ledger.erp_document join ledger.entry using (entry_id)"
            " where entity_code = 'NLH' and read_at < clock_timestamp() - interval '1 day'"
            " order by read_at, entry_id limit 200",
        ),
    }


@pytest.fixture(scope="module")
def figures(server: Server, template: str) -> dict[int, Figures]:
    """Both bases, each in a database of its own, measured one after the other."""
    found = {}
    for lines in (SMALL, BIG):
        with fresh_database(server, template) as made:
            # The newest two months are open.
            books = open_books(made, AS_OF.replace(month=AS_OF.month - 1, day=1), AS_OF)
            found[lines] = _measure(books, lines)
    return found


def test_a_days_proposal_costs_what_the_day_costs(figures: dict[int, Figures]) -> None:
    small, big = figures[SMALL].seconds, figures[BIG].seconds
    rows = [(name, f"{small[name]:.3f}", f"{big[name]:.3f}", f"{big[name] / small[name]:.2f}")
            for name in big]  # fmt: skip
    heads = ["seconds, base of recorded lines", f"{SMALL:,}", f"{BIG:,}", "ratio"]
    say("\n" + "\n".join(table(heads, rows)))
    size = f"propose {DAYS[1]:,} lines"
    base = big[size] / small[size]
    day = big[f"propose {DAYS[2]:,} lines"] / big[f"propose {DAYS[0]:,} lines"]
    say(
        f"  ten times the base: {base:.2f} times the seconds; four times the day: {day:.2f};"
        f" against comparing everything: {big[size] / big['propose, everything compared']:.3f}"
    )
    for name, ratio in (("base", base), ("day", day)):
        assert ratio < LIMITS[name]


def test_each_day_proposed_exactly_what_it_demanded(figures: dict[int, Figures]) -> None:
    for found in figures.values():
        assert found.differences == {size: size // 20 * 18 + size // 20 * 2 for size in DAYS}
