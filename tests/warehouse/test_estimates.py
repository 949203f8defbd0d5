"""Estimates as evidence: what a run may say, who signs what it demands, and who may not."""

import json
from datetime import date
from decimal import Decimal

import psycopg
import pytest

from billing.estimates import reserve
from resources.warehouse import estimates, ledger, verification
from resources.warehouse.estimates import Basis, Draft
from resources.warehouse.ledger import LedgerRefusedError
from tests.fixtures.books import RULES, Event, begins

pytestmark = pytest.mark.promise(
    "An estimate keeps balance, rate and sources, and agrees with books and history",
    "Two people other than the preparer sign an estimate; policy does not",
    "An estimate that was changed past the functions is found",
)

SEPTEMBER, OCTOBER = date(2026, 9, 30), date(2026, 10, 31)


@begins
def estimated(books):
    """Two cut-offs with 1,000.00 of young patient balances, of which a fifth was lost before."""
    transform = books.by("transform")
    for cutoff in (SEPTEMBER, OCTOBER):
        for entity in ("NLH", "NPG"):
            books.by("preparer").execute("select ledger.record_cutoff(%s, %s)", [entity, cutoff])
        transform.execute(
            "insert into ledger.estimate_balance values"
            " ('NLH', %s, 'JR45', 'MAIN', 'self_pay', '0-30', 1000.00)",
            [cutoff],
        )
        transform.execute(
            "insert into ledger.estimate_rate values"
            " ('NLH', %s, 'JR45', 'MAIN', 'self_pay', '0-30', 'ALL', 40, 500.00,"
            " 100.00, 200.00)", [cutoff])  # fmt: skip
    books.demand([])
    books.build()


def lines_of(books, basis):
    reader = books.by("preparer")
    return reserve.reserve(estimates.balances(reader, basis), estimates.histories(reader, basis))


def prepare(books, *, by="preparer", cutoff=OCTOBER, changed=None, rule="JR45", **facts):
    basis = Basis("NLH", cutoff, rule)
    lines = changed or lines_of(books, basis)
    draft = Draft(basis, facts.get("method", "rate_by_age"), {}, "c" * 64, lines)
    return estimates.prepare(books.by(by), draft)


def refused(act, code):
    with pytest.raises(LedgerRefusedError) as refusal, ledger.refusals():
        act()
    assert refusal.value.code == code


def demand_run(books, amount="200.00", cutoff=OCTOBER):
    """What dbt makes of a run: an event at its cut-off, with the cut-off as its control key."""
    books.demand([Event("e", "ipc.true_up", amount, cutoff)])
    books.by("transform").execute(
        "update marts.fct_ledger_line set control_key = %s, claim_key = null, account_key = null",
        [f"estimate {cutoff}"])  # fmt: skip
    books.propose()


def sign(books, by):
    entry_id, content = books.entry_in("proposed")
    books.by(by).execute("select ledger.approve(%s, %s)", [entry_id, content])


def test_a_run_keeps_balance_rate_and_what_it_rests_on(estimated):
    number = prepare(estimated)
    (run,) = estimates.runs(estimated.by("auditor"))
    (line,) = estimates.lines(estimated.by("auditor"), number)
    assert (run.run_id, run.state, run.line_count) == (number, "counts", 1)
    assert (run.balance_amount, run.required_amount) == (Decimal("1000.00"), Decimal("200.00"))
    assert run.prepared_by.endswith("_preparer")
    assert (line.rate, line.rate_level, line.observation_count) == (
        Decimal("0.200000"), "segment", 40)  # fmt: skip
    assert verification.problems(estimated.by("auditor")) == []


def test_a_newer_run_of_a_cutoff_replaces_the_older_one(estimated):
    first, second = prepare(estimated), prepare(estimated)
    states = {run.run_id: run.state for run in estimates.runs(estimated.by("auditor"))}
    assert states == {first: "superseded", second: "counts"}


def test_after_a_withdrawal_the_run_before_it_counts_again(estimated):
    first, second = prepare(estimated), prepare(estimated)
    estimates.withdraw(estimated.by("preparer"), second, "a wrong minimum was used")
    states = {run.run_id: run.state for run in estimates.runs(estimated.by("auditor"))}
    assert states == {first: "counts", second: "withdrawn"}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [("balance_amount", Decimal("900.00"), "BALANCE"), ("facility_code", "EAST", "BALANCE"),
     ("exposed_amount", Decimal("400.00"), "RATE"), ("lost_amount", Decimal("50.00"), "RATE"),
     ("observation_count", 41, "RATE"), ("rate_level", "entity", "RATE")],
    ids=["balance", "place", "exposure", "loss", "count", "level"],
)  # fmt: skip
def test_a_run_says_what_the_books_and_the_history_say(estimated, field, value, code):
    (line,) = lines_of(estimated, Basis("NLH", OCTOBER, "JR45"))
    facts = {**vars(line), field: value}
    rate = (facts["lost_amount"] / facts["exposed_amount"]).quantize(Decimal("0.000001"))
    facts |= {"rate": rate, "required_amount": round(facts["balance_amount"] * rate, 2)}
    refused(lambda: prepare(estimated, changed=[reserve.Line(**facts)]), code)


def test_a_run_leaves_nothing_out(estimated):
    estimated.by("transform").execute(
        "insert into ledger.estimate_balance values"
        " ('NLH', %s, 'JR45', 'EAST', 'self_pay', '0-30', 5.00)",
        [OCTOBER],
    )
    (line, _) = sorted(lines_of(estimated, Basis("NLH", OCTOBER, "JR45")), key=str, reverse=True)
    refused(lambda: prepare(estimated, changed=[line]), "BALANCE")


def test_what_is_required_is_balance_times_rate(estimated):
    (line,) = lines_of(estimated, Basis("NLH", OCTOBER, "JR45"))
    wrong = reserve.Line(**{**vars(line), "required_amount": Decimal("199.99")})
    with pytest.raises(psycopg.errors.CheckViolation):
        prepare(estimated, changed=[wrong])


def test_no_run_is_of_a_cutoff_before_a_later_one(estimated):
    prepare(estimated)
    refused(lambda: prepare(estimated, cutoff=SEPTEMBER), "LATER_RUN")


@pytest.mark.parametrize(
    ("rule", "method", "code"),
    [("JR45", "memo", "METHOD"), ("JR73", "rate_by_age", "METHOD"), ("JR05", "memo", "RULE")],
)
def test_each_rule_has_its_own_methods(estimated, rule, method, code):
    (line,) = lines_of(estimated, Basis("NLH", OCTOBER, "JR45"))
    refused(lambda: prepare(estimated, changed=[line], rule=rule, method=method), code)


def test_a_run_needs_a_recorded_cutoff(estimated):
    (line,) = lines_of(estimated, Basis("NLH", OCTOBER, "JR45"))
    refused(lambda: prepare(estimated, changed=[line], cutoff=date(2026, 10, 30)), "NO_CUTOFF")


@pytest.mark.parametrize("role", ["biller", "poster", "auditor", "transform", "bi_reader"])
def test_nobody_else_prepares(estimated, role):
    lines = lines_of(estimated, Basis("NLH", OCTOBER, "JR45"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        prepare(estimated, by=role, changed=lines)


def test_policy_prepares_nothing(estimated):
    lines = lines_of(estimated, Basis("NLH", OCTOBER, "JR45"))
    refused(lambda: prepare(estimated, by="policy", changed=lines), "NOT_A_PERSON")


def test_two_other_people_sign_what_a_run_demands(estimated):
    prepare(estimated, by="controller")
    demand_run(estimated)
    with pytest.raises(psycopg.errors.RaiseException, match="SELF_APPROVAL"):
        sign(estimated, "controller")
    sign(estimated, "approver")
    assert estimated.entries("approved") == []
    sign(estimated, "manager")
    assert [one[3] for one in estimated.entries("approved")] == ["close-preparer+approver"]


def test_policy_does_not_sign_an_estimate(estimated):
    prepare(estimated)
    demand_run(estimated)
    assert estimated.approve() == 0
    entry_id, _ = estimated.entry_in("proposed")
    assert "APPROVAL" in estimated.holds(entry_id)


def test_who_prepared_an_older_run_of_the_cutoff_does_not_sign_either(estimated):
    prepare(estimated, by="manager")
    prepare(estimated)
    demand_run(estimated)
    with pytest.raises(psycopg.errors.RaiseException, match="SELF_APPROVAL"):
        sign(estimated, "manager")


@pytest.mark.parametrize("act", ["prepare", "withdraw"])
def test_what_came_after_the_build_is_seen_before_it_is_signed(estimated, act):
    number = prepare(estimated)
    demand_run(estimated)
    if act == "prepare":
        prepare(estimated)
    else:
        estimates.withdraw(estimated.by("preparer"), number, "the basis was wrong")
    with pytest.raises(psycopg.errors.RaiseException, match="STALE_RUN"):
        sign(estimated, "controller")
    estimated.propose()
    sign(estimated, "controller")


def test_the_owner_does_not_sign_his_own_run_past_the_functions(estimated, owning):
    prepare(estimated, by="controller")
    demand_run(estimated)
    entry_id, content = estimated.entry_in("proposed")
    with pytest.raises(psycopg.errors.RaiseException, match="SELF_APPROVAL"):
        owning("controller").execute(
            "insert into ledger.approval (entry_id, content_hash, basis, approver, approved_at)"
            " values (%s, %s, 'person', 'somebody', now())", [entry_id, content])  # fmt: skip


def test_what_is_in_the_books_is_not_withdrawn(estimated):
    number = prepare(estimated)
    demand_run(estimated)
    for person in ("controller", "manager"):
        sign(estimated, person)
    refused(
        lambda: estimates.withdraw(estimated.by("preparer"), number, "we changed our mind"),
        "RECORDED",
    )


def test_a_newer_run_corrects_what_is_recorded_by_its_difference(estimated):
    prepare(estimated)
    demand_run(estimated)
    for person in ("controller", "manager"):
        sign(estimated, person)
    prepare(estimated)
    demand_run(estimated, "230.00")
    entry_id, _ = estimated.entry_in("proposed")
    (gross,) = estimated.one(
        "auditor", "select gross_amount from ledger.entry where entry_id = %s", entry_id
    )
    assert gross == Decimal("30.00")


@pytest.mark.parametrize("other", ["approver", "biller", "auditor"])
def test_who_prepared_a_run_withdraws_it_or_an_approver(estimated, other):
    number = prepare(estimated)
    act = lambda: estimates.withdraw(estimated.by(other), number, "it is not mine")  # noqa: E731
    if other == "approver":
        act()
    else:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            act()


@pytest.mark.parametrize("statement", [
    "update ledger.model_run set required_amount = 1",
    "delete from ledger.model_run_line",
    "truncate ledger.model_run_use",
    "update ledger.model_run_line set rate = 0.1",
    "delete from ledger.model_rule",
    "delete from ledger.model_run_act",
    "insert into ledger.model_run_line select run_id, 2, 'EAST', payer_class, age_bucket,"
    " balance_amount, rate, rate_level, observation_count, lost_amount, exposed_amount,"
    " required_amount from ledger.model_run_line",
    "insert into ledger.model_run_use select run_id, 'MAIN', 'self_pay', 5 from ledger.model_run",
], ids=range(8))  # fmt: skip
def test_a_kept_run_is_changed_by_nobody(estimated, statement):
    prepare(estimated)
    with pytest.raises(psycopg.errors.RaiseException, match="IMMUTABLE"):
        estimated.as_owner().execute(statement)


def test_a_run_that_was_changed_past_the_triggers_is_found(estimated):
    number = prepare(estimated)
    admin = estimated.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute("update ledger.model_run set parameters = '{\"minimum_items\": 1}'")
    assert verification.problems(estimated.by("auditor")) == [
        f"estimates: estimate {number} does not have its content hash"
    ]


def test_the_owner_prepares_under_his_own_name_only(estimated, owning):
    prepare(estimated)
    person = owning("approver")
    listed = json.dumps([{"line_no": 1, "facility_code": "MAIN", "payer_class": "self_pay",
                          "age_bucket": "0-30", "balance_amount": "1000.00", "rate": "0.200000",
                          "rate_level": "segment", "observation_count": 40,
                          "lost_amount": "100.00", "exposed_amount": "500.00",
                          "required_amount": "200.00"}])  # fmt: skip
    with person.transaction():
        person.execute(
            "insert into ledger.model_run_line select (jsonb_populate_record(null::"
            "ledger.model_run_line, jsonb_set(one, '{run_id}', '900'))).*"
            " from jsonb_array_elements(%s::jsonb) as one", [listed])  # fmt: skip
        person.execute(
            "insert into ledger.model_run select 900, entity_code, cutoff_date, rule, method,"
            " parameters, code_version, build_id, 7, 7, 7, content_hash, 'somebody', 'epoch'"
            " from ledger.model_run")  # fmt: skip
    newest = estimates.runs(estimated.by("auditor"))[-1]
    assert newest.prepared_by.endswith("_approver")
    assert (newest.line_count, newest.required_amount) == (1, Decimal("200.00"))
    assert verification.problems(estimated.by("auditor")) == []


def test_what_other_rules_took_from_the_allowance_is_filled_up_again(estimated):
    estimated.demand([Event("w", "baddebt.placed", "70.00", date(2026, 10, 5))])
    number = prepare(estimated)
    kept = estimated.ask(
        "auditor", "select facility_code, payer_class, used_amount from ledger.model_run_use"
        " where run_id = %s", number)  # fmt: skip
    assert kept == [("MAIN", "commercial", Decimal("70.00"))]


def test_a_memo_states_all_that_is_required(estimated):
    line = reserve.memo("MAIN", "medicare", Decimal("-1200.00"))
    prepare(estimated, rule="JR73", method="memo", changed=[line])
    (run,) = estimates.runs(estimated.by("auditor"))
    assert (run.method, run.required_amount) == ("memo", Decimal("-1200.00"))


def test_the_allowances_are_those_of_the_posting_rules(database):
    rows = database.admin().execute("select rule, allowance_account from ledger.model_rule")
    by_number = {rule.rule: rule for rule in RULES.values()}
    for rule, account in rows.fetchall():
        if account is not None:
            assert by_number[rule].credit == account
        assert by_number[rule].accounting_date == "cutoff_date"
