"""Marks runs as failed whose process is gone: Dagster believes in them for ever.

A living run of our jobs holds a lock under its own id (`resources/job_lock.py`).
"""

import time
from contextlib import closing

import dagster as dg

from resources import job_lock
from resources.dagster_resources import Installation

JOBS = ("build", "post")
# Between the start of a run's process and its lock lies the import of the code location.
GRACE_SECONDS = 60.0


def report_dead_runs(
    instance: dg.DagsterInstance, grace_seconds: float = 0.0, now: float | None = None
) -> list[str]:
    """Mark started runs without a sign of life as failed; return their ids.

    `now` in epoch seconds is asked for where there is a grace: runs younger than it are left.
    """
    started = [
        record
        for job in JOBS
        for record in instance.get_run_records(
            dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.STARTED])
        )
        if now is None or now - (record.start_time or now) >= grace_seconds
    ]
    if not started:
        return []
    with closing(Installation().connect("transform", autocommit=True)) as connection:
        dead = [
            record.dagster_run
            for record in started
            if not job_lock.is_alive(connection, record.dagster_run.run_id)
        ]
    for run in dead:
        instance.report_run_failed(run, "its process is gone")
    return [run.run_id for run in dead]


@dg.sensor(
    minimum_interval_seconds=29,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Marks build and post runs as failed whose process is gone.",
)
def reaping_sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Look for dead runs; this sensor never requests a run."""
    dead = report_dead_runs(context.instance, GRACE_SECONDS, time.time())
    return dg.SkipReason(f"{len(dead)} dead runs marked as failed" if dead else "every run lives")
