"""Bounds Dagster's own history: old runs and their event rows go, the newest always stay.

What happened to money is in our own database (builds, certificates, ledger, audit) and stays.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from sensors.posting import OVER

KEEP_SECONDS = 30 * 86_400.0
KEEP_RUNS = 500
MOST_AT_ONCE = 50


@dataclass(frozen=True)
class EndedRun:
    """A run that has ended, and how long ago it was made."""

    run_id: str
    age_seconds: float


def to_delete(oldest_first: Sequence[EndedRun], count: int) -> list[str]:
    """Return the runs that are past their time and not among the newest; `count` is of all."""
    beyond = oldest_first[: max(0, count - KEEP_RUNS)]
    return [run.run_id for run in beyond if run.age_seconds > KEEP_SECONDS]


@dg.sensor(
    minimum_interval_seconds=3_600,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Deletes Dagster's records of runs older than 30 days beyond the newest 500.",
)
def purging_sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Delete a few of them; the next look goes on."""
    now = time.time()
    count = context.instance.get_runs_count(dg.RunsFilter(statuses=OVER))
    oldest = context.instance.get_run_records(
        dg.RunsFilter(statuses=OVER), limit=MOST_AT_ONCE, ascending=True
    )
    runs = [
        EndedRun(record.dagster_run.run_id, now - record.create_timestamp.timestamp())
        for record in oldest
    ]
    gone = to_delete(runs, count)
    for run_id in gone:
        context.instance.delete_run(run_id)
    return dg.SkipReason(f"{len(gone)} old runs deleted")
