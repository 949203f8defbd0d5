"""How much of one X12 file is read: above what payers send, below what exhausts memory.

What lies beyond a limit is not read, and a finding says so at the segment where the limit is met.
"""

from dataclasses import dataclass

from billing.x12.rules import Rule


@dataclass(frozen=True)
class Limits:
    """Per file: interchanges (ISA), transactions (ST, TA1), segments of envelopes, all segments,
    and findings that are listed one by one; the others are counted.
    """

    interchanges: int = 10_000
    transactions: int = 100_000
    envelope_segments: int = 300_000
    segments: int = 20_000_000
    findings: int = 10_000


LIMITS = Limits()
FILE_LIMIT = "FILE_LIMIT"


@dataclass
class Passed:
    """How much of a file has been walked through, and the limit beyond which its rest lies."""

    limits: Limits = LIMITS
    segments: int = 0
    transactions: int = 0
    envelope_segments: int = 0
    excess: Rule | None = None

    @property
    def room(self) -> int:
        """Return how many segments may follow."""
        return self.limits.segments - self.segments

    def takes(self, name: str) -> bool:
        """Count one more segment of an envelope, unless it lies beyond a limit."""
        is_transaction = name in {"ST", "TA1"}
        if is_transaction and self.transactions == self.limits.transactions:
            self.stop("transactions")
        elif self.envelope_segments == self.limits.envelope_segments:
            self.stop("envelope_segments")
        else:
            self.envelope_segments += 1
            self.transactions += is_transaction
        return self.excess is None

    def stop(self, limit: str) -> Rule:
        """Read no further, because of this limit."""
        most = getattr(self.limits, limit)
        self.excess = self.excess or beyond(limit.replace("_segments", " segments"), most)
        return self.excess


def beyond(what: str, most: int) -> Rule:
    """Return the rule that a file has at most so many of something."""
    return Rule(
        FILE_LIMIT,
        "error",
        f"A file has at most {most:,} {what}",
        "The rest of the file was not read; ask for it in smaller files",
    )


def unlisted(count: int, most: int) -> Rule:
    """Return the rule that only the first findings of a file are listed."""
    return Rule(
        "MORE_FINDINGS",
        "error",
        f"The first {most:,} findings of a file are listed",
        f"{count:,} more findings of this file are not listed",
    )
