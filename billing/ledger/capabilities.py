"""What an ERP offers towards posting exactly once: the table that the outbox decides by.

Facts of each ERP are stated by its adapter; what follows from them is here. Figures are limits
that a vendor documents; None means that none was found.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Idempotency(StrEnum):
    """The strongest means by which a second document of one key is kept out."""

    UNIQUE_REFERENCE = "unique reference"  # the ERP refuses a second document of the same key
    REPLAYED_KEY = "replayed key"  # the ERP repeats its first answer, within a window of its own
    SEARCH = "search only"  # nothing is refused, but a document can be found by its key
    NOTHING = "nothing"  # not even found again: a person uploads a file


@dataclass(frozen=True)
class Capabilities:
    """One row of the capability table.

    `quiescence`: the longest time after which a request that was sent can still take effect;
    before it has passed, "not found" does not mean "not posted".
    """

    idempotency: Idempotency
    is_post_atomic: bool  # create and post are one act: no draft can be left behind
    read_back_key: str  # where the entry's key stands in the ERP's document
    max_lines: int
    quiescence: timedelta
    period_error: str  # how the ERP says that a period is closed
    dimensions: tuple[str, ...] = ()  # of facility, payer_class: those that a line carries over
    requests_per_minute: int | None = None
    concurrent_requests: int | None = None
    confirms_posting: bool = True  # False: posting is the ERP's own later act, which is polled
    tells_changes: bool = (
        False  # documents are listed by their last change (`changes.TellsChanges`)
    )

    @property
    def has_unique_reference(self) -> bool:
        """Whether an interrupted sending may be taken up under the same key at once."""
        return self.idempotency is Idempotency.UNIQUE_REFERENCE

    @property
    def can_read_back(self) -> bool:
        """Whether the ERP can be asked for a document by its key."""
        return self.idempotency is not Idempotency.NOTHING
