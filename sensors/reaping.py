"""Clears runs whose process is gone or that never began: Dagster believes in them for ever.

A living run of our jobs holds a lock under its own id (`resources/job_lock.py`).
"""

import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass

import dagster as dg

from resources import job_lock
from resources.dagster_resources import Installation

JOBS = ("build", "post", "replay", "replay_file")
# Between the start of a run's process and its lock lies the import of the code location.
GRACE_SECONDS = 60.0
# A run that was launched has a process within seconds, and one that is ended ends.
LAUNCH_SECONDS = 180.0
CANCEL_SECONDS = 120.0
Status = dg.DagsterRunStatus


@dataclass(frozen=True)
class LiveRun:
    """A run that Dagster takes for alive, and for how long it has been in its state."""

    run_id: str
    status: dg.DagsterRunStatus
    age_seconds: float


def overdue(run: LiveRun, grace_seconds: float = GRACE_SECONDS) -> bool:
    """Say whether a run has been in its state for so long that its process should show."""
    limits = {
        Status.STARTED: grace_seconds,
        Status.STARTING: max(grace_seconds, LAUNCH_SECONDS) if grace_seconds else 0.0,
        Status.CANCELING: max(grace_seconds, CANCEL_SECONDS) if grace_seconds else 0.0,
    }
    return run.status in limits and run.age_seconds >= limits[run.status]


def dead(
    runs: Iterable[LiveRun], is_alive: Callable[[str], bool], grace_seconds: float
) -> list[LiveRun]:
    """Return the runs that are overdue and give no sign of life.

    What is queued waits for its turn and is nobody's fault: the queue itself looks each second.
    """
    return [run for run in runs if overdue(run, grace_seconds) and not is_alive(run.run_id)]


def report_dead_runs(
    instance: dg.DagsterInstance, grace_seconds: float = 0.0, now: float | None = None
) -> list[str]:
    """End runs without a sign of life; return their ids.

    `now` in epoch seconds is asked for where there is a grace: runs younger than it are left.
    """
    found = _live(instance, now)
    if not found:
        return []
    with closing(Installation().connect("transform", autocommit=True)) as connection:
        gone = dead(found, lambda run_id: job_lock.is_alive(connection, run_id), grace_seconds)
    for one in gone:
        _clear(instance, one)
    return [one.run_id for one in gone]


def _live(instance: dg.DagsterInstance, now: float | None) -> list[LiveRun]:
    """Runs that should have a process. Without `now` all count as old as can be."""
    statuses = [Status.STARTED, Status.STARTING, Status.CANCELING]
    return [
        LiveRun(
            record.dagster_run.run_id,
            record.dagster_run.status,
            float("inf") if now is None else now - record.update_timestamp.timestamp(),
        )
        for record in instance.get_run_records(dg.RunsFilter(statuses=statuses))
        if record.dagster_run.job_name in JOBS
    ]


def _clear(instance: dg.DagsterInstance, gone: LiveRun) -> None:
    """Report the end that its process could not report."""
    run = instance.get_run_by_id(gone.run_id)
    if run is None or run.is_finished:
        return
    if gone.status == Status.CANCELING:
        instance.report_run_canceled(run, "it was ended, and its process is gone")
    elif gone.status == Status.STARTING:
        instance.report_run_failed(run, "its process never began")
    else:
        instance.report_run_failed(run, "its process is gone")


@dg.sensor(
    minimum_interval_seconds=29,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Ends runs in Dagster's books whose process is gone or never began.",
)
def reaping_sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Look for dead runs; this sensor never requests a run."""
    found = report_dead_runs(context.instance, GRACE_SECONDS, time.time())
    return dg.SkipReason(f"{len(found)} dead runs cleared" if found else "every run lives")
