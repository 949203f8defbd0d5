"""The post job against what others do in the ERP: hand entries and accounts made inactive."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.ledger.erp import JournalEntry, JournalLine
from billing.ledger.opening import OpeningLine, StatedBalance
from orchestration import prove
from resources.warehouse import openings, read_back
from sensors.posting import LastPost, PostingState, decide
from tests.fixtures.installed import Pipeline, Stage, Stages

LEDGER_ALONE = ("--select", "+fct_ledger_line", "--exclude-resource-type", "test")
pytestmark = pytest.mark.xdist_group("story")


def _check(result: Any, name: str) -> Any:
    (found,) = [c for c in result.get_asset_check_evaluations() if c.check_name == name]
    return found


def _by_hand(pipeline: Any) -> None:
    """Enter 5.00 in the ERP as somebody could in its own client."""
    value, zero, day = Decimal("5.00"), Decimal(0), date(2026, 10, 20)
    lines = (JournalLine(1, "1110", value, zero, "x"), JournalLine(2, "4010", zero, value, "x"))
    pipeline.ledger.post(JournalEntry("NPG", "by hand", 1, day, "by hand", lines))


@pytest.mark.promise(
    "A manual ERP entry breaks the tie-out until a person accepts it with a reason"
)
def test_an_entry_by_hand_breaks_the_tie_out_until_a_person_explains_it(posted: Any) -> None:
    _by_hand(posted)
    result = posted.succeed("post")
    assert not _check(result, "T9").passed
    assert not _check(result, "nothing_unexplained").passed
    listed = _check(result, "nothing_unexplained").metadata["unexplained"].records
    assert {r.data["dollars"] for r in listed} == {"5.00", "-5.00"}
    codes = "select distinct code from ops.exception where origin = 'erp' and closed_at is null"
    assert posted.rows(codes) == [("ERP_MANUAL_ENTRY",)]

    with posted.database.connect("controller") as person:
        for line in read_back.foreign_lines(person, "unexplained"):
            read_back.judge_foreign_line(
                person, line.foreign_line_id, is_accepted=True, reason="accrual"
            )
    result = posted.succeed("post")
    assert _check(result, "T9").passed
    assert _check(result, "nothing_unexplained").passed
    assert posted.rows(codes) == []


def _held_before(pipeline: Any, receivable: str, entity: str = "NPG") -> None:
    """The ERP has receivables, cash and revenue of before, and accounts that are not ours."""
    day, zero = date(2025, 12, 31), Decimal(0)
    amounts = {"1110": receivable, "2125": "-20.00", "1010": "9000.00", "4010": "-7000.00"}
    amounts["6100"] = str(-sum(Decimal(amount) for amount in amounts.values()))
    lines = tuple(
        JournalLine(number, account, max(Decimal(value), zero), max(-Decimal(value), zero), "x")
        for number, (account, value) in enumerate(amounts.items(), 1)
    )
    pipeline.ledger.post(JournalEntry(entity, "of before", 1, day, "of before", lines))


def _open(pipeline: Any) -> None:
    """Load and approve the list that ties to what the ERP is said to have held."""
    day = date(2025, 12, 31)
    lines = [
        OpeningLine(2, "NPG", "payer_receivable", "A-1", "medicare", "CLIN", Decimal(500), day),
        OpeningLine(3, "NPG", "patient_credit", "A-1", "self_pay", "CLIN", Decimal(20), day),
    ]
    stated = [
        StatedBalance("NPG", "1110", Decimal(500)), StatedBalance("NPG", "2125", Decimal(-20))
    ]  # fmt: skip
    with pipeline.database.connect("preparer") as loader:
        number = openings.load(
            loader, openings.File("list.csv", "a" * 64), lines, stated, b"k" * 32
        )
        (seen,) = openings.lists(loader)
    for role in ("controller", "manager"):
        with pipeline.database.connect(role) as person:
            openings.decide(person, number, "approved", seen.content_hash)


@pytest.fixture(scope="module")
def opened_stage(stages: Stages, built_stage: Stage) -> Stage:
    """The built stage with an approved opening list in its ledger lines."""

    def act(pipeline: Pipeline) -> None:
        _open(pipeline)
        assert pipeline.installation.dbt.run(LEDGER_ALONE).broken == ()

    return stages.reach(act, built_stage)


@pytest.fixture
def opened(stages: Stages, opened_stage: Stage) -> Iterator[Pipeline]:
    """A copy of the opened stage."""
    with stages.continued(opened_stage) as made:
        yield made


@pytest.mark.promise("Balances that the ERP held before the first month tie to the opening list")
@pytest.mark.parametrize(("held", "holds"), [("500.00", True), ("500.01", False)])
def test_what_the_erp_held_before_ties_to_the_opening_list_and_the_rest_is_carried_in(
    opened: Any, held: str, *, holds: bool
) -> None:
    _held_before(opened, held)
    _held_before(opened, "3.00", "NLH")  # no evidence of ours yet: nothing to compare
    result = opened.succeed("post")
    assert _check(result, "T9").passed is holds
    with opened.database.connect("transform") as connection:
        proved = list(prove.balances(connection, opened.ledger))
    assert all(one.holds for one in proved) is holds
    assert {"NPG/1010", "NPG/1110", "NPG/4010"} <= {one.scope for one in proved}
    assert _check(result, "nothing_unexplained").passed
    assert opened.rows(
        "select account, carried_amount, difference_amount from marts.mart_ledger_reconciliation"
        " where carried_amount <> 0 or difference_amount <> 0 order by 1"
    ) == [
        ("1010", Decimal("9000.00"), Decimal("0.00")),
        *([] if holds else [("1110", Decimal("0.00"), Decimal("-0.01"))]),
        ("4010", Decimal("-7000.00"), Decimal("0.00")),
    ]


@pytest.mark.promise("A later change of the ERP's prior periods breaks the tie-out")
def test_whoever_changes_the_books_of_before_later_breaks_the_tie_out(posted: Any) -> None:
    assert _check(posted.runs["post"], "T9").passed
    _held_before(posted, "500.00")
    assert not _check(posted.succeed("post"), "T9").passed


@pytest.mark.promise(
    "An entry on an inactive account is held before sending, with owner and dollars"
)
def test_an_inactive_account_is_held_before_sending_with_owner_and_dollars(built: Any) -> None:
    built.ledger.chart["1050"] = False
    result = built.succeed("post")
    assert not _check(result, "nothing_held").passed
    (event,) = [
        e
        for e in result.get_asset_materialization_events()
        if e.asset_key and e.asset_key.path[-1] == "outbox"
    ]
    (row,) = event.materialization.metadata["blocked_dollars"].records
    assert (row.data["reason"], row.data["owner"]) == ("MAPPING", "accounting")
    assert Decimal(row.data["dollars"].replace(",", "")) > 0
    assert built.rows(
        "select count(*) from ledger.entry join ledger.entry_line using (entry_id)"
        " where state = 'posted' and account = '1050'"
    ) == [(0,)]


@pytest.mark.promise("The ERP is read back daily, and hourly while its master data hold an entry")
def test_the_erp_is_asked_daily_and_sooner_while_its_own_data_hold_an_entry() -> None:
    rows = [
        (PostingState(0, asked_seconds=86_399), False),
        (PostingState(0, asked_seconds=86_400), True),
        (PostingState(0, held={"APPROVAL": 1}, asked_seconds=3_600), False),
        (PostingState(0, held={"MAPPING": 1}, asked_seconds=3_599), False),
        (PostingState(0, held={"MAPPING": 1}, asked_seconds=3_600), True),
        (PostingState(0, held={"MASTER_DATA_UNKNOWN": 1}, asked_seconds=3_600), True),
        (PostingState(0, held={"MAPPING": 1}), False),
        (PostingState(0, asked_seconds=90_000, last_post=LastPost(9, has_failed=False)), False),
        (PostingState(0, is_posting=True, asked_seconds=86_400), False),
    ]
    assert [row for row in rows if decide(row[0]).should_post is not row[1]] == []
