"""Builds when the books are behind the evidence: files that no good build has taken in.

The sensors of sources ask for a build while something waits at a source. A build that fails after
it has received leaves nothing waiting there; this one sees that its files are in no good build.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import psycopg

from resources import job_lock
from resources.dagster_resources import Installation
from sensors.sources import JOB, SourceDecision, request

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=30)
TICK_SECONDS = 29  # what the sensors of sources ask for is the usual way; this one makes good
# Files land and are replaced by runs that keep builds out, or by the build itself at its beginning:
# what landed until a good build ended is in it.
BEHIND = """
with good as (select max(finished_at) as ended_at from ops.build where status = 'succeeded'),
failed as (
    select count(*)::int as times, max(finished_at) as last_at from ops.build as b, good
    where b.status = 'failed' and b.finished_at > coalesce(good.ended_at, '-infinity'))
select exists (select from ops.received_file as f where f.landed_at is null)
    or exists (select from ops.received_file as f, good
               where f.landed_at > coalesce(good.ended_at, '-infinity'))
    or exists (select from ops.replay as r, good where r.replayed_at > good.ended_at),
    failed.times, failed.last_at
from failed
"""


@dataclass(frozen=True)
class Books:
    """Whether evidence is in no good build, and how the builds since then went."""

    is_behind: bool
    failures: int = 0
    failed_at: datetime | None = None
    is_building: bool = False


def decide_catch_up(books: Books, now: datetime) -> SourceDecision:
    """Build when the books are behind; after failures in a row the pause doubles each time."""
    if not books.is_behind:
        return SourceDecision(False, "the books hold all that was received")
    if books.is_building:
        return SourceDecision(False, "behind, with a build at work")
    if books.failed_at is not None:
        pause = min(FIRST_PAUSE * 2 ** min(books.failures - 1, 20), LONGEST_PAUSE)
        if now - books.failed_at < pause:
            return SourceDecision(False, f"behind; waiting {pause} after a failed build")
    return SourceDecision(True, "files are in no good build")


def read_books(connection: psycopg.Connection[Any]) -> Books:
    """Read it from the database."""
    ((is_behind, failures, failed_at),) = connection.execute(BEHIND).fetchall()
    is_building = is_behind and job_lock.is_running(connection, JOB)
    return Books(is_behind, failures, failed_at, is_building)


@dg.sensor(
    name="catching_up_sensor",
    job_name=JOB,
    minimum_interval_seconds=TICK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests a build while received files are in no good build.",
)
def catching_up_sensor(
    context: dg.SensorEvaluationContext,
) -> dg.RunRequest | dg.SkipReason:
    """Look at the books, decide, and request a run or say why not."""
    with Installation().kept_connection("transform") as connection:
        books = read_books(connection)
    return request(context, decide_catch_up(books, datetime.now(UTC)))
