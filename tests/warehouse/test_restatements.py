"""A changed rule works forward by itself, and backwards by an order of two people alone."""

from contextlib import contextmanager
from datetime import date
from decimal import Decimal

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, RaiseException
from typer.testing import CliRunner

from orchestration import status
from orchestration.cli import app
from resources.warehouse import ledger, restatements, verification
from tests.fixtures.books import Event, begins, demanded

pytestmark = pytest.mark.promise(
    "A changed rule restates the past only by an order of two people",
    "What an order lets through is exactly the difference that was ordered",
)

AUGUST, OCTOBER = date(2026, 8, 10), date(2026, 10, 3)
NOTHING = (0, 0, 0)
ASK = "select ledger.ask_restatement(repeat('0', 64), '{JR01}', 'changed on purpose')"
DECIDE = (
    "select ledger.decide_restatement(order_id, 'approved', content_hash)"
    " from ledger.restatement_order"
)


def charge(version="v1", amount="100.00", event_id="a", **change):
    """Return a charge as the first version of its rule posts it, or as another one does."""
    accounts = {"v1": ("1110", "4010"), "v2": ("1120", "4010"), "v3": ("1125", "4010"),
                "turned": ("4010", "1110")}[version]  # fmt: skip
    return Event(event_id, "charge.posted", amount, version=version, accounts=accounts, **change)


def change_the_rule(books):
    books.run([charge()])
    books.demand([charge("v2")])
    books.propose()


@begins
def changed(books):
    """A recorded charge whose rule was changed afterwards: what it does now waits."""
    change_the_rule(books)


@begins
def ordered(books):
    """The same, ordered by two people and let through."""
    change_the_rule(books)
    books.order_restatement("JR01")
    books.propose()


def held(books):
    return [(one.account, one.amount) for one in restatements.held(books.by("auditor"))]


def restate(books):
    """Sign what was let through, by two people, and post it."""
    entry_id, content = books.entry_in("proposed")
    for person in ("controller", "manager"):
        ledger.approve(books.by(person), entry_id, content)
    books.post_all()


def test_a_rule_changed_in_place_proposes_nothing_and_says_what_waits(changed):
    assert changed.entries("proposed") == []
    assert held(changed) == [("1110", Decimal("-100.00")), ("1120", Decimal("100.00"))]
    assert changed.propose() == NOTHING
    (waiting,) = status.gather(changed.by("auditor"))["restatements"]
    assert (waiting["rule"], waiting["first_period"]) == ("JR01", "2026-09")
    assert (waiting["sums"], waiting["amount"]) == (2, Decimal("100.00"))


def test_what_waits_has_one_hash_in_the_database_and_in_what_if(changed):
    (by_database,) = changed.one("auditor", "select ledger.restatement_hash('{JR01}')")
    rows = [
        restatements.Difference("NLH", "1120", "2026-09", "charge.posted", Decimal(100)),
        restatements.Difference("NLH", "1110", "2026-09", "charge.posted", Decimal("-100.00")),
    ]
    assert by_database == restatements.difference_hash(rows)


def test_an_order_lets_it_through_for_two_signatures_once(changed):
    order = changed.order_restatement("JR01")
    assert changed.propose() == (1, 0, 0)
    assert changed.entries("proposed")[0][3] == "restatement"
    assert changed.approve() == 0
    restate(changed)
    assert changed.recorded() == demanded([charge("v2")])
    assert changed.propose() == NOTHING
    assert held(changed) == []
    (made,) = restatements.orders(changed.by("auditor"))
    assert (made.order_id, made.state, made.events) == (order, "carried out", 1)


@pytest.mark.parametrize("state", ["open", "refused", "other hash", "other rule"])
def test_without_an_approved_order_of_just_this_difference_it_waits(changed, state):
    books, rule = changed, "JR05" if state == "other rule" else "JR01"
    (seen,) = books.one("auditor", "select ledger.restatement_hash('{JR01}')")
    asked = "0" * 64 if state == "other hash" else seen
    number = restatements.ask(books.by("manager"), asked, [rule], "changed on purpose")
    if state != "open":
        act = "refused" if state == "refused" else "approved"
        (order,) = restatements.orders(books.by("auditor"))
        restatements.decide(books.by("controller"), number, act, order.content_hash, "seen")
    assert books.propose() == NOTHING
    assert len(held(books)) == 2


def test_an_order_does_not_let_through_what_changed_since(changed):
    changed.order_restatement("JR01")
    changed.demand([charge("v2", amount="120.00")])
    assert changed.propose() == NOTHING
    changed.demand([charge("v2")])
    assert changed.propose() == (1, 0, 0)


def test_new_events_post_by_the_new_version_while_the_old_ones_wait(changed):
    new = charge("v2", "7.00", "b", day=OCTOBER)
    changed.demand([charge("v2"), new])
    assert changed.propose() == (1, 0, 0)
    assert changed.approve() == 1
    assert changed.recorded("approved") == demanded([new])


def test_a_correction_of_an_event_of_its_own_version_goes_on(books):
    books.run([charge(), charge("v1", "5.00", "b")])
    corrected = [charge("v1", "130.00"), charge("v1", "5.00", "b")]
    books.run(corrected)
    assert books.recorded() == demanded(corrected)


@pytest.mark.parametrize("amount", ["100.00", "130.00"])
def test_a_changed_rule_waits_also_where_its_event_changed_too(books, amount):
    books.run([charge()])
    books.demand([charge("v2", amount)])
    assert books.propose() == NOTHING
    assert held(books)[:2] == [("1110", Decimal("-100.00")), ("1120", Decimal(amount))]


def test_sides_that_were_exchanged_wait(books):
    books.run([charge()])
    books.demand([charge("turned")])
    assert books.propose() == NOTHING
    assert held(books) == [("1110", Decimal("-200.00")), ("4010", Decimal("200.00"))]


def test_a_rule_that_became_a_memo_waits(books):
    books.run([charge()])
    books.demand([charge("v2")])
    books.by("transform").execute("truncate marts.fct_ledger_line")
    assert books.propose() == NOTHING
    assert held(books) == [("1110", Decimal("-100.00")), ("4010", Decimal("100.00"))]


def test_evidence_that_is_gone_is_taken_back_without_an_order(books):
    books.run([charge()])
    assert books.run([]) != []
    assert books.recorded() == {}


def test_an_event_that_moves_to_another_date_takes_the_variant_of_that_date(books):
    books.run([charge(day=AUGUST)])
    moved = [charge("v2", day=OCTOBER)]
    books.run(moved)
    assert books.recorded() == demanded(moved)


def test_dimensions_move_under_another_version_of_the_same_accounts(books):
    books.run([Event("a", "charge.posted", "100.00")])
    moved = [Event("a", "charge.posted", "100.00", facility="EAST", version="v2")]
    books.run(moved)
    assert books.recorded() == demanded(moved)


def test_what_is_let_through_stays_so_while_its_entries_are_signed_one_by_one(books):
    first, second = charge(), charge(event_id="b", day=OCTOBER)
    books.run([first, second])
    then = [charge("v2"), charge("v2", event_id="b", day=OCTOBER)]
    books.demand(then)
    books.propose()
    books.order_restatement("JR01")
    assert books.propose() == (2, 0, 0)
    (entry_id, *_, content), _ = books.entries("proposed")
    for person in ("controller", "manager"):
        ledger.approve(books.by(person), entry_id, content)
    assert books.propose() == (0, 0, 1)
    restate(books)
    assert books.recorded() == demanded(then)


def test_a_rule_that_goes_back_needs_an_order_of_its_own_each_time(changed):
    books = changed
    for version in ("v1", "v2"):
        books.order_restatement("JR01")
        books.propose()
        restate(books)
        books.demand([charge(version)])
        assert books.propose() == NOTHING
        assert len(held(books)) == 2
    assert books.recorded() == demanded([charge("v1")])
    assert len(restatements.orders(books.by("auditor"))) == 2


def test_orders_acts_and_events_equal_the_audit(changed):
    changed.order_restatement("JR01")
    changed.propose()
    assert verification.problems(changed.by("auditor")) == []
    actions = changed.ask("auditor", "select action from ledger.audit where action like '%restat%'"
                          " order by seq")  # fmt: skip
    assert actions == [("ask restatement",), ("decide restatement",), ("restate",)]


# Attacks.


@pytest.mark.parametrize(
    "role", ["preparer", "transform", "poster", "ingest", "biller", "auditor", "bi_reader"]
)
@pytest.mark.parametrize("query", [ASK, DECIDE], ids=["ask", "decide"])
def test_no_role_of_the_pipeline_asks_or_decides(changed, role, query):
    changed.one("manager", ASK)
    with pytest.raises(InsufficientPrivilege):
        changed.by(role).execute(query)


@pytest.mark.parametrize("query", [ASK, DECIDE], ids=["ask", "decide"])
def test_policy_is_no_person(changed, query, refused):
    changed.one("manager", ASK)
    refused(changed.by("policy"), query, code="NOT_A_PERSON")


def test_who_asks_does_not_decide(changed, refused):
    changed.one("controller", ASK)
    refused(changed.by("controller"), DECIDE, code="SELF_APPROVAL")


def test_only_a_controller_decides(changed, refused):
    changed.one("controller", ASK)
    refused(changed.by("manager"), DECIDE, code="ROLE")


def test_an_order_is_decided_once_and_as_it_was_seen(changed, refused):
    changed.one("manager", ASK)
    other = "select ledger.decide_restatement(1, 'approved', repeat('f', 64))"
    refused(changed.by("controller"), other, code="CONTENT")
    refused(changed.by("controller"), other.replace("(1,", "(9,"), code="NO_ORDER")
    silent = DECIDE.replace("approved", "refused")
    refused(changed.by("controller"), silent, code="REASON")
    changed.one("controller", DECIDE)
    refused(changed.by("controller"), DECIDE, code="STATE")


ORDER = (
    "insert into ledger.restatement_order (what_if_hash, rules, reason, content_hash, asked_by,"
    " asked_at) values (repeat('0', 64), '{JR01}', 'changed on purpose', '', %s, now())"
)
ACT = (
    "insert into ledger.restatement_act select order_id, 'approved', content_hash, null,"
    " 'controller', now() from ledger.restatement_order"
)
LET = "insert into ledger.restatement_event values (1, 'a', 'JR01', 'v1', 'v2', 1)"


def test_not_even_the_owner_orders_decides_or_lets_through(changed, refused):
    order = changed.order_restatement("JR01")
    owner = changed.as_owner()
    refused(owner, ORDER, "manager", code="NOT_A_PERSON")
    refused(owner, ACT, code="NOT_A_PERSON")
    refused(owner, LET.replace("(1,", f"({order},"), code="IMMUTABLE")
    refused(owner, "delete from ledger.restatement_hold", code="IMMUTABLE")
    assert len(held(changed)) == 2


def test_a_person_with_the_owners_rights_signs_as_himself_alone(changed, owning, refused):
    changed.one("manager", ASK)
    person = owning("controller")
    person.execute(ORDER, ["manager"])
    asked = changed.ask("auditor", "select asked_by from ledger.restatement_order order by 1")
    prefix = changed.database.settings.role_prefix
    assert asked == [(f"{prefix}_controller",), (f"{prefix}_manager",)]
    refused(person, ACT + " where order_id = 2", code="SELF_APPROVAL")
    refused(person, LET, code="IMMUTABLE")


def test_who_proposes_lets_nothing_through_that_was_not_ordered(changed, owning, refused):
    with pytest.raises(InsufficientPrivilege):
        changed.by("preparer").execute(LET)
    maker = owning("preparer")
    changed.one("manager", ASK)
    refused(maker, LET, code="UNAPPROVED")
    changed.one("controller", DECIDE)
    refused(maker, LET, code="CONTENT")
    order = changed.order_restatement("JR01", by="approver")
    changed.propose()
    again = LET.replace("(1, 'a'", f"({order}, 'b'")
    refused(maker, again, code="(CONTENT|STATE)")


@pytest.mark.parametrize("name", ["order", "act", "event"])
@pytest.mark.parametrize(
    "query", ["update ledger.restatement_{} set order_id = 7", "delete from ledger.restatement_{}",
              "truncate ledger.restatement_{} cascade"], ids=["change", "delete", "empty"],
)  # fmt: skip
def test_nobody_changes_or_deletes_what_was_decided(ordered, name, query):
    with pytest.raises(psycopg.Error) as refusal:
        ordered.as_owner().execute(query.format(name))
    assert isinstance(refusal.value, RaiseException | psycopg.errors.GeneratedAlways)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("update ledger.restatement_order set rules = '{JR01,JR05}'", "restatement_order 1 by"),
        ("delete from ledger.restatement_act", "restatement_act 1 by"),
        ("update ledger.restatement_act set actor = 'somebody'", "restatement_act 1 by"),
        ("update ledger.restatement_event set to_version = 'v3'", "restatement order 1: events"),
        ("delete from ledger.restatement_event", "restatement order 1: events"),
    ],
    ids=["order", "no decision", "other person", "other version", "no event"],
)
def test_what_a_superuser_changed_without_triggers_shows(ordered, query, problem):
    admin = ordered.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute(query)
    found = verification.problems(ordered.by("auditor"))
    assert any(one.startswith(f"restatements: {problem}") for one in found)


@pytest.fixture
def command(changed, monkeypatch):
    """Run `tieout policy restate` on the test's database, as the login that it names."""
    from orchestration import launcher  # noqa: PLC0415 (the launcher is slow to import)

    class OwnServer(launcher.Launcher):
        @contextmanager
        def database(self):
            yield type("Settings", (), {"database": changed.database.settings})

    monkeypatch.setattr(launcher, "Launcher", OwnServer)
    return lambda *words: CliRunner().invoke(app, ["policy", "restate", *words])


def test_two_people_order_a_restatement_by_command(changed, command):
    shown = command("list").output
    (seen,) = changed.one("auditor", "select ledger.restatement_hash('{JR01}')")
    assert f"hash of this difference: {seen}" in shown
    why = ("--reason", "changed on purpose")
    assert command("ask", seen, "--rule", "JR77x", *why).exit_code == 1
    assert command("ask", seen, "--rule", "JR01", *why).output == "restatement order 1: open\n"
    refusal = command("approve", "1", "--as", "manager")
    assert refusal.exit_code == 1
    assert "SELF_APPROVAL" in refusal.output + str(refusal.stderr) + str(refusal.exception)
    assert command("approve", "1").output.endswith("restatement order 1: approved\n")
    assert changed.propose() == (1, 0, 0)
    assert "carried out" in command("list").output
    assert "Nothing waits for an order." in command("list").output
    assert command("approve", "4").exit_code == 1
