"""Soft and hard closes, waivers, and corrections of closed periods by class and materiality."""

from contextlib import contextmanager
from datetime import date
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from orchestration import approve
from orchestration.cli import app
from orchestration.period import gather, render
from resources.warehouse import ledger, periods, verification
from resources.warehouse.ledger import LedgerRefusedError
from tests.fixtures.books import Event

pytestmark = pytest.mark.promise(
    "A period closes softly, then hard, by two people, and not while something blocks it",
    "A correction of a closed period waits for a controller above the threshold",
)

AUGUST, SEPTEMBER, OCTOBER = date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)
IN_AUGUST = date(2026, 8, 15)


def sign(books, person="controller"):
    entry_id, content = books.entry_in("proposed")
    ledger.approve(books.by(person), entry_id, content)
    return entry_id


def test_a_soft_period_takes_named_classes_with_a_controllers_signature_only(books):
    books.build()
    books.decide("soft_close", AUGUST)
    named = Event("a", "credit.reclass.patient", "20.00", day=IN_AUGUST)
    other = Event("b", "charge.posted", "100.00", day=IN_AUGUST)
    books.demand([named, other])
    books.propose()
    found = {row[3]: (row[0], row[2], row[7]) for row in books.entries("proposed")}
    assert found["none"][1] == SEPTEMBER
    entry_id, accounting_date, content = found["close-preparer"]
    assert accounting_date == IN_AUGUST
    ledger.approve(books.by("approver"), entry_id, content)
    assert books.holds(entry_id) == {"PERIOD"}
    assert entry_id in {one["entry_id"] for one in approve.waiting(books.by("controller"))}
    ledger.approve(books.by("controller"), entry_id, content)
    assert books.sendable() == [entry_id]


@pytest.mark.parametrize("role", ["auditor", "approver", "poster", "preparer", "transform"])
def test_whoever_reads_the_ledger_reads_what_holds_its_entries(books, role):
    books.demand([Event("a", "suspense.cleared.receivable", "100.00")])
    books.propose()
    assert books.ask(role, "select distinct code from ledger.hold") == [("APPROVAL",)]


def test_a_period_closes_softly_then_hard_and_each_act_is_kept(books):
    books.build()
    approver, controller = books.by("approver"), books.by("controller")
    for act, status in (("soft_close", "soft"), ("close", "closed"), ("reopen", "open")):
        request = periods.request_period(approver, "NLH", AUGUST, act, "month end")
        assert [one.act_id for one in periods.open_requests(controller)] == [request]
        decided = periods.decide_period(controller, request, accepts=True, reason="seen")
        assert decided == status
    assert periods.open_requests(controller) == []
    kept = books.ask("auditor", "select act, step, actor from ledger.period_act order by act_id")
    who = {"request": "approver", "approve": "controller"}
    login = books.database.settings.login
    assert kept == [
        (act, step, login(who[step]))
        for act in ("soft_close", "close", "reopen") for step in ("request", "approve")
    ]  # fmt: skip
    assert verification.problems(books.by("auditor")) == []


def test_a_refused_request_leaves_the_period_as_it_is_and_a_late_one_is_refused(books):
    approver, controller = books.by("approver"), books.by("controller")
    first = periods.request_period(approver, "NLH", AUGUST, "soft_close", "x")
    second = periods.request_period(approver, "NLH", AUGUST, "soft_close", "x")
    assert periods.decide_period(controller, first, accepts=False, reason="not yet") == "open"
    third = periods.request_period(approver, "NLH", AUGUST, "soft_close", "x")
    assert periods.decide_period(controller, third, accepts=True, reason="now") == "soft"
    with pytest.raises(LedgerRefusedError, match="is soft by now"):
        periods.decide_period(controller, second, accepts=True, reason="x")
    with pytest.raises(LedgerRefusedError, match="REASON"):
        periods.request_period(approver, "NLH", AUGUST, "close", "")


def test_a_refused_proposal_blocks_a_close_above_the_tolerance_only(books):
    small = Event("a", "charity.approved", "25.00", day=IN_AUGUST)
    books.demand([small])
    books.propose()
    entry_id, _ = books.entry_in("proposed")
    ledger.refuse(books.by("controller"), entry_id, "wait", "controller", date(2026, 11, 15))
    assert periods.blockers(books.by("auditor"), "NLH", AUGUST) == []
    books.demand([Event("a", "charity.approved", "25.01", day=IN_AUGUST)])
    books.propose()
    entry_id, _ = books.entry_in("proposed")
    ledger.refuse(books.by("controller"), entry_id, "wait", "controller", date(2026, 11, 15))
    (blocker,) = periods.blockers(books.by("auditor"), "NLH", AUGUST)
    assert (blocker.code, blocker.item, blocker.amount) == (
        "REFUSED", str(entry_id), Decimal("25.01"),
    )  # fmt: skip


def test_whoever_keeps_reconciliations_blocks_a_close_through_the_view(books):
    books.build()
    books.as_owner().execute(
        "create or replace view ledger.open_reconciliation as select 'NLH'::text as entity_code,"
        " date '2026-08-01' as period_start, '1110'::text as item, 7.00::numeric(14, 2) as amount,"
        " 'not reconciled'::text as detail"
    )
    (blocker,) = periods.blockers(books.by("auditor"), "NLH", AUGUST)
    assert (blocker.code, blocker.item) == ("RECONCILIATION", "1110")


def closed_august_with_a_late_charge(books, amount="10000.01"):
    """Close August; a charge of August comes afterwards and is proposed for September."""
    books.build()
    books.decide("close", AUGUST)
    books.demand([Event("a", "charge.posted", amount, day=IN_AUGUST)])
    books.propose()


def test_late_evidence_of_a_closed_period_is_new_information_and_an_estimate_is_one(books):
    closed_august_with_a_late_charge(books)
    books.demand([Event("a", "charge.posted", "10.00", day=IN_AUGUST),
                  Event("b", "ipc.true_up", "10.00", day=IN_AUGUST)])  # fmt: skip
    books.propose()
    query = (
        "select distinct rule, correction_class from ledger.entry_line join ledger.entry"
        " using (entry_id) where state = 'proposed' order by rule"
    )
    assert books.ask("auditor", query) == [
        ("JR01", "new_information"), ("JR45", "change_of_estimate"),
    ]  # fmt: skip


def test_an_error_above_the_threshold_waits_for_a_controller_with_both_views_shown(books):
    closed_august_with_a_late_charge(books)
    periods.classify_correction(
        books.by("approver"), "NLH", AUGUST, "JR01", "error", "charge left out"
    )
    assert books.propose() == (1, 1, 0)
    assert books.approve() == 0
    entry_id, content = books.entry_in("proposed")
    assert {"CORRECTION", "APPROVAL"} <= books.holds(entry_id)
    ledger.approve(books.by("approver"), entry_id, content)
    assert books.sendable() == []
    (row,) = periods.materiality(books.by("auditor"))
    assert (row.period_amount, row.period_income_amount) == (Decimal("10000.01"),) * 2
    assert (row.accumulated_amount, row.is_material) == (Decimal("10000.01"), True)
    ledger.approve(books.by("controller"), entry_id, content)
    assert books.sendable() == [entry_id]


def test_small_errors_wait_once_they_come_to_the_threshold_together(books):
    closed_august_with_a_late_charge(books, "6000.00")
    periods.classify_correction(books.by("controller"), "NLH", AUGUST, "JR01", "error", "x")
    books.propose()
    assert books.approve() == 1
    books.post_all()
    first = Event("a", "charge.posted", "6000.00", day=IN_AUGUST)
    second = Event("b", "charge.posted", "4000.01", day=date(2026, 8, 20))
    books.demand([first, second])
    books.propose()
    assert books.approve() == 0
    rows = [row for row in periods.materiality(books.by("auditor")) if row.state == "proposed"]
    assert [(row.period_amount, row.accumulated_amount) for row in rows] == [
        (Decimal("4000.01"), Decimal("10000.01"))
    ]


def test_errors_of_two_facilities_come_to_the_threshold_together(books):
    closed_august_with_a_late_charge(books, "6000.00")
    periods.classify_correction(books.by("controller"), "NLH", AUGUST, "JR01", "error", "x")
    first = Event("a", "charge.posted", "6000.00", day=IN_AUGUST)
    second = Event("b", "charge.posted", "4000.01", day=IN_AUGUST, facility="EAST")
    books.demand([first, second])
    books.propose()
    (row,) = periods.materiality(books.by("auditor"))
    assert (row.period_amount, row.is_material) == (Decimal("10000.01"), True)


def test_a_changed_rule_on_a_closed_period_waits_until_somebody_says_what_it_is(books):
    books.run([Event("a", "charge.posted", "100.00", day=IN_AUGUST)])
    books.decide("close", AUGUST)
    moved = Event("a", "charge.posted", "100.00", IN_AUGUST, version="v2",
                        accounts=("1120", "4010"))  # fmt: skip
    books.demand([moved])
    books.propose()
    books.order_restatement("JR01")
    books.propose()
    entry_id, _ = books.entry_in("proposed")
    assert "CORRECTION" in books.holds(entry_id)
    periods.classify_correction(
        books.by("controller"), "NLH", AUGUST, "JR01", "change_of_principle", "new policy"
    )
    books.propose()
    assert books.holds(books.entry_in("proposed")[0]) == {"APPROVAL"}


@pytest.fixture
def command(books, monkeypatch):
    """Run a command of `tieout period` on the test's database, as the login that it names."""
    from orchestration import launcher  # noqa: PLC0415 (the launcher is slow to import)

    class OwnServer(launcher.Launcher):
        @contextmanager
        def database(self):
            yield type("Settings", (), {"database": books.database.settings})

    monkeypatch.setattr(launcher, "Launcher", OwnServer)
    return lambda *words: CliRunner().invoke(app, ["period", *words])


def test_two_people_close_and_reopen_a_period_by_command(books, command):
    books.build()
    asked = command("close", "NLH", "2026-08", "--reason", "month end")
    assert asked.output.startswith("request 1 waits")
    assert "request  act    entity" in command("show", "NLH", "2026-08").output
    refused = command("decide", "1", "--reason", "x", "--login", "approver")
    assert refused.exit_code == 1
    assert "SAME_PERSON" in refused.output + str(refused.stderr)
    assert command("decide", "1", "--reason", "seen").output == (
        "request 1 is approved: period closed\n"
    )
    assert gather(books.by("auditor"), "NLH", None)["periods"][7]["own_status"] == "closed"


def test_the_page_of_a_period_names_what_blocks_it(books):
    books.demand([Event("a", "charge.posted", "100.00", day=IN_AUGUST)])
    books.propose()
    lines = render(gather(books.by("auditor"), "NLH", "2026-08"))
    assert any(line.split()[:3] == ["HELD", "1", "100.00"] for line in lines)
