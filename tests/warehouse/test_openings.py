"""Opening balances: tied to what the ERP held, by three people, and then for ever."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import psycopg
import pytest

from billing.ledger.opening import KINDS, OpeningLine, StatedBalance
from resources.warehouse import ledger, openings, verification
from resources.warehouse.ledger import LedgerRefusedError
from tests.fixtures.books import RULES, Event, begins

pytestmark = pytest.mark.promise(
    "Opening balances tie to the ERP and are approved by two people, once, for good",
    "An opening list that was changed past the functions is found",
)

CUTOVER = date(2026, 8, 31)
KEY = b"k" * 32
PAYER = OpeningLine(2, "NLH", "payer_receivable", "A-1", "medicare", "MAIN", Decimal("500.00"),
                    CUTOVER)  # fmt: skip
CREDIT = replace(PAYER, line_no=3, account_kind="patient_credit", amount=Decimal("20.00"))
HELD = [StatedBalance("NLH", "1110", Decimal("500.00")),
        StatedBalance("NLH", "2125", Decimal("-20.00"))]  # fmt: skip


@begins
def opened(books):
    books.database.admin().execute("update ops.installation set as_of_date = '2026-10-31'")
    books.demand([])


def load(books, *, by="preparer", lines=(PAYER, CREDIT), stated=HELD, sha="a"):
    source = openings.File("list.csv", sha * 64)
    return openings.load(books.by(by), source, lines, stated, KEY)


def decide(books, number, by, act="approved", *, seen=None, reason=None):
    (held,) = [one for one in openings.lists(books.by("auditor")) if one.list_id == number]
    content = seen or held.content_hash
    return openings.decide(books.by(by), number, act, content, reason)


def refused(act, code):
    with pytest.raises(LedgerRefusedError) as refusal, ledger.refusals():
        act()
    assert refusal.value.code == code


def test_two_people_of_whom_one_is_a_controller_approve(opened):
    number = load(opened)
    assert decide(opened, number, "manager") == "open"
    assert decide(opened, number, "approver") == "open"
    assert decide(opened, number, "controller") == "approved"
    (held,) = openings.lists(opened.by("auditor"))
    assert (held.line_count, held.gross_amount) == (2, Decimal("520.00"))
    assert verification.problems(opened.by("auditor")) == []


def test_no_account_number_is_kept(opened):
    load(opened)
    (kept,) = opened.one("auditor", "select string_agg(l::text, '|') from ledger.opening_line l")
    assert "A-1" not in kept


@pytest.mark.parametrize("stated", [
    [HELD[0], StatedBalance("NLH", "2125", Decimal("-19.99"))],
    [HELD[0], StatedBalance("NLH", "2125", Decimal("20.00"))],
    [HELD[0]],
    [*HELD, StatedBalance("NLH", "1120", Decimal("0.01"))],
    [*HELD, StatedBalance("NPG", "1110", Decimal("1.00"))],
], ids=["a cent", "sign", "not stated", "more accounts", "another entity"])  # fmt: skip
def test_a_list_that_does_not_tie_is_not_approved(opened, stated):
    number = load(opened, stated=stated)
    refused(lambda: decide(opened, number, "controller"), "DIFFERS")


def test_an_account_without_items_ties_at_nothing(opened):
    number = load(opened, stated=[*HELD, StatedBalance("NLH", "1120", Decimal("0.00"))])
    decide(opened, number, "controller")


def test_who_loaded_a_list_does_not_decide_on_it(opened):
    number = load(opened, by="controller")
    refused(lambda: decide(opened, number, "controller"), "SELF_APPROVAL")


def test_what_is_approved_is_what_was_seen(opened):
    number = load(opened)
    refused(lambda: decide(opened, number, "controller", seen="0" * 64), "CONTENT")


def test_policy_is_no_person(opened):
    number = load(opened)
    refused(lambda: decide(opened, number, "policy"), "NOT_A_PERSON")
    refused(lambda: load(opened, by="policy", sha="b"), "NOT_A_PERSON")


def test_one_person_signs_once(opened):
    number = load(opened)
    decide(opened, number, "controller")
    refused(lambda: decide(opened, number, "controller"), "STATE")


def test_an_entity_is_opened_once(opened):
    first, second = load(opened), load(opened, sha="b")
    for person in ("controller", "manager"):
        decide(opened, first, person)
    refused(lambda: decide(opened, second, "controller"), "TWICE")
    refused(lambda: decide(opened, first, "approver"), "STATE")


def test_the_same_file_is_loaded_once_until_it_is_taken_back(opened):
    number = load(opened)
    refused(lambda: load(opened), "DUPLICATE")
    openings.withdraw(opened.by("preparer"), number)
    load(opened)


def test_a_refusal_needs_a_reason_and_ends_a_list(opened):
    number = load(opened)
    refused(lambda: decide(opened, number, "controller", "refused"), "REASON")
    assert decide(opened, number, "manager", "refused", reason="old extract") == "refused"
    refused(lambda: decide(opened, number, "controller"), "STATE")


def test_only_who_loaded_a_list_withdraws_it(opened):
    number = load(opened)
    refused(lambda: openings.withdraw(opened.by("manager"), number), "NOT_YOURS")


def test_entries_before_the_end_of_the_cutover_month_would_count_twice(opened):
    opened.run([Event("a", "charge.posted", "10.00", date(2026, 8, 31))])
    number = load(opened)
    refused(lambda: decide(opened, number, "controller"), "OVERLAP")


def test_entries_after_the_cutover_month_do_not(opened):
    opened.run([Event("a", "charge.posted", "10.00", date(2026, 9, 1))])
    decide(opened, load(opened), "controller")


@pytest.mark.parametrize("lines", [
    (PAYER, replace(CREDIT, cutover_date=date(2026, 8, 30))),
    (replace(PAYER, cutover_date=date(2026, 11, 1)),),
], ids=["two dates", "the future"])  # fmt: skip
def test_one_cutover_of_an_entity_that_has_been(opened, lines):
    refused(lambda: load(opened, lines=lines), "CUTOVER")
    assert openings.lists(opened.by("auditor")) == []
    assert opened.ask("auditor", "select * from ledger.opening_line") == []


def test_an_empty_list_is_none(opened):
    refused(lambda: load(opened, lines=()), "NO_LINES")


@pytest.mark.parametrize("role", ["biller", "poster", "auditor", "transform", "bi_reader"])
def test_nobody_else_loads(opened, role):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        load(opened, by=role)


@pytest.mark.parametrize("role", ["biller", "poster", "auditor", "transform", "preparer"])
def test_nobody_else_decides(opened, role):
    number = load(opened)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        decide(opened, number, role)


@pytest.mark.parametrize("statement", [
    "update ledger.opening_line set amount = 1",
    "delete from ledger.opening_balance",
    "truncate ledger.opening_act",
    "delete from ledger.opening_list",
    "update ledger.opening_kind set side = -side",
    "insert into ledger.opening_line select list_id, 9, entity_code, account_kind,"
    " repeat('a', 32), payer_class, facility_code, amount, cutover_date"
    " from ledger.opening_line where line_no = 2",
    "insert into ledger.opening_balance select list_id, 'NPG', '1110', 1"
    " from ledger.opening_list",
], ids=["line", "balance", "act", "list", "kind", "another line", "another balance"])  # fmt: skip
def test_a_loaded_list_is_changed_by_nobody(opened, statement):
    load(opened)
    with pytest.raises(psycopg.errors.RaiseException, match="IMMUTABLE"):
        opened.as_owner().execute(statement)


def test_the_owner_decides_under_his_own_name_and_completes_nothing_alone(opened, owning):
    number = load(opened)
    (held,) = openings.lists(opened.by("auditor"))
    owning("manager").execute(
        "insert into ledger.opening_act (list_id, act, content_hash, is_controller, is_last,"
        " actor, acted_at) values (%s, 'approved', %s, true, true, 'somebody', now())",
        [number, held.content_hash],
    )
    (act,) = opened.ask("auditor", "select actor, is_controller, is_last from ledger.opening_act")
    assert (act[0].endswith("_manager"), act[1:]) == (True, (False, False))


def test_a_list_that_was_changed_past_the_triggers_is_found(opened):
    number = load(opened)
    decide(opened, number, "manager")
    admin = opened.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute("update ledger.opening_line set amount = 1 where line_no = 3")
    admin.execute("update ledger.opening_act set is_last = true")
    assert verification.problems(opened.by("auditor")) == [
        f"opening lists: opening list {number} does not have its content hash",
        f"opening lists: opening list {number}: approved is not as audited",
    ]


def test_the_kinds_are_those_of_the_posting_rules(database):
    rows = (
        database.admin()
        .execute("select account_kind, rule, event, account, side from ledger.opening_kind")
        .fetchall()
    )
    assert {kind: account for kind, _, _, account, _ in rows} == KINDS
    by_number = {rule.rule: rule for rule in RULES.values()}
    for _, number, event, account, side in rows:
        rule = by_number[number]
        assert (rule.event, rule.reaches_erp, rule.approval_class) == (
            event, False, "controller+approver")  # fmt: skip
        assert account == (rule.debit if side == 1 else rule.credit)
