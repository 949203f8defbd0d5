"""What one run of the outbox has in doubt: in memory, for the course of that run.

What is in doubt for good stands in the ledger, as entries that are `unknown`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_LOST = 2  # documents that one run sent and did not find: then the ERP is ill
PAUSES_SECONDS = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0)


@dataclass
class Unanswered:
    """Entries by number. `lost` has the key of each that this run sent and did not find again."""

    unknown: set[int] = field(default_factory=set)
    lost: dict[int, str] = field(default_factory=dict)
    resent: set[int] = field(default_factory=set)

    def lose(self, entry_id: int, key: str) -> bool:
        """Note a document that is not there; return whether the ERP lost too many."""
        self.lost[entry_id] = key
        return len(self.lost) >= MOST_LOST

    def end(self, entry_id: int) -> None:
        """The outcome of an entry is known."""
        self.unknown.discard(entry_id)
        self.lost.pop(entry_id, None)

    def rounds(self, patience_seconds: float) -> Iterator[tuple[float, dict[int, str]]]:
        """Yield a pause and what is still lost then, until nothing is or patience is over."""
        waited = 0.0
        for pause in PAUSES_SECONDS:
            waited += pause
            if not self.lost or waited > patience_seconds:
                return
            yield pause, dict(self.lost)
