"""When to build: a sensor per source looks at what waits there; the decision is a pure function.

Nothing is remembered that matters: a file is to be taken while the database says that it is not
taken. The cursor is a hint that a file was there at the look before; losing it costs one look.
"""

import hashlib
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal

import dagster as dg
import psycopg

from resources import bank, clearinghouse, job_lock
from resources.dagster_resources import Installation
from resources.environment import InvalidSettingError, MissingSettingError
from resources.receipt import SightingKey, SourceError, Waiting
from resources.settings import Settings
from resources.sftp import Pickup
from resources.sftp_watch import SftpWatch
from resources.warehouse import receiving, sightings, source_status
from sensors.posting import ALIVE

JOB: Literal["build"] = "build"
TICK_SECONDS = 14  # the daemon looks every 5 s: 15 here would mean 15 or 20
SETTLING_SECONDS = 3.0  # between the two looks that a file needs, where one has just come
TAKEN_SECONDS = 60.0
SETTING = "SOURCE_SETTING"
# A source that fails is left in peace for a while; its newest look says since when it fails.
FAILING_AGAIN = timedelta(seconds=28)
# A file that a run refused is tried again when its patience is over, or after as long as this.
REFUSED_AGAIN = timedelta(minutes=15)


PickupOf = Callable[[Settings, Collection[SightingKey]], Pickup]


@dataclass(frozen=True)
class SourceState:
    """What a look found: files not taken, those seen at the look before, and what runs told."""

    found: Collection[SightingKey]
    before: Collection[str] = ()
    waiting: Mapping[SightingKey, Waiting] = field(default_factory=dict)
    patience: timedelta = timedelta(minutes=5)
    is_building: bool = False
    failure: str | None = None
    is_set_up: bool = True


@dataclass(frozen=True)
class SourceDecision:
    """Whether to build now, and why or why not."""

    should_build: bool
    reason: str
    is_settling: bool = False


def decide(state: SourceState, now: datetime) -> SourceDecision:
    """Build when a file lies there unchanged since the look before, and no build is at work.

    A file that a run has told of as waiting or failed is the same file until it changes: it is
    tried again when it may be taken as it is, so that it does not cause a build at every look.
    """
    if not state.is_set_up:
        return SourceDecision(False, "the source is not set up")
    if state.failure:
        return SourceDecision(False, f"the source fails: {state.failure}")
    ready = [key for key in state.found if _is_ready(key, state, now)]
    unsteady = [key for key in ready if mark_of(key) not in state.before]
    if not ready:
        return SourceDecision(False, f"nothing to take; {len(state.found)} files wait")
    if state.is_building:
        return SourceDecision(False, f"{len(ready)} files to take after the build at work")
    if len(unsteady) == len(ready):
        return SourceDecision(False, f"{len(ready)} files have just come", is_settling=True)
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


class TakenFiles:
    """The files of a source that are taken, remembered between looks: most find nothing else.

    A file that is taken stays so; the database is asked when another one lies there, and each
    minute.
    """

    def __init__(self, source: str) -> None:
        """Nothing is known yet."""
        self._source = source
        self._keys: frozenset[SightingKey] = frozenset()
        self._read_at: float | None = None

    def keys(self, connection: psycopg.Connection[Any]) -> frozenset[SightingKey]:
        """What is taken, as far as is known."""
        if self._read_at is None or time.monotonic() - self._read_at > TAKEN_SECONDS:
            self._read(connection)
        return self._keys

    def not_taken(
        self, connection: psycopg.Connection[Any], found: list[SightingKey]
    ) -> list[SightingKey]:
        """Those of a listing that are not taken; the database is asked if there is any."""
        if found:
            self._read(connection)
        return [key for key in found if key not in self._keys]

    def _read(self, connection: psycopg.Connection[Any]) -> None:
        self._keys = receiving.taken(connection, self._source)
        self._read_at = time.monotonic()


@cache
def _taken(database: str, source: str) -> TakenFiles:
    """What is remembered of a source of one database, for as long as this process lives."""
    del database  # one for each
    return TakenFiles(source)


def _clearinghouse(settings: Settings, taken: Collection[SightingKey]) -> Pickup:
    return clearinghouse.pickup(settings.clearinghouse, taken)


def _bank(settings: Settings, taken: Collection[SightingKey]) -> Pickup:
    return bank.pickup(settings.bank, taken)


def sftp_sensor(source: str, pickup_of: PickupOf) -> dg.SensorDefinition:
    """Make the sensor of a source whose files lie on an SFTP server."""

    @dg.sensor(
        name=f"{source}_sensor",
        job_name=JOB,
        minimum_interval_seconds=TICK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Requests a build while files of the source {source} wait to be taken.",
    )
    def look(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        """Look at the server and the database, decide, and request a run or say why not."""
        # Not as a resource: for those Dagster opens its own database at every look.
        installation = Installation()
        state = settled(
            lambda cursor: read_state(installation, source, pickup_of, cursor, datetime.now(UTC)),
            context.cursor or "",
        )
        context.update_cursor(marks_of(state))
        return request(context, decide(state, datetime.now(UTC)))

    return look


def settled(
    look: Callable[[str], SourceState], cursor: str, wait: Callable[[float], None] = time.sleep
) -> SourceState:
    """Look, and where a file has just come look once more a little later, to see it unchanged.

    So few looks are enough while nothing comes, and what comes is taken soon.
    """
    state = look(cursor)
    if not decide(state, datetime.now(UTC)).is_settling:
        return state
    wait(SETTLING_SECONDS)
    return look(marks_of(state))


def marks_of(state: SourceState) -> str:
    """Return what the next look is told of this one."""
    return ",".join(sorted(map(mark_of, state.found))[:5000])


def request(
    context: dg.SensorEvaluationContext, decision: SourceDecision
) -> dg.RunRequest | dg.SkipReason:
    """Request a build where one is decided on and none is queued; Dagster is asked only then."""
    if not decision.should_build:
        return dg.SkipReason(decision.reason)
    if context.instance.get_runs_count(dg.RunsFilter(job_name=JOB, statuses=ALIVE)):
        return dg.SkipReason(f"{decision.reason}; a build is queued or at work")
    # No run key: one run takes all that waits, whichever source asked for it.
    return dg.RunRequest()


def read_state(
    installation: Installation, source: str, pickup_of: PickupOf, cursor: str, now: datetime
) -> SourceState:
    """Look once. A source that fails, or is not set up, is a state and not an error."""
    with installation.kept_connection("ingest") as connection:
        known = source_status.read(connection, source)
        if known and known.code and now - known.looked_at < FAILING_AGAIN:
            return SourceState((), failure=known.code)
        state = _look(installation, source, pickup_of, connection, cursor)
        seen = source_status.Seen(source, len(state.found), state.failure, state.is_set_up)
        source_status.record(connection, seen, now)
    return state


def _look(
    installation: Installation,
    source: str,
    pickup_of: PickupOf,
    connection: psycopg.Connection[Any],
    cursor: str,
) -> SourceState:
    known = _taken(installation.settings.database.name, source)
    try:
        pickup = pickup_of(installation.settings, known.keys(connection))
        if not pickup.settings.is_configured:
            return SourceState((), is_set_up=False)
        found = known.not_taken(connection, _watch(source).look(pickup))
    except SourceError as failure:
        return SourceState((), failure=failure.code)
    except (InvalidSettingError, MissingSettingError):
        return SourceState((), failure=SETTING)
    return SourceState(
        found=found,
        before=frozenset(cursor.split(",")),
        waiting=sightings.waiting(connection, source) if found else {},
        patience=timedelta(seconds=pickup.settings.incomplete_after_seconds),
        is_building=job_lock.is_running(connection, JOB) if found else False,
    )


def source_sensors() -> list[dg.SensorDefinition]:
    """Make the sensors of the sources whose files are looked at."""
    return [
        sftp_sensor(clearinghouse.SOURCE, _clearinghouse),
        sftp_sensor(bank.SOURCE, _bank),
    ]
