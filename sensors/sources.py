"""When to build: a sensor per source looks at what waits there; the decision is a pure function.

Nothing is remembered that matters: a file is to be taken while the database says that it is not
taken. The cursor is a hint that a file was there at the look before; losing it costs one look.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal

import dagster as dg

from resources import bank, clearinghouse, job_lock
from resources.dagster_resources import Installation
from resources.environment import InvalidSettingError, MissingSettingError
from resources.receipt import SightingKey, SourceError, Waiting
from resources.settings import Settings
from resources.sftp import Pickup
from resources.sftp_watch import SftpWatch
from resources.warehouse import receiving, sightings
from sensors.posting import ALIVE

JOB: Literal["build"] = "build"
# A file that a run refused is tried again when its patience is over, or after as long as this.
REFUSED_AGAIN = timedelta(minutes=15)


@dataclass(frozen=True)
class SourceState:
    """What a look found: files not taken, those seen at the look before, and what runs told."""

    found: Collection[SightingKey]
    before: Collection[str] = ()
    waiting: Mapping[SightingKey, Waiting] = field(default_factory=dict)
    patience: timedelta = timedelta(minutes=5)
    is_building: bool = False
    failure: str | None = None


@dataclass(frozen=True)
class SourceDecision:
    """Whether to build now, and why or why not."""

    should_build: bool
    reason: str


def decide(state: SourceState, now: datetime) -> SourceDecision:
    """Build when a file lies there unchanged since the look before, and no build is at work.

    A file that a run has told of as waiting or failed is the same file until it changes: it is
    tried again when it may be taken as it is, so that it does not cause a build at every look.
    """
    if state.failure:
        return SourceDecision(False, f"the source fails: {state.failure}")
    ready = [key for key in state.found if _is_ready(key, state, now)]
    unsteady = [key for key in ready if mark_of(key) not in state.before]
    if not ready:
        return SourceDecision(False, f"nothing to take; {len(state.found)} files wait")
    if state.is_building:
        return SourceDecision(False, f"{len(ready)} files to take after the build at work")
    if len(unsteady) == len(ready):
        return SourceDecision(False, f"{len(ready)} files have just come")
    return SourceDecision(True, f"{len(ready)} files to take")


def _is_ready(key: SightingKey, state: SourceState, now: datetime) -> bool:
    told = state.waiting.get(key)
    if told is None:
        return True
    age = now - told.first_seen_at
    again = state.patience if told.outcome == "waiting" else REFUSED_AGAIN
    # Once when its patience is over; a run that leaves it alone then starts the wait anew.
    return again <= age < again + timedelta(minutes=1)


def mark_of(key: SightingKey) -> str:
    """Return a short mark of a file as it was listed; no name stands in it."""
    return hashlib.sha256(repr(key).encode()).hexdigest()[:16]


@cache
def _watch(source: str) -> SftpWatch:
    """The connection of a source, kept for as long as this process lives."""
    del source  # one for each
    return SftpWatch()


def _clearinghouse(settings: Settings, taken: Collection[SightingKey]) -> Pickup:
    return clearinghouse.pickup(settings.clearinghouse, taken)


def _bank(settings: Settings, taken: Collection[SightingKey]) -> Pickup:
    return bank.pickup(settings.bank, taken)


def sftp_sensor(
    source: str, pickup_of: Callable[[Settings, Collection[SightingKey]], Pickup]
) -> dg.SensorDefinition:
    """Make the sensor of a source whose files lie on an SFTP server."""

    @dg.sensor(
        name=f"{source}_sensor",
        job_name=JOB,
        minimum_interval_seconds=4,  # the daemon looks every 5 s: 5 here would mean 5 or 10
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Requests a build while files of the source {source} wait to be taken.",
    )
    def look(
        context: dg.SensorEvaluationContext, installation: Installation
    ) -> dg.RunRequest | dg.SkipReason:
        """Look at the server and the database, decide, and request a run or say why not."""
        live = context.instance.get_runs_count(dg.RunsFilter(job_name=JOB, statuses=ALIVE))
        state = read_state(installation, source, pickup_of, live, context.cursor or "")
        context.update_cursor(",".join(sorted(map(mark_of, state.found))[:5000]))
        decision = decide(state, datetime.now(UTC))
        # No run key: one run takes all that waits, whichever source asked for it.
        return dg.RunRequest() if decision.should_build else dg.SkipReason(decision.reason)

    return look


def read_state(
    installation: Installation,
    source: str,
    pickup_of: Callable[[Settings, Collection[SightingKey]], Pickup],
    live_runs: int,
    cursor: str,
) -> SourceState:
    """Look once. A source that fails, or is not set up, is a state and not an error."""
    with closing(installation.connect("ingest")) as connection:
        taken = receiving.taken(connection, source)
        waiting = sightings.waiting(connection, source)
        is_building = live_runs > 0 or job_lock.is_running(connection, JOB)
    try:
        pickup = pickup_of(installation.settings, taken)
        found = _watch(source).look(pickup) if pickup.settings.is_configured else []
    except SourceError as failure:
        return SourceState((), failure=failure.code)
    except (InvalidSettingError, MissingSettingError) as wrong:
        return SourceState((), failure=str(wrong))
    return SourceState(
        found=found,
        before=frozenset(cursor.split(",")),
        waiting=waiting,
        patience=timedelta(seconds=pickup.settings.incomplete_after_seconds),
        is_building=is_building,
    )


def source_sensors() -> list[dg.SensorDefinition]:
    """Make the sensors of all sources that are looked at."""
    return [
        sftp_sensor(clearinghouse.SOURCE, _clearinghouse),
        sftp_sensor(bank.SOURCE, _bank),
    ]
