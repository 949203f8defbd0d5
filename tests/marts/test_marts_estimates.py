"""From open balances to ledger lines: estimates and opening balances over a hand-made world."""

import hashlib
import json
from contextlib import closing
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from billing.ledger.opening import read_balances, read_opening
from orchestration import estimates as page
from orchestration.estimates import Wanted
from orchestration.opening_command import payer_classes
from orchestration.rebuild import built_anew
from resources.warehouse import estimates, openings, tie_outs
from resources.warehouse.builds import deploy_checks
from resources.warehouse.database import connect
from resources.warehouse.handover import hand_over_build
from tests.fixtures.books import Books
from tests.marts.small_world import MCR, World

D = Decimal
SEPTEMBER, OCTOBER = date(2026, 9, 30), date(2026, 10, 31)
NO_TESTS = ("--exclude-resource-type", "test")
LINES = """
select original_date, sum(signed_amount) from marts.fct_ledger_line
where rule = %s and account = %s group by original_date order by original_date
"""
POSTED = """
select line.account, sum(line.debit_amount - line.credit_amount) as amount
from ledger.entry_line as line join ledger.entry as entry using (entry_id)
where entry.state = 'posted' and entry.entity_code = 'NLH' group by line.account
"""
DECIDED = """
select line_id, event, account, signed_amount, facility_code, payer_class, account_key,
       original_date, evidence_hash
from marts.fct_ledger_line
where control_key like 'estimate %%' or control_key like 'opening %%' order by line_id
"""
LIST = b"""entity,account_kind,account_number,payer_class,facility,amount,cutover_date
NLH,payer_receivable,LEGACY-1,medicare,MAIN,700.00,2026-03-31
NLH,payer_receivable,LEGACY-2,medicare,NONE,300.00,2026-03-31
NLH,patient_credit,LEGACY-1,medicare,MAIN,20.00,2026-03-31
"""
HELD = b"entity,account,balance\nNLH,1110,1000.00\nNLH,2125,-20.00\n"


def tell(world: World) -> None:
    """OLD lost 60.00 of 150.00 to the contract, of which 50.00 came two days late; MID came the day
    after and was paid whole; SEP and NEW are open, DEN is denied.
    """
    world.encounter("OLD", ("MCR01",), "100.00", day="2026-05-04")
    world.charge("OLD", "50.00", day="2026-05-04", charge_id="late",
                 posted_date=date(2026, 5, 6))  # fmt: skip
    world.remittance("T1", MCR, "2026-05-20", [
        {"account": "OLD", "charge": "150.00", "paid": "90.00",
         "cas": [("CO", "45", "60.00")]}])  # fmt: skip
    world.encounter("MID", ("MCR01",), "0.00", day="2026-08-03")
    world.charge("MID", "91.00", day="2026-08-03", charge_id="m", posted_date=date(2026, 8, 4))
    world.remittance("T2", MCR, "2026-08-20", [
        {"account": "MID", "charge": "91.00", "paid": "91.00"}])  # fmt: skip
    world.encounter("SEP", ("MCR01",), "300.00", day="2026-09-25")
    world.encounter("NEW", ("MCR01",), "500.00", day="2026-10-20")
    world.encounter("DEN", ("MCR01",), "200.00", day="2026-10-01")
    world.remittance("T3", MCR, "2026-10-15", [
        {"account": "DEN", "charge": "200.00", "paid": "0.00",
         "cas": [("CO", "197", "200.00")]}], payment_method="NON")  # fmt: skip


def _certify(warehouse: Any, build_id: str) -> None:
    with psycopg.connect(warehouse.settings.url("admin")) as admin:
        deploy_checks(admin, [], None)
    with connect(warehouse.settings, "transform", autocommit=True) as transform:
        transform.execute(
            "insert into ops.build (build_id, as_of_date, started_at) values (%s, %s, now())",
            [build_id, OCTOBER],
        )
        hand_over_build(transform)
        transform.execute("select ops.issue_certificate(%s)", [build_id])


def _prepare(warehouse: Any, cutoff: date, *rules: str) -> list[int]:
    with connect(warehouse.settings, "preparer", autocommit=True) as preparer:
        wanted = Wanted(["NLH"], rules, cutoff, minimum=1, is_exact=True)
        return page.prepare(preparer, wanted)


@pytest.fixture(scope="module")
def world(make_warehouse: Any, new_rows: Any) -> Any:
    """September estimated, then October; the opening list at last."""
    warehouse = make_warehouse("estimates")
    rows = new_rows()
    tell(World(rows))
    warehouse.write(rows)
    for day in (SEPTEMBER, OCTOBER):
        warehouse.cut_off(day)
    basis = ("+mart_estimate_balance", "+mart_estimate_rate", "+mart_paid_in")
    warehouse.build("--select", *basis, *NO_TESTS)
    _certify(warehouse, "b1")
    warehouse.september = _prepare(warehouse, SEPTEMBER, "JR46", "JR59")
    warehouse.october = _prepare(warehouse, OCTOBER, "JR24", "JR46")
    warehouse.build("--select", "+fct_ledger_line", *NO_TESTS)
    warehouse.before = warehouse.balances()
    _open(warehouse)
    warehouse.last_build = warehouse.build()
    return warehouse


def _open(warehouse: Any) -> None:
    with connect(warehouse.settings, "preparer", autocommit=True) as preparer:
        known = openings.known(preparer, payer_classes())
        lines = read_opening("list.csv", LIST, known)
        stated = read_balances("held.csv", HELD, known)
        source = openings.File("list.csv", "a" * 64)
        number = openings.load(preparer, source, lines, stated, b"k" * 32)
    for person in ("controller", "manager"):
        with connect(warehouse.settings, person, autocommit=True) as connection:
            (held,) = openings.lists(connection)
            openings.decide(connection, number, "approved", held.content_hash)


def _run(warehouse: Any, number: int) -> tuple[Any, list[Any]]:
    with connect(warehouse.settings, "auditor", autocommit=True) as auditor:
        return page.one_run(auditor, number), estimates.lines(auditor, number)


@pytest.mark.promise("A contractual reserve follows history and the entity's method, to the cent")
def test_the_reserve_is_what_the_history_says_of_the_open_balances(world):
    # OLD lost 60.00 of 150.00, 40 %, in its first age; no claim was ever open for longer.
    run, lines = _run(world, world.october[1])
    found = [(one.age_bucket, one.balance_amount, one.rate, one.rate_level) for one in lines]
    assert found == [("0-30", D("500.00"), D("0.4"), "segment"),
                     ("31-60", D("300.00"), D("0.4"), "entity_all")]  # fmt: skip
    assert run.required_amount == D("320.00")


@pytest.mark.promise("A contractual reserve follows history and the entity's method, to the cent")
def test_the_method_is_the_entitys_own_unless_one_is_asked_for(world):
    # Of the 150.00 of OLD nobody paid 60.00; MID's 90 days are not over, and opening balances are
    # no history. 40 % of 800.00 and of the 1,000.00 that were opened.
    connection = world.connection
    change = "update ops.entity set reserve_method = %s where entity_code = 'NLH'"
    connection.execute(change, ["expected_yield"])
    try:
        (number,) = _prepare(world, OCTOBER, "JR46")
    finally:
        connection.execute(change, ["rate_by_age"])
    run, lines = _run(world, number)
    with connect(world.settings, "preparer", autocommit=True) as preparer:
        estimates.withdraw(preparer, number, "only to see what it says")
    assert (run.method, run.required_amount) == ("expected_yield", D("720.00"))
    assert {one.rate_level for one in lines} == {"segment", "entity"}


@pytest.mark.promise(
    "Denied balances are reserved by their own rule, which says that it lacks history"
)
def test_what_is_denied_is_reserved_by_its_own_rule_and_says_that_it_has_no_history(world):
    run, (line,) = _run(world, world.october[0])
    assert (run.rule, line.balance_amount, line.rate_level) == ("JR24", D("200.00"), "none")


@pytest.mark.promise(
    "The charge lag reserves the share of a day's charges that usually comes later"
)
def test_the_lag_reserves_the_share_that_comes_later_of_a_day_to_be_expected(world):
    # 91.00 in the 91 days that are complete: 1.00 a day. Of 241.00, 141.00 came later than the day
    # itself (0.585062), 50.00 later than the next (0.207469): 0.59 and 0.21.
    run, lines = _run(world, world.september[1])
    assert [(one.age_bucket, one.rate) for one in lines] == [
        ("LAG-00", D("0.585062")), ("LAG-01", D("0.207469"))]  # fmt: skip
    assert run.required_amount == D("0.80")


@pytest.mark.promise("A month-end reserve posts only the difference to the month before")
def test_a_true_up_adds_what_the_month_needs_more_than_the_one_before(world):
    # September needed 40 % of 300.00, October 320.00 in all.
    assert world.rows(LINES, "JR46", "1190") == [
        (SEPTEMBER, D("-120.00")), (OCTOBER, D("-200.00"))]  # fmt: skip
    assert world.rows(LINES, "JR46", "4510") == [
        (SEPTEMBER, D("120.00")), (OCTOBER, D("200.00"))]  # fmt: skip


@pytest.mark.promise("An accrual reverses itself on the day after its cut-off")
def test_an_accrual_reverses_itself_on_the_day_after_its_cutoff(world):
    assert world.rows(LINES, "JR59", "1130") == [
        (SEPTEMBER, D("0.80")), (date(2026, 10, 1), D("-0.80"))]  # fmt: skip


@pytest.mark.promise("Hindsight compares a past reserve with what its claims came to")
def test_hindsight_of_september_follows_the_claims_that_were_open_then(world):
    # SEP is open still: 300.00 at 40 %. None of the charges up to September came late in the end.
    found = world.rows(
        "select run_id, required_amount, realised_amount, remaining_amount, difference_amount"
        " from marts.mart_estimate_hindsight where cutoff_date = %s order by run_id",
        SEPTEMBER,
    )
    first, second = world.september
    assert found == [(first, D("120.00"), D("0.00"), D("120.00"), D("0.00")),
                     (second, D("0.80"), D("0.00"), D("0.80"), D("0.00"))]  # fmt: skip


@pytest.mark.promise("Estimates and opening balances pass every data test")
def test_every_data_test_passes_with_estimates_and_opening_balances(world):
    assert world.last_build.broken == ()
    assert [test.name for test in world.last_build.tests if not test.has_passed] == []


@pytest.mark.promise(
    "Opening balances count in the sub-ledger, tie to the ERP and are never posted"
)
def test_opening_balances_are_in_the_sub_ledger_and_never_reach_the_erp(world):
    after = world.balances()
    moved = {
        key: after.get(key, D(0)) - world.before.get(key, D(0)) for key in {*after, *world.before}
    }
    assert {key: amount for key, amount in moved.items() if amount} == {
        ("NLH", "1110"): D("1000.00"), ("NLH", "2125"): D("-20.00"),
        ("NLH", "3990"): D("-980.00")}  # fmt: skip
    assert world.rows(
        "select distinct reaches_erp, original_date from marts.fct_ledger_line"
        " where event like 'opening.%%'") == [(False, date(2026, 3, 31))]  # fmt: skip


@pytest.mark.promise(
    "Opening balances count in the sub-ledger, tie to the ERP and are never posted"
)
def test_the_reconciliation_counts_opening_balances_and_not_their_offset(world):
    world.runner.run(["--select", "tag:post", *NO_TESTS])
    found = dict(world.rows(
        "select account, subledger_amount from marts.mart_ledger_reconciliation"
        " where account in ('1110', '2125', '3990') and entity_code = 'NLH'"))  # fmt: skip
    # SEP, NEW and DEN are 1,000.00 open beside the opening balance.
    assert found == {"1110": D("2000.00"), "2125": D("-20.00")}


@pytest.mark.promise("Receivables and item lists tie out with estimates and opening balances")
def test_the_tie_outs_of_receivables_and_item_lists_hold(world):
    found = [one for one in tie_outs.evaluate(world.connection) if one.id in {"T8", "T13"}]
    assert [one for one in found if not one.holds] == []
    assert {("T8", "NLH/1190"), ("T13", "NLH/2125")} <= {(one.id, one.scope) for one in found}


@pytest.mark.promise("No account number of an opening list reaches a mart")
def test_no_account_number_reaches_the_marts(world):
    assert world.rows("select * from marts.fct_ledger_line l where l::text like '%%LEGACY%%'") == []


@pytest.fixture(scope="module")
def posted(world: Any) -> Books:
    """All that the world demands proposed, signed and posted; the ERP held the opening balances."""

    def connected(role: str) -> Any:
        return connect(world.settings, role, autocommit=True)

    def admin() -> Any:
        return psycopg.connect(world.settings.url("admin"), autocommit=True)

    books = Books(SimpleNamespace(connect=connected, admin=admin, settings=world.settings))
    for month in range(5, 11):
        books.by("poster").execute(
            "select ledger.mirror_period('NLH', %s::date,"
            " (%s::date + interval '1 month - 1 day')::date, %s, 'open')",
            [f"2026-{month:02}-01", f"2026-{month:02}-01", f"P{month}"],
        )
    books.propose(books.build(as_of=OCTOBER))
    books.approve()
    for person in ("controller", "manager"):
        for entry_id, *_, content in books.entries("proposed"):
            books.by(person).execute("select ledger.approve(%s, %s)", [entry_id, content])
    books.post_all()
    held = dict(books.ask("auditor", POSTED))
    held |= {"1110": held["1110"] + 1000, "2125": held.get("2125", D(0)) - 20}
    report = json.dumps({account: str(amount) for account, amount in held.items()})
    books.carry_in()
    query = "select ledger.record_erp_balance('NLH', %s, %s)"
    books.by("poster").execute(query, [OCTOBER, report])
    world.runner.run(["--select", "tag:post", *NO_TESTS])
    return books


@pytest.mark.promise("Estimates are posted once, after two signatures")
def test_estimates_are_posted_after_two_signatures_and_opening_balances_never(posted):
    assert {state for *_, state, _ in posted.entries()} == {"posted"}
    assert "close-preparer+approver" in {entry[3] for entry in posted.entries()}
    accounts = dict(posted.ask("auditor", POSTED))
    assert (accounts["1190"], accounts["1130"], "3990" in accounts) == (D("-320"), D(0), False)


@pytest.mark.promise(
    "Opening balances count in the sub-ledger, tie to the ERP and are never posted"
)
@pytest.mark.usefixtures("posted")
def test_the_sub_ledger_equals_the_erp_that_held_the_opening_balances(world):
    found = [one for one in tie_outs.evaluate(world.connection) if one.id in {"T9", "T10"}]
    assert [one for one in found if not one.holds] == []
    (t9,) = [one for one in found if (one.id, one.scope) == ("T9", "NLH/1110")]
    assert t9.left == t9.right == D("2000.00")


@pytest.mark.promise("Estimates are posted once, after two signatures")
def test_a_second_proposal_after_posting_proposes_nothing(posted):
    assert posted.propose(posted.build(as_of=OCTOBER))[0] == 0


@pytest.mark.promise("A ledger rebuilt from evidence has the same estimates and opening balances")
def test_a_ledger_built_anew_has_the_same_estimates_and_opening_balances(
    world, tmp_path, dbt_state
):
    (tmp_path / "dbt").symlink_to(dbt_state)
    for (file_id,) in world.rows("select file_id from ops.received_file"):
        empty = f"{file_id} holds no record".encode()  # nothing but decisions is left
        sha256 = hashlib.sha256(empty).hexdigest()
        change = "update ops.received_file set (sha256, file_id) = (%s, %s) where file_id = %s"
        with world.connection.transaction():
            world.connection.execute("set local session_replication_role = replica")
            world.connection.execute(change, [sha256, sha256[:32], file_id])
        archived = tmp_path / "archive" / sha256[:2] / sha256
        archived.parent.mkdir(parents=True, exist_ok=True)
        archived.write_bytes(empty)
    settings = SimpleNamespace(
        database=world.settings, archive_folder=tmp_path / "archive", home=tmp_path,
        hash_key=b"k" * 32,
    )  # fmt: skip
    ours = world.rows(DECIDED)
    with built_anew(settings) as anew, closing(connect(anew, "transform")) as connection:
        theirs = connection.execute(DECIDED.replace("%%", "%")).fetchall()
    assert len(ours) > 10
    assert theirs == ours
