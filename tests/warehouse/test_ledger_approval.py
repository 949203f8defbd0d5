"""Approval: policy within its limits, people for the rest, refusals that stay quiet."""

from datetime import date
from decimal import Decimal

import psycopg
import pytest

from resources.warehouse import ledger
from resources.warehouse.ledger import LedgerRefusedError
from tests.fixtures.books import Event

pytestmark = pytest.mark.promise(
    "Policy approves within its limits, people approve the rest",
    "A refused proposal stays quiet while its events are the same",
)

DAY = date(2026, 9, 15)


def test_policy_approves_what_needs_no_person_and_leaves_the_rest(books):
    books.demand(
        [
            Event("a", "charge.posted", "100.00"),
            Event("b", "smallbalance.writeoff", "4.00"),
            Event("c", "charity.approved", "50.00"),
        ]
    )
    books.propose()
    assert books.approve() == 2
    ((waiting, *_),) = books.entries("proposed")
    (hold,) = ledger.hold_reasons(books.by("auditor"), waiting)
    assert (hold.code, hold.detail) == (
        "APPROVAL",
        "class maker-checker+threshold waits for 1 of 1 signatures",
    )


def test_policy_approves_nothing_without_a_passing_certificate(books):
    books.demand([Event("a", "charge.posted", "100.00")])
    books.propose(books.build(passes=False))
    assert books.approve() == 0
    assert books.holds(books.entries()[0][0]) == {"CERTIFICATE", "APPROVAL"}


def test_a_person_approves_and_the_entry_goes(books):
    books.demand([Event("a", "charity.approved", "50.00")])
    books.propose()
    ((entry_id, *_, content),) = books.entries()
    ledger.approve(books.by("controller"), entry_id, content)
    assert books.sendable() == [entry_id]
    assert books.one("auditor", "select basis, approver from ledger.approval") == (
        "person",
        books.database.settings.login("controller"),
    )


def test_a_class_of_two_waits_for_the_second_person(books, second_person):
    books.demand([Event("a", "ipc.true_up", "50.00")])
    books.propose()
    ((entry_id, *_, content),) = books.entries()
    ledger.approve(books.by("controller"), entry_id, content)
    assert books.holds(entry_id) == {"APPROVAL"}
    with pytest.raises(psycopg.errors.UniqueViolation):
        ledger.approve(books.by("controller"), entry_id, content)
    ledger.approve(second_person, entry_id, content)
    assert books.holds(entry_id) == set()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("event_amount", "one event"),
        ("entry_amount", "the entry"),
        ("account_day_amount", "24 hours"),
    ],
)
def test_what_exceeds_a_policy_limit_waits_for_a_person_and_says_why(books, name, words):
    books.limit("policy-daily", **{name: "99.99"})
    books.demand([Event("a", "charge.posted", "100.00")])
    books.propose()
    assert books.approve() == 0
    ((entry_id, *_, content),) = books.entries()
    details = {hold.code: hold.detail for hold in ledger.hold_reasons(books.by("poster"), entry_id)}
    assert details["LIMIT"].startswith(words)
    ledger.approve(books.by("controller"), entry_id, content)
    assert books.sendable() == [entry_id]


def test_the_day_of_one_maker_on_one_account_counts_what_was_approved_before(books):
    books.limit("policy-daily", account_day_amount="150.00")
    first = Event("a", "charge.posted", "100.00", day=date(2026, 9, 1))
    second = Event("b", "charge.posted", "60.00", day=date(2026, 9, 2))
    other = Event("c", "payer.deposit.received", "60.00", day=date(2026, 9, 3))
    assert len(books.run([first])) == 1
    posted = books.run([first, second, other])
    assert [row[2] for row in books.entries("posted") if row[0] in posted] == [date(2026, 9, 3)]


def test_a_person_has_limits_too(books):
    for limit in ("controller-any", "approver-any"):
        books.limit(limit, entry_amount="10.00")
    books.demand([Event("a", "charity.approved", "50.00")])
    books.propose()
    ((entry_id, *_, content),) = books.entries()
    with pytest.raises(LedgerRefusedError, match="LIMIT"):
        ledger.approve(books.by("controller"), entry_id, content)


def test_an_account_that_the_erp_does_not_take_holds_the_entry(books):
    books.demand([Event("a", "charge.posted", "100.00", accounts=("1110", "7777"))])
    books.propose()
    assert books.approve() == 0
    assert "MAPPING" in books.holds(books.entries()[0][0])


def test_an_unknown_approval_class_waits(books):
    books.demand([Event("a", "charge.posted", "100.00")])
    books.by("transform").execute("update marts.fct_ledger_line set approval_class = 'new'")
    books.propose()
    assert books.approve() == 0
    assert "APPROVAL" in books.holds(books.entries()[0][0])


def test_a_refused_proposal_stays_quiet_while_its_events_are_the_same(books):
    books.demand([Event("a", "charity.approved", "50.00")])
    books.propose()
    ((entry_id, *_),) = books.entries()
    controller = books.by("controller")
    ledger.refuse(controller, entry_id, "evidence missing", "revenue cycle", date(2026, 11, 15))
    assert books.holds(entry_id) == {"APPROVAL", "PARKED"}
    assert books.propose() == (0, 0, 1)
    books.demand([Event("a", "charity.approved", "40.00")])
    assert books.propose() == (1, 1, 0)
    assert books.holds(books.entries("proposed")[0][0]) == {"APPROVAL"}


def test_a_refusal_ends_on_the_day_it_named(books):
    books.demand([Event("a", "charity.approved", "50.00")])
    books.propose()
    ((entry_id, *_),) = books.entries()
    ledger.refuse(books.by("controller"), entry_id, "wait", "controller", date(2026, 11, 15))
    books.database.admin().execute("update ops.installation set as_of_date = '2026-11-15'")
    assert books.holds(entry_id) == {"APPROVAL"}


@pytest.mark.parametrize(
    ("disposition", "owner", "look_again"),
    [("", "a", date(2026, 12, 1)), ("x", "", date(2026, 12, 1)), ("x", "a", DAY)],
)
def test_a_refusal_needs_a_disposition_an_owner_and_a_day(books, disposition, owner, look_again):
    books.demand([Event("a", "charity.approved", "50.00")])
    books.propose()
    ((entry_id, *_),) = books.entries()
    with pytest.raises((LedgerRefusedError, psycopg.errors.CheckViolation)):
        ledger.refuse(books.by("controller"), entry_id, disposition, owner, look_again)


def test_an_approved_entry_that_was_not_sent_takes_the_stamp_of_each_build(books):
    books.demand([Event("a", "charge.posted", "100.00")])
    books.propose()
    books.approve()
    bad = books.build(passes=False)
    books.propose(bad)
    assert books.sendable() == []
    good = books.build()
    books.propose(good)
    assert len(books.sendable()) == 1
    (entry,) = ledger.entries(books.by("auditor"), "approved")
    assert (entry.build_id, entry.gross_amount) == (good, Decimal("100.00"))
