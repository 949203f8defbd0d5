"""Progress on the way: one line per stage with the seconds so far. Nothing else prints.

Lines go to standard error, so that a table or JSON on standard output stays clean.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class Progress:
    """Writes a line per finished stage; safe to use from several threads."""

    def __init__(self, stream: TextIO | None = None, *, is_quiet: bool = False) -> None:
        """`is_quiet` keeps everything back but `warn`."""
        self._stream = stream or sys.stderr
        self._is_quiet = is_quiet
        self._started = time.monotonic()
        self._lock = threading.Lock()

    @property
    def is_seen(self) -> bool:
        """Whether the lines go to a terminal, and not to a file or another program."""
        return self._stream.isatty()

    @property
    def elapsed_seconds(self) -> float:
        """Seconds since this was made."""
        return time.monotonic() - self._started

    def say(self, text: str) -> None:
        """One line, with the seconds since the start in front."""
        if not self._is_quiet:
            self.warn(text)

    def warn(self, text: str) -> None:
        """One line, even when quiet."""
        with self._lock:
            self._stream.write(f"{self.elapsed_seconds:7.1f} s  {text}\n")
            self._stream.flush()

    @contextmanager
    def stage(self, text: str) -> Iterator[None]:
        """Say `text` once the stage is over, with the seconds that it took when worth a word."""
        started = time.monotonic()
        yield
        took = time.monotonic() - started
        self.say(f"{text} ({took:.1f} s)" if took >= 1 else text)
