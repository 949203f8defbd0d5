"""Checks that do not hide: what fails is recorded, all else is there, and nothing goes out."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from resources.dagster_resources import DBT_PROJECT

FAILING_TEST = """
{{ config(tags=['build'], severity='%s') }}
select line_id from {{ ref('fct_ledger_line') }}
"""
BROKEN_MODEL = """
{{ config(schema='intermediate', materialized='table', contract={'enforced': false}) }}
select cast(claim_number as integer) as claim_number from {{ ref('stg_clearinghouse__claim') }}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the dbt project that a test may break."""
    return Path(shutil.copytree(DBT_PROJECT, tmp_path / "dbt_project"))


def _steps(result: Any) -> set[str]:
    return {str(event.step_key) for event in result.all_events if event.is_step_success}


@pytest.mark.promise(
    "A failing data test blocks posting visibly; the next good build releases the entries"
)
def test_a_failing_test_is_recorded_blocks_posting_and_a_good_build_frees_what_it_held(
    pipeline: Any, project: Path
) -> None:
    pipeline.receive_story()
    broken = project / "tests" / "nothing_is_ever_right.sql"
    broken.parent.mkdir(exist_ok=True)
    broken.write_text(FAILING_TEST % "error")
    pipeline.use_project(project)
    result = pipeline.succeed("build")

    line = "select status, blocking, failing_count > 0 from ops.certificate_row where check_id = %s"
    assert pipeline.rows(line, "test:nothing_is_ever_right") == [("failed", True, True)]
    assert pipeline.rows("select passes, missing_count from ops.certificate") == [(False, 0)]
    red = {c.check_name for c in result.get_asset_check_evaluations() if not c.passed}
    assert {"nothing_is_ever_right", "passes"} <= red
    assert pipeline.rows("select count(*) > 0 from marts.mart_ar_aging") == [(True,)]

    assert set(pipeline.states()) == {"proposed"}
    pipeline.succeed("post")
    assert pipeline.ledger.attempts == []
    assert {row[0] for row in pipeline.rows("select code from ledger.hold")} >= {"CERTIFICATE"}

    broken.unlink()
    pipeline.succeed("build")
    assert set(pipeline.states()) == {"approved"}
    assert pipeline.rows("select count(distinct build_id) from ledger.entry") == [(1,)]


@pytest.mark.promise("A failing warning is recorded and blocks nothing")
def test_a_failing_warning_is_recorded_and_holds_nothing(pipeline: Any, project: Path) -> None:
    pipeline.receive_story()
    warning = project / "tests" / "a_remark.sql"
    warning.parent.mkdir(exist_ok=True)
    warning.write_text(FAILING_TEST % "warn")
    pipeline.use_project(project)
    pipeline.succeed("build")
    line = "select status, severity, blocking from ops.certificate_row where check_id = %s"
    assert pipeline.rows(line, "test:a_remark") == [("failed", "warning", False)]
    assert pipeline.rows("select passes from ops.certificate") == [(True,)]
    assert set(pipeline.states()) == {"approved"}


@pytest.mark.promise(
    "A model that does not build fails the build after all other results are recorded"
)
def test_a_model_that_does_not_build_stops_the_job_after_the_rest_was_recorded(
    pipeline: Any, project: Path
) -> None:
    pipeline.receive_story()
    (project / "models" / "intermediate" / "int_broken.sql").write_text(BROKEN_MODEL)
    pipeline.use_project(project)
    result = pipeline.run("build")
    failed = {str(e.step_key) for e in result.all_events if e.is_step_failure}
    assert failed == {"build_models"}
    assert "propose_entries" not in _steps(result)
    recorded = "select has_passed from ops.check_result where check_id = %s"
    assert pipeline.rows(recorded, "model:int_broken") == [(False,)]
    assert pipeline.rows(recorded, "model:fct_ledger_line") == [(True,)]
    assert pipeline.rows("select status from ops.build") == [("failed",)]
    assert pipeline.states() == {}
    assert not [e for e in pipeline.instance.all_logs(result.run_id) if "CANARY" in str(e)]


@pytest.mark.promise("A failing expectation fails the close certificate and names keys only")
def test_a_mart_that_breaks_an_expectation_fails_the_certificate_and_names_only_keys(
    pipeline: Any, project: Path
) -> None:
    pipeline.receive_story()
    mart = project / "models" / "marts" / "receivables" / "mart_ar_aging.sql"
    mart.write_text(
        mart.read_text().replace("sum(aged.balance_amount)", "-sum(aged.balance_amount)")
    )
    pipeline.use_project(project)
    result = pipeline.succeed("build")
    (check,) = [
        c for c in result.get_asset_check_evaluations() if c.check_name == "credits_stay_apart"
    ]
    assert not check.passed
    assert check.metadata["failing_rows"].value == 1
    assert check.metadata["failing_keys"].value == ["NPG | CLIN | commercial | patient | 31-60"]
    line = "select status, failing_count from ops.certificate_row where check_id = %s"
    assert pipeline.rows(line, "expectation:mart_ar_aging.credits_stay_apart") == [("failed", 1)]
    assert set(pipeline.states()) == {"proposed"}
