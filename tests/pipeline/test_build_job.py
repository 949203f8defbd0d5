"""The build job from received file to approved entry, with real dbt and a real database."""

from decimal import Decimal
from typing import Any

import pytest

BALANCES = {
    ("1010", Decimal("200.00")),
    ("1050", Decimal("0.00")),
    ("1110", Decimal("0.00")),
    ("1120", Decimal("40.00")),
    ("4010", Decimal("-308.73")),
    ("4510", Decimal("68.73")),
}
PENDING = "select check_id, status from ops.certificate_row where status <> 'passed'"


@pytest.mark.promise("A new installation without any file builds, and its close certificate passes")
def test_an_empty_installation_builds_and_certifies(pipeline: Any) -> None:
    pipeline.succeed("build")
    assert pipeline.rows(PENDING) == []
    assert pipeline.rows("select passes, check_count > 200 from ops.certificate") == [(True, True)]
    assert pipeline.rows("select status from ops.build") == [("succeeded",)]


@pytest.mark.promise("Received files become approved journal entries with the expected balances")
def test_received_files_become_approved_entries_that_balance(pipeline: Any) -> None:
    pipeline.receive_story()
    pipeline.succeed("build")
    assert pipeline.rows(PENDING) == []
    assert set(pipeline.states()) == {"approved"}
    recorded = pipeline.rows(
        "select account, sum(debit_amount - credit_amount) from ledger.entry_line"
        " join ledger.entry using (entry_id) where entity_code = 'NPG' group by account"
    )
    assert set(recorded) == BALANCES


@pytest.mark.promise("The same files received and built again propose no entry")
def test_a_second_build_over_the_same_files_proposes_nothing(pipeline: Any) -> None:
    pipeline.receive_story()
    pipeline.succeed("build")
    before = pipeline.rows("select entry_id, content_hash, state from ledger.entry order by 1")
    pipeline.receive_story()
    again = pipeline.succeed("build")
    after = pipeline.rows("select entry_id, content_hash, state from ledger.entry order by 1")
    assert after == before
    assert pipeline.rows("select count(*) from ops.received_file") == [(3,)]
    proposed = again.asset_materializations_for_node("propose_entries")[0].metadata["proposed"]
    assert proposed.value == 0


@pytest.mark.promise("The recorded balances do not depend on the order in which files arrive")
def test_order_of_arrival_does_not_change_what_is_recorded(pipeline: Any) -> None:
    for name in ("statement.bai", "remittance.835", "claim.837"):
        pipeline.receive_story(name)
        pipeline.succeed("build")
    recorded = pipeline.rows(
        "select account, sum(debit_amount - credit_amount) from ledger.entry_line"
        " join ledger.entry using (entry_id) where state in ('approved', 'posted')"
        " group by account having sum(debit_amount - credit_amount) <> 0"
    )
    assert set(recorded) == {row for row in BALANCES if row[1]}


@pytest.mark.promise("The close certificate is issued only after every check has run")
def test_expectations_are_judged_before_the_certificate_is_issued(pipeline: Any) -> None:
    steps = [e.step_key for e in pipeline.succeed("build").all_events if e.is_step_success]
    judged = [step for step in steps if step.startswith("judge_")]
    assert len(judged) == 3
    assert max(map(steps.index, judged)) < steps.index("issue_certificate")


@pytest.mark.promise("An operator sees the row count and the checks of each mart in Dagster")
def test_a_mart_shows_its_row_count_and_its_checks(pipeline: Any) -> None:
    pipeline.receive_story()
    result = pipeline.succeed("build")
    made = {
        m.asset_key.to_user_string(): m.metadata
        for m in result.asset_materializations_for_node("build_models")
    }
    assert made["marts/fct_billing_event"]["dagster/row_count"].value > 0
    assert "dagster/row_count" not in made["staging/stg_clearinghouse__claim"]
    checked = {e.asset_key.to_user_string() for e in result.get_asset_check_evaluations()}
    assert {"marts/mart_ar_aging", "marts/mart_denial_month", "marts/mart_cash_forecast"} <= checked


@pytest.mark.promise("A build that died is marked as failed by the next build")
def test_the_build_before_it_that_died_is_marked_as_failed(pipeline: Any) -> None:
    with pipeline.database.connect("transform") as connection:
        connection.execute(
            "insert into ops.build (build_id, as_of_date, started_at)"
            " values ('dead', '2026-10-31', now() - interval '1 hour')"
        )
    pipeline.succeed("build")
    assert pipeline.rows("select status from ops.build where build_id = 'dead'") == [("failed",)]
