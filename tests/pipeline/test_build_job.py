"""The build job from received file to approved entry, with real dbt and a real database."""

from decimal import Decimal
from typing import Any

import pytest

from tests.fixtures.installed import Stage, Stages

ENTRIES = "select entry_id, content_hash, state from ledger.entry order by 1"
FILES = "select count(*) from ops.received_file"
BALANCES = {
    ("1010", Decimal("200.00")),
    ("1050", Decimal("0.00")),
    ("1110", Decimal("0.00")),
    ("1120", Decimal("40.00")),
    ("4010", Decimal("-308.73")),
    ("4510", Decimal("68.73")),
}
pytestmark = pytest.mark.xdist_group("story")
PENDING = "select check_id, status from ops.certificate_row where status <> 'passed'"


@pytest.mark.promise("Received files become approved journal entries with the expected balances")
def test_received_files_become_approved_entries_that_balance(built: Any) -> None:
    assert built.rows(PENDING) == []
    assert set(built.states()) == {"approved"}
    recorded = built.rows(
        "select account, sum(debit_amount - credit_amount) from ledger.entry_line"
        " join ledger.entry using (entry_id) where entity_code = 'NPG' group by account"
    )
    assert set(recorded) == BALANCES


@pytest.mark.promise("The same files received and built again propose no entry")
def test_a_second_build_over_the_same_files_proposes_nothing(
    stages: Stages, posted_stage: Stage, rebuilt_stage: Stage
) -> None:
    found = []
    for stage in (posted_stage, rebuilt_stage):
        with stages.continued(stage) as pipeline:
            found.append([pipeline.rows(ENTRIES), pipeline.rows(FILES)])
    assert found[0] == found[1]
    assert found[1][1] == [(4,)]
    again = rebuilt_stage.runs["build"].asset_materializations_for_node("propose_entries")
    assert again[0].metadata["proposed"].value == 0


@pytest.mark.promise("The recorded balances do not depend on the order in which files arrive")
@pytest.mark.parametrize(
    "arrivals",
    [
        pytest.param([("statement.bai", "remittance.835"), ("claim.837",)], id="claim_last"),
        pytest.param(
            [("statement.bai",), ("remittance.835",), ("claim.837",)],
            id="one_by_one",
            marks=pytest.mark.long,
        ),
    ],
)
def test_order_of_arrival_does_not_change_what_is_recorded(
    pipeline: Any, arrivals: list[tuple[str, ...]]
) -> None:
    for names in arrivals:
        pipeline.receive_story(*names)
        pipeline.succeed("build")
    recorded = pipeline.rows(
        "select account, sum(debit_amount - credit_amount) from ledger.entry_line"
        " join ledger.entry using (entry_id) where state in ('approved', 'posted')"
        " group by account having sum(debit_amount - credit_amount) <> 0"
    )
    assert set(recorded) == {row for row in BALANCES if row[1]}


@pytest.mark.promise("The close certificate is issued only after every check has run")
def test_expectations_are_judged_before_the_certificate_is_issued(built_stage: Stage) -> None:
    steps = [e.step_key for e in built_stage.runs["build"].all_events if e.is_step_success]
    judged = [step for step in steps if step.startswith("judge_")]
    assert len(judged) == 3
    assert max(map(steps.index, judged)) < steps.index("issue_certificate")


@pytest.mark.promise("An operator sees the row count and the checks of each mart in Dagster")
def test_a_mart_shows_its_row_count_and_its_checks(built_stage: Stage) -> None:
    result = built_stage.runs["build"]
    made = {
        m.asset_key.to_user_string(): m.metadata
        for m in result.asset_materializations_for_node("build_models")
    }
    assert made["marts/fct_billing_event"]["dagster/row_count"].value > 0
    assert "dagster/row_count" not in made["staging/stg_clearinghouse__claim"]
    checked = {e.asset_key.to_user_string() for e in result.get_asset_check_evaluations()}
    assert {"marts/mart_ar_aging", "marts/mart_denial_month", "marts/mart_cash_forecast"} <= checked
