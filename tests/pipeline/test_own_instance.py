"""Dagster with our settings: storage in Postgres, jobs from the command line, dead runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
import yaml

from orchestration.dagster_instance import variables, write_instance
from orchestration.execute import JobOutcome, execute_job
from resources import job_lock
from resources.dagster_resources import Installation
from sensors.reaping import report_dead_runs
from tests.fixtures.installed import Pipeline, Stage, Stages

DEAD = """
insert into ops.build (build_id, as_of_date, started_at)
values ('dead', '2026-10-31', now() - interval '1 hour')
"""
PENDING = "select check_id, status from ops.certificate_row where status <> 'passed'"


@contextmanager
def own_instance(pipeline: Pipeline, home: Path) -> Iterator[dg.DagsterInstance]:
    """Have the instance that `dagster.yaml` describes, its storage in a database of its own."""
    settings = pipeline.database.settings
    name = f"{settings.name}_dagster"
    write_instance(home)
    with (
        pytest.MonkeyPatch.context() as environment,
        psycopg.connect(pipeline.database.server.admin_url(), autocommit=True) as admin,
    ):
        admin.execute(f"create database {name} owner {settings.login('dagster')}")
        environment.setenv("TIEOUT_DAGSTER_DB_NAME", name)
        for key, value in variables(home, settings.login("dagster")).items():
            environment.setenv(key, value)
        try:
            with dg.DagsterInstance.get() as found:
                yield found
        finally:
            admin.execute(f"drop database {name} with (force)")


@pytest.fixture
def instance(pipeline: Pipeline, tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with own_instance(pipeline, tmp_path / "dagster") as found:
        yield found


@dataclass(frozen=True)
class FirstBuild:
    """The first build of an empty installation, from the command line."""

    outcome: JobOutcome
    said: list[str]
    status: dg.DagsterRunStatus
    error_log: Path
    stage: Stage


@pytest.fixture(scope="module")
def first(stages: Stages, tmp_path_factory: pytest.TempPathFactory) -> FirstBuild:
    """The first build that ends; one that died was recorded before it."""
    folder = tmp_path_factory.mktemp("first")
    facts: list[Any] = []

    def act(pipeline: Pipeline) -> None:
        said: list[str] = []
        with pipeline.database.connect("transform") as connection:
            connection.execute(DEAD)
        with own_instance(pipeline, folder / "dagster") as instance:
            outcome = execute_job("build", say=said.append, error_log=folder / "errors.log")
            run = instance.get_run_by_id(outcome.run_id)
            assert run is not None
            facts.extend([outcome, said, run.status, folder / "errors.log"])

    stage = stages.reach(act)
    return FirstBuild(*facts, stage)


@pytest.fixture
def after_first(stages: Stages, first: FirstBuild) -> Iterator[Pipeline]:
    """The installation after its first build."""
    with stages.continued(first.stage) as made:
        yield made


@pytest.mark.promise("The Dagster settings hold no secret and send no telemetry")
def test_the_rendered_settings_hold_no_secret_and_call_nobody(tmp_path: Path) -> None:
    path = write_instance(tmp_path / "a folder")
    settings = yaml.safe_load(path.read_text())
    assert settings["telemetry"] == {"enabled": False}
    assert settings["nux"] == {"enabled": False}
    storage = settings["storage"]["custom"]["config"]["postgres_db"]
    assert storage.pop("scheme") == "postgresql+psycopg2"
    assert {tuple(value) for value in storage.values()} == {("env",)}
    assert settings["compute_logs"]["class"] == "NoOpComputeLogManager"
    assert settings["run_retries"]["retry_on_asset_or_op_failure"] is False
    assert settings["run_coordinator"]["class"] == "KeyedRunCoordinator"
    assert settings["run_coordinator"]["config"] == {"dequeue_interval_seconds": 2}
    before = path.stat().st_mtime_ns
    write_instance(tmp_path / "a folder")
    assert path.stat().st_mtime_ns == before


@pytest.mark.promise(
    "A job from the command line reports each step, and its run is kept in PostgreSQL"
)
def test_a_job_from_the_command_line_is_told_step_by_step_and_kept_in_postgres(
    first: FirstBuild, after_first: Pipeline
) -> None:
    assert first.outcome.has_succeeded
    assert first.outcome.failed_steps == ()
    assert first.said[-1] == "approve_by_policy done"
    assert "build_models done" in first.said
    assert first.status == dg.DagsterRunStatus.SUCCESS
    query = "select build_id, status from ops.build where build_id <> 'dead'"
    assert after_first.rows(query) == [(first.outcome.run_id, "succeeded")]
    assert first.error_log.stat().st_mode & 0o777 == 0o600


@pytest.mark.promise("A new installation without any file builds, and its close certificate passes")
def test_an_empty_installation_builds_and_certifies(after_first: Pipeline) -> None:
    assert after_first.rows(PENDING) == []
    found = after_first.rows("select passes, check_count > 200 from ops.certificate")
    assert found == [(True, True)]


@pytest.mark.promise("A build that died is marked as failed by the next build")
def test_the_build_before_it_that_died_is_marked_as_failed(after_first: Pipeline) -> None:
    assert after_first.rows("select status from ops.build where build_id = 'dead'") == [("failed",)]


@pytest.mark.promise("A failed step is named; the database's message goes to a private file only")
def test_a_step_that_fails_is_named_and_its_text_stays_in_a_private_file(
    pipeline: Any, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    with pipeline.database.admin() as connection:
        connection.execute("alter table ops.expected_check rename to gone_away")
        connection.execute("alter table ops.received_file rename to gone_too")
    log = tmp_path / "errors.log"
    outcome = execute_job("build", error_log=log)
    assert not outcome.has_succeeded
    assert outcome.failed_steps[0] == "expect_checks"
    assert "42P01" in log.read_text()
    kept = " ".join(str(entry) for entry in instance.all_logs(outcome.run_id))
    assert "42P01" not in kept


@pytest.mark.promise("A run whose process is gone is marked as failed; a running one is left alone")
def test_a_started_run_whose_process_is_gone_is_marked_as_failed(
    pipeline: Any, instance: dg.DagsterInstance
) -> None:
    job = pipeline.definitions().resolve_job_def("build")
    dead = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    living = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    connection = Installation().connect("transform", autocommit=True)
    with job_lock.only_run(connection, "build", living.run_id):
        assert report_dead_runs(instance) == [dead.run_id]
    found = {run.run_id: run.status for run in instance.get_runs()}
    assert found[dead.run_id] == dg.DagsterRunStatus.FAILURE
    assert found[living.run_id] == dg.DagsterRunStatus.STARTED
