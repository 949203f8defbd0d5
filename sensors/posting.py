"""When to post: the state is read from the database, the decision is a pure function of it.

`tieout run` decides by the same function, so that the daemon and the command line agree.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import psycopg

from resources import job_lock
from resources.dagster_resources import Installation
from resources.warehouse import ledger

ALIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dataclass(frozen=True)
class PostingState:
    """What there is to post, what keeps the rest back, and whether somebody is at it already."""

    sendable: int
    unread: int = 0
    is_posting: bool = False
    held: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PostingDecision:
    """Whether to post now, and why or why not."""

    should_post: bool
    reason: str


def decide(state: PostingState) -> PostingDecision:
    """Post when an entry may go or one must be read back, unless a post run lives already."""
    if state.is_posting:
        return PostingDecision(False, "a post run is at work")
    work = []
    if state.sendable:
        work.append(f"{state.sendable} to send")
    if state.unread:
        work.append(f"{state.unread} to read back")
    if work:
        return PostingDecision(True, ", ".join(work))
    return PostingDecision(False, "nothing to send" + _held(state.held))


def _held(held: Mapping[str, int]) -> str:
    reasons = ", ".join(f"{code} {count}" for code, count in sorted(held.items()))
    return f"; held: {reasons}" if reasons else ""


def read_state(connection: psycopg.Connection[Any], live_runs: int = 0) -> PostingState:
    """Read what there is to do. `live_runs` counts post runs that Dagster has queued or started."""
    return PostingState(
        sendable=ledger.count_sendable(connection),
        unread=ledger.count_unread(connection),
        is_posting=live_runs > 0 or job_lock.is_running(connection, "post"),
        held=ledger.held(connection),
    )


@dg.sensor(
    job_name="post",
    minimum_interval_seconds=4,  # the daemon looks every 5 s: 5 here would mean 5 or 10
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests the post job while the ledger has entries that may go to the ERP.",
)
def posting_sensor(
    context: dg.SensorEvaluationContext, installation: Installation
) -> dg.RunRequest | dg.SkipReason:
    """Look at the database, decide, and request a run or say why not."""
    live = context.instance.get_runs_count(dg.RunsFilter(job_name="post", statuses=ALIVE))
    with closing(installation.connect("poster")) as connection:
        decision = decide(read_state(connection, live))
    # No run key: uniqueness lives in the ledger, and a key used once would never fire again.
    return dg.RunRequest() if decision.should_post else dg.SkipReason(decision.reason)
