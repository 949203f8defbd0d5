"""Checks that do not hide: what fails is recorded, all else is there, and nothing goes out.

One copy of the dbt project has two more tests, a model that may break and a mart that may be wrong.
Rows of `ops.switch` say which of them fail, so that one parse serves every build.
"""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from resources.dagster_resources import DBT_PROJECT
from resources.dbt_runner import DbtRunner
from tests.fixtures.installed import Pipeline, Stage, Stages, failed_steps

SWITCH = "create table ops.switch (name text); grant select on ops.switch to public"
FAILING_TEST = """
{{ config(tags=['build'], severity='error') }}
select line_id from {{ ref('fct_ledger_line') }}
where exists (select from ops.switch where name = 'test')
"""
FAILING_WARNING = """
{{ config(tags=['build'], severity='warn') }}
select line_id from {{ ref('fct_ledger_line') }}
"""
BROKEN_MODEL = """
{{ config(schema='intermediate', materialized='table', contract={'enforced': false}) }}
select
    case when exists (select from ops.switch where name = 'model')
        then cast(claim_number as integer)
    end as claim_number
from {{ source('raw', 'claim') }}
"""
EXPECTATION = "expectation:mart_ar_aging.credits_stay_apart"
BALANCE = "money('sum(aged.balance_amount)')"
WRONG_BALANCE = (
    "money(\"case when exists (select from ops.switch where name = 'mart') then -1 else 1 end"
    ' * sum(aged.balance_amount)")'
)
ONE_FAILS = """
insert into ops.check_result (build_id, check_id, kind, severity, is_blocking, has_passed)
select %s, check_id, kind, severity, is_blocking, check_id <> %s from ops.check_result
where build_id = %s
"""
pytestmark = pytest.mark.xdist_group("story")


@pytest.fixture(scope="module")
def switched(stages: Stages, dbt_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Stages:
    """Stages built by a copy of the dbt project, in which rows of `ops.switch` make errors."""
    folder = tmp_path_factory.mktemp("switched")
    project = Path(shutil.copytree(DBT_PROJECT, folder / "project"))
    (project / "tests" / "nothing_is_ever_right.sql").write_text(FAILING_TEST)
    (project / "tests" / "a_remark.sql").write_text(FAILING_WARNING)
    (project / "models" / "intermediate" / "int_broken.sql").write_text(BROKEN_MODEL)
    mart = project / "models" / "marts" / "receivables" / "mart_ar_aging.sql"
    assert BALANCE in mart.read_text()
    mart.write_text(mart.read_text().replace(BALANCE, WRONG_BALANCE))
    shutil.copytree(
        dbt_state / "target", folder / "state" / "target"
    )  # only what differs is parsed
    assert DbtRunner(project, folder / "state").ensure_manifest()
    return replace(stages, dbt_state=folder / "state", project=project)


def _switch_on(pipeline: Pipeline, *names: str) -> None:
    with pipeline.database.admin() as connection:
        connection.execute(SWITCH)
        for name in names:
            connection.execute("insert into ops.switch values (%s)", [name])


@pytest.fixture(scope="module")
def red(switched: Stages) -> Stage:
    """The story, built while a test fails, a mart breaks an expectation and a warning fails."""

    def act(pipeline: Pipeline) -> None:
        _switch_on(pipeline, "test", "mart")
        pipeline.receive_story()
        pipeline.succeed("build")

    return switched.reach(act)


@pytest.fixture(scope="module")
def held(switched: Stages, red: Stage) -> Stage:
    """The red stage after the post job."""
    return switched.reach(lambda pipeline: pipeline.succeed("post"), red)


@pytest.fixture(scope="module")
def freed(switched: Stages, held: Stage) -> Stage:
    """The held stage after a build in which only the warning fails."""

    def act(pipeline: Pipeline) -> None:
        with pipeline.database.admin() as connection:
            connection.execute("delete from ops.switch")
        pipeline.succeed("build")

    return switched.reach(act, held)


@pytest.fixture
def see(switched: Stages) -> Any:
    """Have a copy of a stage to read."""
    return switched.continued


def _steps(result: Any) -> set[str]:
    return {str(event.step_key) for event in result.all_events if event.is_step_success}


@pytest.mark.promise(
    "A failing data test blocks posting visibly; the next good build releases the entries"
)
def test_a_failing_test_is_recorded_blocks_posting_and_a_good_build_frees_what_it_held(
    see: Any, red: Stage, held: Stage, freed: Stage
) -> None:
    with see(red) as pipeline:
        line = (
            "select status, blocking, failing_count > 0 from ops.certificate_row"
            " where check_id = %s"
        )
        assert pipeline.rows(line, "test:nothing_is_ever_right") == [("failed", True, True)]
        assert pipeline.rows("select passes, missing_count from ops.certificate") == [(False, 0)]
        evaluated = red.runs["build"].get_asset_check_evaluations()
        assert {"nothing_is_ever_right", "passes"} <= {
            c.check_name for c in evaluated if not c.passed
        }
        assert pipeline.rows("select count(*) > 0 from marts.mart_ar_aging") == [(True,)]
        assert set(pipeline.states()) == {"proposed"}

    assert held.ledger.attempts == []
    with see(held) as pipeline:
        codes = {row[0] for row in pipeline.rows("select code from ledger.hold")}
        assert codes >= {"CERTIFICATE"}

    with see(freed) as pipeline:
        assert set(pipeline.states()) == {"approved"}
        assert pipeline.rows("select count(distinct build_id) from ledger.entry") == [(1,)]


@pytest.mark.promise(
    "A failing data test blocks posting visibly; the next good build releases the entries"
)
@pytest.mark.promise("A failing expectation fails the close certificate and names keys only")
def test_one_failing_check_alone_fails_the_certificate(see: Any, red: Stage) -> None:
    with see(red) as pipeline, pipeline.database.admin() as connection:
        passes = {}
        for check in ("none", "test:nothing_is_ever_right", EXPECTATION):
            connection.execute(
                "insert into ops.build (build_id, as_of_date, started_at, rule_set_hash, code_hash)"
                " select %s, '2026-10-31', now(), rule_set_hash, code_hash from ops.build limit 1",
                [f"only {check}"],
            )
            connection.execute(ONE_FAILS, [f"only {check}", check, red.runs["build"].run_id])
            issue = connection.execute("select ops.issue_certificate(%s)", [f"only {check}"])
            passes[check] = issue.fetchone()
    assert passes == {
        "none": (True,), "test:nothing_is_ever_right": (False,), EXPECTATION: (False,)
    }  # fmt: skip


@pytest.mark.promise("A failing warning is recorded and blocks nothing")
def test_a_failing_warning_is_recorded_and_holds_nothing(see: Any, freed: Stage) -> None:
    newest = " where build_id = %s"
    run_id = freed.runs["build"].run_id
    with see(freed) as pipeline:
        line = "select status, severity, blocking from ops.certificate_row" + newest
        row = pipeline.rows(line + " and check_id = 'test:a_remark'", run_id)
        assert row == [("failed", "warning", False)]
        assert pipeline.rows("select passes from ops.certificate" + newest, run_id) == [(True,)]
        assert set(pipeline.states()) == {"approved"}


@pytest.mark.promise(
    "A model that does not build fails the build after all other results are recorded"
)
def test_a_model_that_does_not_build_stops_the_job_after_the_rest_was_recorded(
    switched: Stages,
) -> None:
    with switched.continued() as pipeline:
        _switch_on(pipeline, "model")
        pipeline.receive_story()
        result = pipeline.run("build")
        assert failed_steps(result) == ["build_models"]
        assert "propose_entries" not in _steps(result)
        recorded = "select has_passed from ops.check_result where check_id = %s"
        assert pipeline.rows(recorded, "model:int_broken") == [(False,)]
        assert pipeline.rows(recorded, "model:fct_ledger_line") == [(True,)]
        assert pipeline.rows("select status from ops.build") == [("failed",)]
        assert pipeline.states() == {}
        assert not [e for e in pipeline.instance.all_logs(result.run_id) if "CANARY" in str(e)]


@pytest.mark.promise("A failing expectation fails the close certificate and names keys only")
def test_a_mart_that_breaks_an_expectation_fails_the_certificate_and_names_only_keys(
    see: Any, red: Stage
) -> None:
    (check,) = [
        c
        for c in red.runs["build"].get_asset_check_evaluations()
        if c.check_name == "credits_stay_apart"
    ]
    assert not check.passed
    assert check.metadata["failing_rows"].value == 1
    assert check.metadata["failing_keys"].value == ["NPG | CLIN | commercial | patient | 31-60"]
    with see(red) as pipeline:
        line = "select status, blocking, failing_count from ops.certificate_row where check_id = %s"
        assert pipeline.rows(line, EXPECTATION) == [("failed", True, 1)]
        assert set(pipeline.states()) == {"proposed"}
