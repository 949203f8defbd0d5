"""What every connector hands over: a content with where it came from, or a name that must wait."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, Protocol


class SourceError(Exception):
    """A source cannot be used now; the text names the place and the rule, never a value.

    `code` is the reason that exceptions and checks show.
    """

    code = "SOURCE_FAILED"


class SightingKey(NamedTuple):
    """What makes a remote file the same one when it is seen again."""

    location: str
    name: str
    size_bytes: int
    modified_at: datetime | None


@dataclass(frozen=True)
class Receipt:
    """One content as fetched. `name` and `location` are data, never local paths; no secrets."""

    source: str
    location: str
    name: str
    content: bytes = field(repr=False)
    modified_at: datetime | None


@dataclass(frozen=True)
class Sighting:
    """A remote file that was seen and not taken, with the rule that kept it."""

    source: str
    key: SightingKey
    outcome: Literal["waiting", "failed"]
    reason_code: str


class Waiting(NamedTuple):
    """What is known of a remote file that is not taken: since when, by our clock, and how."""

    first_seen_at: datetime
    outcome: str


class Marks(Protocol):
    """Where an API source stands: a hint that saves fetching, never a truth."""

    def get(self, name: str) -> str | None:
        """Return the value that was put last, or None."""
        ...

    def put(self, name: str, value: str) -> None:
        """Keep a value; called only after everything before it has been consumed."""
        ...


class NoMarks:
    """Remembers nothing: everything is fetched."""

    def get(self, name: str) -> str | None:  # noqa: ARG002 (the protocol's)
        """Return None."""
        return None

    def put(self, name: str, value: str) -> None:
        """Forget the value."""
