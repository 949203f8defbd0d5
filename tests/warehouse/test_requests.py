"""Governed requests: two people, what was seen, and never more than the books leave."""

from dataclasses import replace
from decimal import Decimal

import psycopg
import pytest

from billing.ledger.requests import request_kind
from resources.warehouse import ledger, requests, verification
from resources.warehouse.ledger import LedgerRefusedError
from resources.warehouse.requests import Ask
from tests.fixtures.books import CHART, RULES, Event, begins

pytestmark = pytest.mark.promise(
    "A request is asked for by one person and decided by another, over what was seen",
    "Requests never take more than the books leave, two at once included",
    "A request that was changed behind the triggers is found",
)

REASON = "assistance form of October, complete"


@begins
def indebted(books):
    """A patient account that owes 300.00, and one payer claim of 500.00."""
    books.demand([Event("a", "charge.posted.selfpay", "300.00"),
                  Event("b", "charge.posted", "500.00")])  # fmt: skip


def charity(amount="100.00", **changes):
    facts = {"event": "charity.approved", "entity": "NLH", "subject_key": "account",
             "amount": Decimal(amount), "reason": REASON}  # fmt: skip
    return Ask(**{**facts, **changes})


def asked(books, wanted=None):
    return requests.ask(books.by("biller"), wanted or charity())


def content(books, number):
    (found,) = [r for r in requests.requests(books.by("auditor")) if r.request_id == number]
    return found.content_hash


def decide(books, number, act="approved", *, by="controller", seen=None, reason=None):
    found = seen or content(books, number)
    return requests.decide(books.by(by), number, act, found, reason)


def refused(act, code):
    with pytest.raises(LedgerRefusedError) as refusal, ledger.refusals():
        act()
    assert refusal.value.code == code


def test_one_person_asks_and_another_approves(indebted):
    number = asked(indebted)
    assert decide(indebted, number) == "approved"
    (found,) = requests.requests(indebted.by("auditor"), "approved")
    assert (found.amount, found.rule, found.subject) == (Decimal("100.00"), "JR41", "account")
    assert found.requested_by.endswith("biller")
    assert verification.problems(indebted.by("auditor")) == []


def test_who_asks_does_not_decide(indebted):
    number = asked(indebted)
    refused(lambda: decide(indebted, number, by="policy"), "NOT_A_PERSON")
    indebted.database.admin().execute(
        f"grant {indebted.database.settings.role_prefix}_approver"
        f" to {indebted.database.settings.role_prefix}_biller"
    )
    try:
        refused(lambda: decide(indebted, number, by="biller"), "SELF_APPROVAL")
    finally:
        indebted.database.admin().execute(
            f"revoke {indebted.database.settings.role_prefix}_approver"
            f" from {indebted.database.settings.role_prefix}_biller"
        )


def test_what_is_approved_is_what_was_seen(indebted):
    number = asked(indebted)
    refused(lambda: decide(indebted, number, seen="0" * 64), "CONTENT")


def test_nobody_asks_for_more_than_the_books_leave(indebted):
    refused(lambda: asked(indebted, charity("300.01")), "EXCEEDS")
    asked(indebted, charity("200.00"))
    refused(lambda: asked(indebted, charity("100.01")), "EXCEEDS")
    asked(indebted, charity("99.99"))
    refused(lambda: asked(indebted, charity("1.00", subject_key="nobody")), "KEY")


def test_requests_of_different_kinds_take_from_the_same_balance(indebted):
    asked(indebted, charity("250.00"))
    refused(lambda: asked(indebted, charity("51.00", event="discount.uninsured")), "EXCEEDS")


def test_the_same_asked_for_twice_is_refused_until_the_first_one_is_over(indebted):
    first = asked(indebted)
    refused(lambda: asked(indebted), "DUPLICATE")
    requests.withdraw(indebted.by("biller"), first)
    asked(indebted)


def test_a_refused_request_gives_the_balance_free_and_is_over(indebted):
    number = asked(indebted, charity("300.00"))
    refused(lambda: decide(indebted, number, "refused"), "REASON")
    assert decide(indebted, number, "refused", reason="the form lacks a page") == "refused"
    refused(lambda: decide(indebted, number, by="manager"), "STATE")
    asked(indebted, charity("300.00", reason="the form with all of its pages"))


def test_a_class_of_two_signatures_needs_two_people(indebted):
    admin = indebted.database.admin()
    admin.execute("set session_replication_role = replica")  # a policy is loaded, never changed
    admin.execute(
        "update ledger.policy_class set signatures = 2"
        " where approval_class = 'maker-checker+threshold'"
    )
    number = asked(indebted)
    assert decide(indebted, number) == "open"
    with pytest.raises(psycopg.errors.UniqueViolation):
        decide(indebted, number)
    assert decide(indebted, number, by="manager") == "approved"


def test_only_who_asked_withdraws_and_only_while_it_is_open(indebted):
    number = asked(indebted)
    decide(indebted, number)
    refused(lambda: requests.withdraw(indebted.by("biller"), number), "STATE")


def test_a_refund_says_how_it_is_paid(indebted):
    indebted.demand([Event("c", "credit.reclass.patient", "40.00")])
    wanted = charity("40.00", event="refund.patient.approved")
    refused(lambda: asked(indebted, wanted), "TENDER")
    by_card = replace(wanted, tender="card")
    refused(lambda: asked(indebted, by_card), "OTHER_TENDER")  # nothing is known to be paid in
    assert asked(indebted, replace(by_card, other_tender_reason="the card was closed in June"))


@pytest.mark.parametrize("event", ["remit.paid", "charge.posted", "no.such"])
def test_what_records_prove_is_not_asked_for(indebted, event):
    refused(lambda: asked(indebted, charity(event=event)), "KIND")


@pytest.mark.parametrize("role", ["preparer", "poster", "policy", "auditor", "controller"])
def test_nobody_but_a_requester_asks(indebted, role):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        requests.ask(indebted.by(role), charity())


@pytest.mark.parametrize("role", ["preparer", "poster", "biller", "auditor", "transform"])
def test_nobody_but_an_approver_decides(indebted, role):
    number = asked(indebted)
    seen = content(indebted, number)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        requests.decide(indebted.by(role), number, "approved", seen)


@pytest.mark.parametrize(
    "attack",
    [
        "update ledger.request set amount = 1",
        "delete from ledger.request",
        "truncate ledger.request cascade",
        "update ledger.request_act set actor = 'x'",
        "delete from ledger.request_act",
        "insert into ledger.request_act (request_id, act, content_hash, actor, acted_at,"
        " decided_date) select request_id, 'approved', content_hash, 'x', now(), now()"
        " from ledger.request",
    ],
)
def test_not_even_the_owner_changes_or_forges_a_request(indebted, attack):
    decide(indebted, asked(indebted))
    with pytest.raises(psycopg.errors.RaiseException, match=r"^TIEOUT"):
        indebted.as_owner().execute(attack)


@pytest.mark.parametrize(
    ("attack", "problem"),
    [
        ("update ledger.request set amount = 99", "content hash"),
        ("update ledger.request set requested_by = 'somebody'", "content hash"),
        ("update ledger.request_act set actor = 'somebody'", "not as audited"),
        ("insert into ledger.request_act (request_id, act, content_hash, actor, acted_at,"
         " decided_date) select request_id, 'refused', content_hash, 'x', now(), now()"
         " from ledger.request", "not as audited"),
    ],
)  # fmt: skip
def test_what_a_superuser_changes_behind_the_triggers_is_found(indebted, attack, problem):
    decide(indebted, asked(indebted))
    admin = indebted.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute(attack)
    assert [one for one in verification.problems(indebted.by("auditor")) if problem in one]


def test_a_request_of_before_manual_entries_keeps_its_hash(indebted):
    admin = indebted.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute(
        "insert into ledger.request (event, entity_code, subject_key, amount, reason, tender,"
        " attachment_sha256, content_hash, requested_by, requested_at)"
        " select event, 'NLH', 'account', 12.30, 'paid twice in May', 'card', repeat('a', 64),"
        " encode(sha256(convert_to(concat_ws(chr(31), event, 'NLH', 'account', '12.30',"
        " 'paid twice in May', repeat('a', 64), 'card', 'jo'), 'UTF8')), 'hex'), 'jo', now()"
        " from ledger.request_kind where event = 'refund.patient.approved'"
    )
    found = indebted.ask("auditor", "select problem from ledger.verify_requests()")
    assert found == [("AUDIT",)]  # it was never audited; its content is what its hash says


def test_two_at_once_do_not_take_more_than_there_is(indebted):
    first = indebted.database.connect("biller", autocommit=False)
    second = indebted.database.connect("biller", autocommit=False)
    requests.ask(first, charity("200.00"))
    second.execute("set lock_timeout = '100ms'")
    with pytest.raises(psycopg.errors.LockNotAvailable):
        requests.ask(second, charity("200.01"))
    first.commit()
    second.rollback()
    refused(lambda: requests.ask(second, charity("200.01")), "EXCEEDS")


def test_every_decided_rule_can_be_asked_for_and_says_what_it_takes_from():
    kinds = {r.event: request_kind(r, CHART) for r in RULES.values() if r.is_decided}
    assert len(kinds) == 24
    assert (kinds["charity.approved"].room_account, kinds["charity.approved"].room_sign) == (
        "1120", 1,
    )  # fmt: skip
    assert (kinds["refund.patient.approved"].room_account,
            kinds["refund.patient.approved"].room_sign) == ("2125", -1)  # fmt: skip
    assert kinds["denial.writeoff"].subject == "claim"
    assert kinds["suspense.cleared.recoupment"].subject == "reference"


@pytest.mark.promise("A request keeps to the condition of its posting rule")
def test_small_balance_is_written_off_up_to_its_ceiling(indebted):
    small = {"event": "smallbalance.writeoff"}
    refused(lambda: asked(indebted, charity("25.01", **small)), "CEILING")
    assert asked(indebted, charity("25.00", **small))


@pytest.mark.promise("Free text that people type names no patient by a number")
@pytest.mark.parametrize(
    ("text", "is_fine"),
    [
        ("as agreed in the letter of 2026-09-30", True),
        ("the balance of 1,234,567.89 is settled", True),
        ("see account 12345678 of the patient", False),
        ("social security 987-65-4329 of the patient", False),
        ("member 98 76 54 of the plan, as agreed", False),
        ("born 1961/04/12345, assistance form", False),
    ],
)
def test_reason_with_a_long_number_is_refused(indebted, text, is_fine):
    if is_fine:
        assert asked(indebted, charity("5.00", reason=text))
    else:
        refused(lambda: asked(indebted, charity("5.00", reason=text)), "TEXT")
