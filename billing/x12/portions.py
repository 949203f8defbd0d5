"""A file as documents: portions of transactions of one kind, cut between claims, so that a file of
any size is read in the memory that a few million bytes need.

A portion that goes on with a transaction begins with a copy of the segments above its first claim
(header, payer, billing provider, subscriber); those are read for what they say and give no rows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from billing.finding import Finding
from billing.x12 import rules
from billing.x12.document import Document, Portion, Specification
from billing.x12.envelope import Stretch, Transaction, Walk
from billing.x12.framing import (
    BLOCK_BYTES,
    ELEMENT,
    LEAST_BYTES,
    SEGMENT,
    Framed,
    Interchange,
    blocks,
    frame,
)
from billing.x12.index import Index
from billing.x12.limits import LIMITS, Limits, Passed
from billing.x12.rules import finding
from billing.x12.source import Source

# A transaction in which no claim begins for so long is read no further.
_MOST_PENDING = 16 * BLOCK_BYTES
_MOST_PENDING_SEGMENTS = 500_000
_OF_TRANSACTION = 6  # a transaction of its own takes memory like so many short segments
_TRIES = 50  # of the last segments that may begin a portion
_NOTHING = np.zeros(0, np.int64)


@dataclass
class _Pending:
    """What of an open transaction is in no document yet, behind the copy of what stands above."""

    transaction: Transaction
    context: bytes = b""
    context_ordinals: Index = field(default_factory=_NOTHING.copy)
    body: list[bytes] = field(default_factory=list)
    bytes_held: int = 0
    count: int = 0
    segment: int = 0

    def add(self, stretch: Stretch) -> None:
        """Take the next segments."""
        if not self.body:
            self.segment = stretch.segment
        self.body.append(stretch.body)
        self.bytes_held += len(stretch.body)
        self.count += stretch.count

    @property
    def size(self) -> int:
        """Return how much there is to read, in bytes."""
        return _size(self.bytes_held, self.count)

    @property
    def is_endless(self) -> bool:
        """Say whether no claim has begun for longer than one may be."""
        return self.bytes_held > _MOST_PENDING or self.count > _MOST_PENDING_SEGMENTS


class Portions:
    """The documents of a file, in order of its portions; findings and counts when all are read."""

    def __init__(
        self,
        source: Source,
        specifications: Mapping[str, Specification],
        otherwise: Specification,
        width: int = BLOCK_BYTES,
        limits: Limits = LIMITS,
    ) -> None:
        """`width`: about how many bytes are read at once."""
        self._source, self._width = source, width
        self._specifications, self._otherwise = specifications, otherwise
        self._waiting: dict[str, list[Portion]] = {}
        self._sizes: dict[str, int] = {}
        self._pending: _Pending | None = None
        self._passed = Passed(limits)
        self.framed: Framed = frame(source, limits.interchanges)
        self.transactions: list[Transaction] = []
        self.findings: list[Finding] = []
        self.outside = 0
        self.is_same = True

    def __iter__(self) -> Iterator[Document]:
        """Yield the documents. Each is done with before the next is made."""
        for interchange in self.framed.interchanges:
            yield from self._walk(
                Walk(self._passed, has_header=interchange.has_header), interchange
            )
            if self._passed.excess:
                break
        if self.framed.is_cut and not self._passed.excess:
            rule = self._passed.stop("interchanges")
            self.findings.append(finding(rule, self.segments + 1))
        for set_id in list(self._waiting):
            yield from self._documents(set_id)
        inside = sum(item.segment_count for item in self.transactions)
        self.outside += self.segments - inside

    @property
    def segments(self) -> int:
        """Return how many segments have been read."""
        return self._passed.segments

    def _walk(self, walk: Walk, interchange: Interchange) -> Iterator[Document]:
        """Read one interchange, up to its end or to a limit of the file."""
        for block in blocks(self._source, interchange, self._width):
            self.is_same &= block.is_same
            for stretch in walk.feed(block.body):
                yield from self._take(stretch)
            if self._passed.excess:
                break
            if block.is_cut:
                walk.findings.append(finding(rules.SEGMENT_TOO_LONG, self.segments))
        for stretch in walk.finish():
            yield from self._take(stretch)
        self.findings += walk.findings

    def _take(self, stretch: Stretch) -> Iterator[Document]:
        pending = self._pending
        if pending is None or pending.transaction is not stretch.transaction:
            self._pending = pending = _Pending(stretch.transaction)
            self.transactions.append(stretch.transaction)
        is_abandoned = stretch.transaction.is_abandoned
        if is_abandoned:
            self.outside += stretch.count
        elif stretch.body:
            pending.add(stretch)
        if stretch.is_end:
            self._pending = None
            stretch.transaction.content.close()
            if not is_abandoned:
                yield from self._queue(pending, b"".join(pending.body), is_last=True)
        elif not is_abandoned and pending.size > self._width // 2:
            yield from self._cut(pending)

    def _cut(self, pending: _Pending) -> Iterator[Document]:
        """Read what is whole of a long transaction; its next claim begins the next portion."""
        body = b"".join(pending.body)
        at = self._last_break(pending.transaction.set_id, body)
        if at:
            rest = body[at:].count(SEGMENT)
            pending.count -= rest
            yield from self._queue(pending, body[:at], is_last=False)
            (document,) = self._documents(self._kind(pending.transaction.set_id))
            pending.context, pending.context_ordinals = document.context()
            pending.segment += pending.count
            pending.body, pending.bytes_held, pending.count = [body[at:]], len(body) - at, rest
            yield document
        elif pending.is_endless:
            pending.transaction.is_abandoned = True
            self.findings.append(finding(rules.TRANSACTION_TOO_LONG, pending.segment))
            yield from self._queue(pending, body, is_last=True)
            pending.body = []
        else:
            pending.body = [body]

    def _last_break(self, set_id: str, body: bytes) -> int:
        """Return where the last segment begins at which the transaction may be cut, or 0.

        Where claims have rows, one stands before the cut and after the last level: what it says
        of its subscriber and provider is taken by the same portion that has their segments.
        """
        spec = self._specification(set_id)
        if spec.record is None:
            return _last_break(body, spec)
        last = _last(body, spec.record)
        for place in (last, _last(body, spec.record, max(last, 0))):
            if place >= 0 or body.startswith(spec.record.encode() + ELEMENT):
                at = _first_break(body, place, spec)
                if at:
                    return at
        return 0

    def _queue(self, pending: _Pending, body: bytes, *, is_last: bool) -> Iterator[Document]:
        """Let small transactions of one kind wait for each other; yield a document when full."""
        portion = Portion(
            transaction=pending.transaction,
            body=body,
            segment=pending.segment,
            count=pending.count,
            context=pending.context,
            context_ordinals=pending.context_ordinals,
            is_last=is_last,
            is_broken=is_last and not pending.transaction.is_closed,
        )
        set_id = self._kind(pending.transaction.set_id)
        size, more = self._sizes.get(set_id, 0), _size(len(body), portion.count + _OF_TRANSACTION)
        if size and size + more > self._width:
            yield from self._documents(set_id)
            size = 0
        self._waiting.setdefault(set_id, []).append(portion)
        self._sizes[set_id] = size + more

    def _documents(self, set_id: str) -> Iterator[Document]:
        """Yield what waits of one kind as a document."""
        waiting, self._sizes[set_id] = self._waiting.pop(set_id, []), 0
        if waiting:
            yield Document(waiting, self._specification(set_id))

    def _kind(self, set_id: str) -> str:
        """Sets without a specification wait together, however many ids they have."""
        return set_id if set_id in self._specifications else ""

    def _specification(self, set_id: str) -> Specification:
        return self._specifications.get(set_id, self._otherwise)


def _size(length: int, segments: int) -> int:
    return max(length, segments * LEAST_BYTES)


def _last(body: bytes, name: str, end: int | None = None) -> int:
    """Return the place of the terminator before the last segment of this id, -1 for none."""
    return body.rfind(SEGMENT + name.encode() + ELEMENT, 0, len(body) if end is None else end)


def _last_break(body: bytes, spec: Specification) -> int:
    """Return where the last segment begins before which a transaction may be cut, 0 for none."""
    end = len(body)
    for _ in range(_TRIES):
        place = max((_last(body, name, end) for name in spec.breaks), default=-1)
        if place < 0 or _opens(body, place + 1, spec):
            return place + 1
        end = place + 1
    return 0


def _first_break(body: bytes, place: int, spec: Specification) -> int:
    """Return where the first such segment begins after the terminator at `place`, 0 for none."""
    while True:
        found = (body.find(SEGMENT + one.encode() + ELEMENT, place + 1) for one in spec.breaks)
        place = min((at for at in found if at >= 0), default=-1)
        if place < 0 or _opens(body, place + 1, spec):
            return place + 1


def _opens(body: bytes, at: int, spec: Specification) -> bool:
    """Say whether the segment at `at` opens a loop: any does but an HL of an unknown level."""
    elements = body[at : body.index(SEGMENT, at)].split(ELEMENT)
    level = elements[3].decode("latin-1").strip() if len(elements) > 3 else ""
    return elements[0] != b"HL" or level in spec.levels
