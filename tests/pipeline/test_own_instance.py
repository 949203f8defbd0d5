"""Dagster with our settings: storage in Postgres, jobs from the command line, dead runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
import yaml

from orchestration.dagster_instance import variables, write_instance
from orchestration.execute import execute_job
from resources import job_lock
from resources.dagster_resources import Installation
from sensors.reaping import report_dead_runs


@pytest.fixture
def instance(
    pipeline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    """The instance that `dagster.yaml` describes, its storage in a database of the test's own."""
    settings = pipeline.database.settings
    name = f"{settings.name}_dagster"
    home = tmp_path / "dagster"
    write_instance(home)
    with psycopg.connect(pipeline.database.server.admin_url(), autocommit=True) as admin:
        admin.execute(f"create database {name} owner {settings.login('dagster')}")
        monkeypatch.setenv("TIEOUT_DAGSTER_DB_NAME", name)
        for key, value in variables(home, settings.login("dagster")).items():
            monkeypatch.setenv(key, value)
        try:
            with dg.DagsterInstance.get() as found:
                yield found
        finally:
            admin.execute(f"drop database {name} with (force)")


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
    assert settings["run_coordinator"]["config"] == {"dequeue_interval_seconds": 1}
    before = path.stat().st_mtime_ns
    write_instance(tmp_path / "a folder")
    assert path.stat().st_mtime_ns == before


@pytest.mark.promise(
    "A job from the command line reports each step, and its run is kept in PostgreSQL"
)
def test_a_job_from_the_command_line_is_told_step_by_step_and_kept_in_postgres(
    pipeline: Any, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    said: list[str] = []
    outcome = execute_job("build", say=said.append, error_log=tmp_path / "errors.log")
    assert outcome.has_succeeded
    assert outcome.failed_steps == ()
    assert said[-1] == "approve_by_policy done"
    assert "build_models done" in said
    run = instance.get_run_by_id(outcome.run_id)
    assert run is not None
    assert run.status == dg.DagsterRunStatus.SUCCESS
    assert pipeline.rows("select build_id from ops.build") == [(outcome.run_id,)]
    assert (tmp_path / "errors.log").stat().st_mode & 0o777 == 0o600


@pytest.mark.promise("A failed step is named; the database's message goes to a private file only")
def test_a_step_that_fails_is_named_and_its_text_stays_in_a_private_file(
    pipeline: Any, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    with pipeline.database.admin() as connection:
        connection.execute("alter table ops.expected_check rename to gone_away")
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
