"""What `tieout up` shows: one screen on a terminal, else a line for each thing that happens."""

import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from orchestration.keeper import Keeper
from orchestration.news import Event, lines
from orchestration.progress import Progress
from orchestration.tables import printable

KEPT_EVENTS = 14
STYLES = {"running": "green", "waiting": "yellow", "not answering": "red"}


class Screen:
    """Addresses and health of the parts, and the last events."""

    def __init__(self, title: str, progress: Progress) -> None:
        """`progress` prints the lines where standard output is no terminal."""
        self._title = title
        self._progress = progress
        self._events: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self._lock = threading.Lock()
        self._live: Live | None = None

    def tell(self, text: str) -> None:
        """Say that something happened just now."""
        self.add([Event(datetime.now(UTC), printable(text))])

    def add(self, events: Sequence[Event]) -> None:
        """Say that things happened."""
        with self._lock:
            self._events.extend(events)
        if self._live is None:
            for line in lines(events):
                self._progress.say(line)

    @contextmanager
    def shown(self, keeper: Keeper) -> Iterator[None]:
        """Show the screen while the block runs, where there is a terminal."""
        if not sys.stdout.isatty():
            yield
            return
        with Live(self._drawn(keeper), console=Console(), auto_refresh=False) as live:
            self._live = live
            try:
                yield
            finally:
                self._live = None

    def draw(self, keeper: Keeper) -> None:
        """Draw it as it is now."""
        if self._live is not None:
            self._live.update(self._drawn(keeper), refresh=True)

    def _drawn(self, keeper: Keeper) -> Group:
        with self._lock:
            events = lines(list(self._events))
        return Group(
            Text(self._title, style="bold"), parts_table(keeper), Text("\n".join(events)),
            Text("Ctrl-C stops everything", style="dim"),
        )  # fmt: skip


def parts_table(keeper: Keeper) -> Table:
    """A line for each part: how it is, how often it was started again, where it is."""
    table = Table(box=None, pad_edge=False)
    for heading in ("part", "state", "restarts", "address"):
        table.add_column(heading, justify="right" if heading == "restarts" else "left")
    for part in keeper.parts:
        known = keeper.known[part.name]
        word = Text(known.word, style=STYLES[known.word])
        table.add_row(part.name, word, str(known.restarts or ""), part.address)
    return table
