"""The auditor's tests of entries on a real ledger: each finds what it says, and nothing else."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from billing.governance.entry_tests import FUNCTIONS, KNOWN, EntryTest, read_entry_tests
from billing.governance.policy_file import PolicyFileError
from resources.warehouse.entry_tests import run_tests
from tests.fixtures.books import Event, begins

pytestmark = pytest.mark.promise(
    "Each of the auditor's tests finds the entries that it describes, and no other"
)

POLICY = Path(__file__).parents[2] / "governance" / "entry_tests.yaml"
DEFAULTS = {test.name: test for test in read_entry_tests(POLICY.read_text())}


def one_test(name, **parameters):
    known = DEFAULTS[name]
    return EntryTest(name, known.title, known.function, {**known.parameters, **parameters},
                     known.types)  # fmt: skip


def found(books, name, **parameters):
    """Return (entry, why) of what a test lists, as the auditor sees it."""
    with books.database.connect("auditor", autocommit=False) as connection:
        _, _, (listing,) = run_tests(connection, [one_test(name, **parameters)])
    return [(one.entry_id, one.detail) for one in listing.found]


def entries(books, name, **parameters):
    return [entry_id for entry_id, _ in found(books, name, **parameters)]


def limits(books, entry=None, event=None):
    """Lower the limits that signatures name, as the superuser: a policy is never changed."""
    admin = books.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute(
        "update ledger.policy_limit set entry_amount = %s, event_amount = %s", [entry, event]
    )


def date_back(books, entry_id, at):
    """Move a proposal in time, as the superuser with triggers off: no clock can be asked to."""
    admin = books.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute("update ledger.entry set proposed_at = %s where entry_id = %s", [at, entry_id])


@begins
def two(books):
    """Entries 1 and 2, approved by policy: 4,321.00 and 20,000.00, of two days."""
    days = {"4321.00": date(2026, 10, 5), "20000.00": date(2026, 10, 6)}
    names = zip("ab", days, strict=True)
    books.demand([Event(n, "charge.posted", amount, days[amount]) for n, amount in names])
    books.propose()
    books.approve()


def signed(books, *events):
    """Propose events that wait for a person, and have the controller sign all of them."""
    books.demand([Event(*event) for event in events])
    books.propose()
    for entry_id, *_, content in books.entries("proposed"):
        books.one("controller", "select ledger.approve(%s, %s)", entry_id, content)


def test_every_test_of_the_policy_runs_and_states_source_population_and_parameters(two):
    with two.database.connect("auditor", autocommit=False) as connection:
        source, population, listings = run_tests(connection, DEFAULTS.values())
    assert [one.test.name for one in listings] == list(KNOWN)
    assert (population.entries, population.lines) == (2, 4)
    assert population.gross_amount == Decimal("24321.00")
    head = two.one("auditor", "select seq, hash from ledger.audit_head")
    assert (source.audit_seq, source.audit_hash) == head
    rounded = next(one for one in listings if one.test.name == "round-amounts")
    assert (rounded.entries, str(rounded.gross_amount)) == (1, "20000.00")


def test_proposals_and_void_entries_are_not_in_the_population(books):
    books.demand([Event("a", "charge.posted", "20000.00")])
    books.propose()
    assert entries(books, "round-amounts") == []


def test_a_requested_entry_is_found_by_the_prefix_of_its_events(two):
    assert found(two, "manual") == []
    assert found(two, "manual", prefixes=["charge."]) == [
        (2, "events charge.posted"), (1, "events charge.posted")
    ]  # fmt: skip


def test_round_lines_are_multiples_of_the_unit_from_the_minimum_on(two):
    assert entries(two, "round-amounts") == [2]
    assert entries(two, "round-amounts", unit="1.00", minimum="1.00") == [2, 1]
    assert entries(two, "round-amounts", minimum="20000.01") == []


def test_an_entry_is_late_by_days_after_the_end_of_its_period(books):
    books.demand([Event("a", "charge.posted", "10.00", day=date(2026, 9, 30)),
                  Event("b", "charge.posted", "10.00", day=date(2026, 10, 1))])  # fmt: skip
    books.propose()
    books.approve()
    assert found(books, "posted-after-close") == [(1, "31 days after the end of its period")]
    assert entries(books, "posted-after-close", days=31) == []


def test_an_entry_in_a_period_that_was_closed_and_reopened_is_late(books):
    books.propose()
    books.decide("close", date(2026, 10, 1))
    books.decide("reopen", date(2026, 10, 1))
    books.demand([Event("a", "charge.posted", "10.00", day=date(2026, 10, 1))])
    books.propose()
    books.approve()
    ((entry_id, why),) = found(books, "posted-after-close")
    assert (entry_id, why[:37]) == (1, "proposed after the period was closed ")


def test_a_rare_account_is_one_of_few_entries(two):
    assert entries(two, "rare-account", at_most=1) == []
    assert entries(two, "rare-account", at_most=2) == [2, 1]
    two.demand([Event("a", "charge.posted", "4321.00", day=date(2026, 10, 5)),
                Event("b", "charge.posted", "20000.00", day=date(2026, 10, 6)),
                Event("c", "remit.paid", "5.00", day=date(2026, 10, 7))])  # fmt: skip
    two.propose()
    two.approve()
    ((entry_id, why),) = found(two, "rare-account", at_most=1)
    assert (entry_id, why) == (3, "account 1050 in 1 entries")


def test_a_maker_and_a_signer_who_are_always_the_same_are_a_pair(books):
    signed(books, *(
        (f"c{n}", "credit.reclass.patient", "20.00", date(2026, 10, n)) for n in range(1, 6)
    ))  # fmt: skip
    login = books.database.settings.login
    why = f"{login('preparer')} and {login('controller')} in 5 of 5 signatures"
    assert found(books, "same-pair") == [(n, why) for n in range(1, 6)]
    assert entries(books, "same-pair", minimum=6) == []


def test_hours_are_local_and_the_night_passes_midnight(two):
    date_back(two, 1, "2026-10-06T02:30:00Z")  # Monday 22:30 in New York
    date_back(two, 2, "2026-10-06T14:00:00Z")  # Tuesday 10:00
    login = two.database.settings.login("preparer")
    assert found(two, "odd-hours") == [(1, f"proposed Mon 2026-10-05 22:30 by {login}")]
    date_back(two, 1, "2026-10-10T14:00:00Z")  # Saturday 10:00
    assert entries(two, "odd-hours") == [1]
    assert entries(two, "odd-hours", weekdays=[7]) == []
    assert entries(two, "odd-hours", weekdays=[], night_from="09:00", night_until="11:00") == [2, 1]


def test_just_below_a_limit_is_within_the_percentage_of_it(two):
    assert entries(two, "below-limit") == []
    limits(two, entry="20500.00")
    assert found(two, "below-limit") == [(2, "policy limit of one entry, 20500.00")]
    limits(two, entry="21100.00")
    assert entries(two, "below-limit") == []
    limits(two, event="4321.00")
    assert found(two, "below-limit") == [(1, "policy limit of one event, 4321.00")]


def test_a_split_is_what_exceeds_a_limit_only_together_and_within_the_hours(two):
    limits(two, entry="24320.99")
    why = "2 entries of 24321.00 together, policy limit 24320.99"
    assert found(two, "split") == [(2, why), (1, why)]
    limits(two, entry="24321.00")
    assert entries(two, "split") == []
    limits(two, entry="24320.99")
    date_back(two, 1, "2026-01-01T12:00:00Z")
    assert entries(two, "split") == []


def test_an_account_on_which_one_person_alone_signs_is_told(two):
    assert entries(two, "nobody-else") == []  # policy signed these: no person stands behind them
    signed(two, ("a", "charge.posted", "4321.00", date(2026, 10, 5)),
           ("b", "charge.posted", "20000.00", date(2026, 10, 6)),
           ("c", "credit.reclass.patient", "20.00", date(2026, 10, 9)))  # fmt: skip
    ((entry_id, why),) = found(two, "nobody-else")
    login = two.database.settings.login("controller")
    assert entry_id == 3
    assert why.startswith(f"{login} alone on ")
    assert entries(two, "nobody-else", minimum="20.01") == []


def test_auditors_alone_run_the_tests(two):
    for function in FUNCTIONS.values():
        count = "select count(*) from pg_proc where proname = %s"
        assert two.one("auditor", count, function) == (1,)
    for role in ("preparer", "poster", "controller"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            two.one(role, "select * from ledger.test_rare_account(1)")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tests: {}", "at least one"),
        ("tests: {luck: {}}", "no test luck"),
        ("tests: {split: {}}", "split takes hours"),
        ("tests: {split: {hours: 1, days: 2}}", "split takes hours"),
        ("tests: {split: {hours: -1}}", "split.hours is not integer"),
        ("tests: {split: {hours: '3'}}", "split.hours is not integer"),
        ("tests: {below-limit: {percent: 5.5}}", "percent is not numeric"),
        ("tests: {manual: {prefixes: request}}", "prefixes is not text"),
    ],
)
def test_a_policy_that_a_test_cannot_run_with_is_refused(text, words):
    with pytest.raises(PolicyFileError, match=words):
        read_entry_tests(text)
