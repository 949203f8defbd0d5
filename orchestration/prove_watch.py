"""How far a proof is: bars on a terminal, else a line for each tie-out. To standard error only."""

import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestration.progress import Progress
from resources.warehouse.tie_outs import TieOutResult

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


class Watch:
    """Told by several threads what is done; shows nothing itself, as for a pack or a test."""

    def begin(self, what: str, total: int | None = None) -> None:
        """Work of this name begins; `total` steps where that is known."""

    def advance(self, what: str, count: int = 1) -> None:
        """So many more steps of it are done."""

    def end(self, what: str) -> None:
        """It is over."""

    def proved(self, results: Iterable[TieOutResult]) -> None:
        """Tie-outs are worked out."""


class LinesWatch(Watch):
    """A line for each tie-out, and for long work at each quarter."""

    def __init__(self, progress: Progress) -> None:
        """`progress` prints the lines."""
        self._progress = progress
        self._lock = threading.Lock()
        self._totals: dict[str, int] = {}
        self._done: dict[str, int] = {}
        self._started: dict[str, float] = {}

    def begin(self, what: str, total: int | None = None) -> None:
        """Remember how much there is."""
        self._started[what] = time.monotonic()
        self._totals[what], self._done[what] = total or 0, 0

    def advance(self, what: str, count: int = 1) -> None:
        """Say it where another quarter is done."""
        with self._lock:
            before, total = self._done[what], self._totals[what]
            done = self._done[what] = before + count
        if total and 4 * done // total > 4 * before // total:
            self._progress.say(f"{what}: {done:,} of {total:,}")

    def end(self, what: str) -> None:
        """Say how long it took."""
        self._progress.say(f"{what}: done ({time.monotonic() - self._started[what]:.1f} s)")

    def proved(self, results: Iterable[TieOutResult]) -> None:
        """Say which tie-outs hold."""
        for line in lines(results):
            self._progress.say(line)


class BarsWatch(Watch):
    """Bars on a terminal, with finished tie-outs above them."""

    def __init__(self, bars: "Bars") -> None:
        """`bars` is shown already."""
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def begin(self, what: str, total: int | None = None) -> None:
        """A bar for it."""
        self._tasks[what] = self._bars.add_task(what, total=total)

    def advance(self, what: str, count: int = 1) -> None:
        """The bar grows."""
        self._bars.advance(self._tasks[what], count)

    def end(self, what: str) -> None:
        """The bar is full."""
        self._bars.update(self._tasks[what], total=1, completed=1)

    def proved(self, results: Iterable[TieOutResult]) -> None:
        """A line above the bars for each."""
        for line in lines(results):
            self._bars.console.print(line, highlight=False, markup=False)


def lines(results: Iterable[TieOutResult]) -> list[str]:
    """One line per tie-out: whether it holds in all its scopes, else where it does not."""
    broken: dict[str, list[str]] = {}
    for one in results:
        broken.setdefault(one.id, []).extend([] if one.holds else [one.scope])
    return [
        f"{number} does not hold: {', '.join(scopes)}" if scopes else f"{number} holds"
        for number, scopes in broken.items()
    ]


@contextmanager
def watching(progress: Progress) -> Iterator[Watch]:
    """Bars where standard error is a terminal, else lines."""
    if not sys.stderr.isatty():
        yield LinesWatch(progress)
        return
    from rich.console import Console  # noqa: PLC0415 (on a terminal only)
    from rich.progress import Progress as Bars  # noqa: PLC0415

    with Bars(console=Console(stderr=True), transient=True) as bars:
        yield BarsWatch(bars)
