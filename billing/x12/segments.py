"""The segments of a block of canonical bytes: where they start, which belong to an envelope.

What an envelope says is in `envelope`; how the elements of a claim are cut out is in `index`.
"""

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from billing.x12.framing import COMPONENT, ELEMENT, segment_starts

CONTROL = frozenset({"ISA", "IEA", "GS", "GE", "ST", "SE", "TA1", "ISB", "ISE"})
_STARTS = tuple(name.encode()[0] << 8 | name.encode()[1] for name in sorted(CONTROL))
_MOST_ELEMENTS = 17


class Block:
    """Canonical segments that are walked through, indexed by their starts."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.starts = segment_starts(body)

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def is_tight(self) -> bool:
        """Whether no segment ends in a blank element, and no element in a blank component."""
        data = np.frombuffer(self.body, np.uint8)
        last = data[self.starts[1:] - 2] if len(self) > 1 else data[:0]
        ends = np.append(last, data[-2:-1])
        after = data[np.minimum(np.flatnonzero(data == COMPONENT[0]) + 1, len(data) - 1)]
        marks = (ELEMENT[0], COMPONENT[0])
        return not (np.isin(ends, marks).any() or np.any(after == ELEMENT[0]))

    def slice(self, start: int, end: int) -> bytes:
        """Return the segments from `start` up to `end`."""
        if start >= end:
            return b""
        last = int(self.starts[end]) if end < len(self) else len(self.body)
        return self.body[int(self.starts[start]) : last]

    def elements(self, index: int) -> list[str]:
        """Return the id and the elements of one segment, as they stand.

        No segment of an envelope has more than 16; what follows stays together as the last.
        """
        raw = self.slice(index, index + 1)[:-1]
        return [part.decode("latin-1") for part in raw.split(ELEMENT, _MOST_ELEMENTS)]

    def names(self, start: int, end: int) -> Iterator[str]:
        """Yield the first three bytes of some segments."""
        for at in self.starts[start:end].tolist():
            yield self.body[at : at + 3].decode("latin-1")

    def controls(self) -> Iterator[int]:
        """Yield the segments that belong to an envelope."""
        data = np.frombuffer(self.body, np.uint8)
        first = data[self.starts].astype(np.uint16)
        second = data[np.minimum(self.starts + 1, len(data) - 1)]
        yield from np.flatnonzero(np.isin(first << 8 | second, _STARTS)).tolist()
