"""When a part that should run is started, started again or left alone: pure, without processes.

A part is a server that `tieout up` keeps: the database, the outside world, the ERP, and Dagster's
code server, pages and daemon. How each is started is in `parts.py`.
"""

from dataclasses import dataclass, replace
from typing import Literal

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0  # a part that lived as long starts with a short pause again
PROBE_SECONDS = 10.0
MOST_FAILED_PROBES = 3

Action = Literal["leave", "probe", "start", "replace"]


@dataclass(frozen=True)
class Upkeep:
    """What is remembered of a part between two looks; instants are seconds of one clock."""

    started_at: float | None = None
    falls: int = 0
    restarts: int = 0
    wait_until: float = 0.0
    probed_at: float = 0.0
    failed_probes: int = 0

    @property
    def word(self) -> str:
        """Say in one word how the part is."""
        if self.started_at is None:
            return "waiting"
        return "not answering" if self.failed_probes else "running"


def next_action(part: Upkeep, now: float, *, is_alive: bool, may_start: bool) -> Action:
    """Decide what is due. `may_start`: what the part needs is there.

    A dead part is started when its pause is over; one that lives and does not answer several times
    in a row is hung, and is replaced.
    """
    if not is_alive:
        return "start" if may_start and now >= part.wait_until else "leave"
    if part.failed_probes >= MOST_FAILED_PROBES and may_start:
        return "replace"
    return "probe" if now >= part.probed_at + PROBE_SECONDS else "leave"


def after_start(part: Upkeep, now: float) -> Upkeep:
    """Remember a start that came to its end."""
    return replace(part, started_at=now, probed_at=now, failed_probes=0)


def after_fall(part: Upkeep, now: float) -> Upkeep:
    """Remember that a part is gone or could not be started: the next start waits, longer each time.

    Every start after this one counts as a restart.
    """
    was_steady = part.started_at is not None and now - part.started_at >= STEADY_SECONDS
    falls = 1 if was_steady else part.falls + 1
    pause = min(FIRST_PAUSE_SECONDS * 2 ** (falls - 1), LONGEST_PAUSE_SECONDS)
    return replace(
        part, started_at=None, falls=falls, restarts=part.restarts + 1, wait_until=now + pause,
        failed_probes=0,
    )  # fmt: skip


def after_probe(part: Upkeep, now: float, *, answers: bool) -> Upkeep:
    """Remember an answer, or that there was none."""
    return replace(part, probed_at=now, failed_probes=0 if answers else part.failed_probes + 1)
