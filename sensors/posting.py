"""When to post: the state is read from the database, the decision is a pure function of it.

`tieout run` decides by the same function, so that the daemon and the command line agree.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import dagster as dg
import psycopg

from resources import job_lock
from resources.dagster_resources import Installation
from resources.warehouse import ledger, read_back

ALIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
OVER = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
AFTER_FAILURE_SECONDS = 60.0
# While an outcome is in doubt the ERP may be ill: each run would leave one more entry in doubt.
IN_DOUBT_SECONDS = 300.0
# Read back daily although nothing is to be sent; hourly while the ERP's own data hold an entry.
ASK_DAILY_SECONDS = 86_400.0
ASK_HELD_SECONDS = 3_600.0
HELD_BY_ERP = frozenset({"MAPPING", "MASTER_DATA_UNKNOWN", "PERIOD"})


@dataclass(frozen=True)
class LastPost:
    """How the last post run ended, and how long ago."""

    age_seconds: float
    has_failed: bool


@dataclass(frozen=True)
class PostingState:
    """What there is to post, what keeps the rest back, and what posting is doing or did last.

    `asked_seconds`: how long ago the ERP was last asked for its data; None where it never was.
    """

    sendable: int
    in_doubt: int = 0
    is_posting: bool = False
    held: Mapping[str, int] = field(default_factory=dict)
    last_post: LastPost | None = None
    asked_seconds: float | None = None


@dataclass(frozen=True)
class PostingDecision:
    """Whether to post now, and why or why not."""

    should_post: bool
    reason: str


def decide(state: PostingState) -> PostingDecision:
    """Post when an entry may go, one must be read back, or the ERP is to be asked again.

    It is asked daily, and after a run that did not get to its end: what that one sent is not
    reconciled yet. Never while a post run lives already. After a failure, and while an outcome
    is in doubt, the next run waits a while.
    """
    if state.is_posting:
        return PostingDecision(False, "a post run is at work")
    if not state.sendable and not state.in_doubt:
        return _decide_idle(state)
    pause = _pause_seconds(state)
    if state.last_post and state.last_post.age_seconds < pause:
        return PostingDecision(False, f"{_work(state)}; waiting {pause:.0f} s after the last run")
    return PostingDecision(True, _work(state))


def _decide_idle(state: PostingState) -> PostingDecision:
    nothing = "nothing to send" + _held(state.held)
    if state.last_post and state.last_post.has_failed:
        if state.last_post.age_seconds >= AFTER_FAILURE_SECONDS:
            return PostingDecision(True, nothing + "; the last run did not get to its end")
    elif _is_to_ask(state):
        return PostingDecision(True, nothing + "; the ERP is to be asked again")
    return PostingDecision(False, nothing)


def _is_to_ask(state: PostingState) -> bool:
    limit = ASK_HELD_SECONDS if HELD_BY_ERP & state.held.keys() else ASK_DAILY_SECONDS
    if state.last_post and state.last_post.age_seconds < limit:
        return False
    return state.asked_seconds is not None and state.asked_seconds >= limit


def _pause_seconds(state: PostingState) -> float:
    if state.in_doubt:
        return IN_DOUBT_SECONDS
    if state.last_post and state.last_post.has_failed:
        return AFTER_FAILURE_SECONDS
    return 0.0


def _work(state: PostingState) -> str:
    parts = ((state.sendable, "to send"), (state.in_doubt, "to read back"))
    return ", ".join(f"{count} {what}" for count, what in parts if count)


def _held(held: Mapping[str, int]) -> str:
    reasons = ", ".join(f"{code} {count}" for code, count in sorted(held.items()))
    return f"; held: {reasons}" if reasons else ""


def read_state(connection: psycopg.Connection[Any]) -> PostingState:
    """Read from the database what there is to do, and whether a post run is at work."""
    return PostingState(
        sendable=ledger.count_sendable(connection),
        in_doubt=ledger.count_unread(connection),
        is_posting=job_lock.is_running(connection, "post"),
        held=ledger.held(connection),
        asked_seconds=read_back.asked_seconds(connection),
    )


@dg.sensor(
    job_name="post",
    minimum_interval_seconds=14,  # the daemon looks every 5 s: 15 here would mean 15 or 20
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests the post job while entries may go to the ERP, and daily to read it back.",
)
def posting_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Look at the database, decide, and request a run or say why not."""
    with Installation().kept_connection("poster") as connection:
        state = replace(read_state(connection), last_post=_last_post(context.instance))
    decision = decide(state)
    if decision.should_post:  # asked only then: most looks find nothing
        live = context.instance.get_runs_count(dg.RunsFilter(job_name="post", statuses=ALIVE))
        decision = decide(replace(state, is_posting=live > 0))
    # No run key: uniqueness lives in the ledger, and a key used once would never fire again.
    return dg.RunRequest() if decision.should_post else dg.SkipReason(decision.reason)


def _last_post(instance: dg.DagsterInstance) -> LastPost | None:
    over = dg.RunsFilter(job_name="post", statuses=OVER)
    for record in instance.get_run_records(over, limit=1):
        ended = record.end_time or record.update_timestamp.timestamp()
        return LastPost(time.time() - ended, not record.dagster_run.is_success)
    return None
