"""Where every segment and element of a canonical body stands: arrays of positions, no copies.

Finds segments by id and cuts elements out as Arrow binary columns. What a segment means and
which loop it belongs to is not known here.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from billing.x12.framing import COMPONENT, REPETITION, SEGMENT

Index = npt.NDArray[np.signedinteger[Any]]
Mask = npt.NDArray[np.bool_]
_SEGMENT = SEGMENT[0]
_ID_BYTES = 4
_BITS = 8
_SHORT = 64


@dataclass(frozen=True)
class Spans:
    """Pieces of a body, one a row: `length` is -1 where the row has none."""

    start: Index
    length: Index

    def __len__(self) -> int:
        return len(self.start)


class Picked:
    """Segments of which elements are cut out: their first and last mark are looked up once.

    None of them has more than `most` elements.
    """

    def __init__(self, marks: Index, first: Index, last: Index) -> None:
        self._marks, self._first, self._last = marks, first, last
        count = last - first
        self._fewest = int(count.min()) if len(count) else 0
        self.most = int(count.max()) if len(count) else 0

    def element(self, number: int) -> Spans:
        """Cut element `number` (1-based) out of each segment."""
        if number > self.most:
            return Spans(np.zeros_like(self._first), np.full_like(self._first, -1))
        at = self._first + np.int32(number)
        missing = None
        if number > self._fewest:
            missing = at > self._last
            at[missing] = 1
        start = self._marks[at - 1] + np.int32(1)
        length = self._marks[at] - start
        if missing is not None:
            length[missing] = -1
        return Spans(start, length)


class SegmentIndex:
    """A canonical body, indexed once. Segments count from 0."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self._data = np.frombuffer(body, np.uint8)
        # 0x1E and 0x1F differ in their last bit only: one comparison finds both.
        marks = np.flatnonzero((self._data >> 1) == _SEGMENT >> 1)
        last = np.flatnonzero(self._data[marks] == _SEGMENT)
        ends = marks[last]
        self.starts: Index = np.append(0, ends[:-1] + 1)[: len(ends)]
        # Looked up at random for every column: four bytes a place keep more of it in the cache.
        self._marks, self._last = marks.astype(np.int32), last.astype(np.int32)
        self._first = np.append(np.int32(0), self._last[:-1] + np.int32(1))[: len(last)]
        self.ids = self._packed_ids()
        self._found: dict[str, Index] = {}
        self._by_id = np.argsort(self.ids, kind="stable")
        self._sorted_ids = self.ids[self._by_id]

    def __len__(self) -> int:
        return len(self.starts)

    def is_segment(self, *names: str) -> Mask:
        """Return which segments carry one of these ids."""
        found = np.zeros(len(self), np.bool_)
        for name in names:
            found[self.find(name)] = True
        return found

    def find(self, *names: str) -> Index:
        """Return the segments that carry one of these ids, in order."""
        for name in names:
            if name not in self._found:
                key = np.uint32(packed(name))
                first = np.searchsorted(self._sorted_ids, key, side="left")
                last = np.searchsorted(self._sorted_ids, key, side="right")
                self._found[name] = self._by_id[first:last]
        found = [self._found[name] for name in names]
        return found[0] if len(found) == 1 else np.sort(np.concatenate(found))

    def name(self, segment: int) -> str:
        """Return the id of one segment, at most four characters of it."""
        return _unpacked(int(self.ids[segment]))

    def names(self, segments: Index) -> pa.Array:
        """Return the id of each segment."""
        found, position = np.unique(self.ids[segments], return_inverse=True)
        return pa.array([_unpacked(one) for one in found.tolist()], pa.string()).take(
            pa.array(position)
        )

    def raw(self, segment: int) -> bytes:
        """Return the canonical bytes of one segment, its terminator included."""
        end = int(self._marks[self._last[segment]]) + 1
        return self.body[int(self.starts[segment]) : end]

    def element_count(self, rows: Index) -> Index:
        """Return for each segment how many elements it has."""
        count: Index = self._last[rows] - self._first[rows]
        return count

    def pick(self, rows: Index) -> "Picked":
        """Return segments (-1: no segment) to cut several elements out of."""
        first, last = self._first[rows], self._last[rows]
        if len(rows) and np.any(nothing := rows < 0):
            last[nothing] = first[nothing] = 0
        return Picked(self._marks, first, last)

    def element(self, rows: Index, number: int) -> Spans:
        """Cut element `number` (1-based) out of each segment of `rows` (-1: no segment)."""
        return self.pick(rows).element(number)

    def component(self, spans: Spans, number: int) -> Spans:
        """Cut component `number` (1-based) out of each element."""
        return self._part(spans, self._components, number)

    def repetition(self, spans: Spans, number: int) -> Spans:
        """Cut repetition `number` (1-based) out of each element."""
        return self._part(spans, self._repetitions, number)

    def part_count(self, spans: Spans) -> Index:
        """Return how many repetitions each element has (0: the element is not there)."""
        ends = spans.start + np.maximum(spans.length, 0)
        marks = self._repetitions
        count = np.searchsorted(marks, ends) - np.searchsorted(marks, spans.start) + 1
        return np.where(spans.length >= 0, count, 0)

    def first_byte(self, spans: Spans) -> npt.NDArray[np.uint8]:
        """Return the first byte of each piece, 0 where it is empty or not there."""
        return np.where(spans.length > 0, self._data[spans.start], 0).astype(np.uint8)

    def is_one_of(self, spans: Spans, *codes: str) -> Mask:
        """Return which pieces, blanks around them aside, say one of these codes."""
        width = max(map(len, codes))
        trimmed = self._trimmed(spans)
        value = self._leading(trimmed, width)
        found = np.zeros(len(spans), np.bool_)
        for code in codes:
            found |= (value == packed(code)) & (trimmed.length == len(code))
        return found

    def binary(self, spans: Spans) -> pa.Array:
        """Return the pieces as an Arrow binary column, null where nothing was sent."""
        count = len(spans)
        longest = int(spans.length.max()) if count else 0
        if longest <= 0:
            return pa.nulls(count, pa.binary())
        if longest <= _SHORT and int(spans.length.min()) == longest:
            return self._all_of_length(spans.start, longest)
        return self._taken(spans)

    def _all_of_length(self, start: Index, length: int) -> pa.Array:
        """Copy pieces of one length, each in one move: several times as fast as byte by byte."""
        pieces = np.ndarray((len(self._data) - length + 1,), f"V{length}", self.body, strides=(1,))
        offsets = np.arange(0, (len(start) + 1) * length, length, dtype=np.int32)
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(pieces[start].view(np.uint8))]
        return pa.Array.from_buffers(pa.binary(), len(start), buffers)

    def _taken(self, spans: Spans) -> pa.Array:
        """Let Arrow copy the pieces: every second piece of the body, cut at all starts and ends."""
        count = len(spans)
        offsets = np.zeros(2 * count + 1, np.int32)
        offsets[1::2] = spans.start
        offsets[2::2] = spans.start + np.maximum(spans.length, 0)
        cuts = [None, pa.py_buffer(offsets), pa.py_buffer(self.body)]
        pieces = pa.Array.from_buffers(pa.binary(), 2 * count, cuts)
        blank = spans.length <= 0
        every_second = np.arange(1, 2 * count, 2, dtype=np.int32)
        return pieces.take(pa.array(every_second, mask=blank if np.any(blank) else None))

    @cached_property
    def _components(self) -> Index:
        return np.flatnonzero(self._data == COMPONENT[0])

    @cached_property
    def _repetitions(self) -> Index:
        return np.flatnonzero(self._data == REPETITION[0])

    def _part(self, spans: Spans, marks: Index, number: int) -> Spans:
        ends = spans.start + np.maximum(spans.length, 0)
        if not len(marks):
            missing = np.full(len(spans), -1)
            return spans if number == 1 else Spans(spans.start, missing)
        low, high = np.searchsorted(marks, spans.start), np.searchsorted(marks, ends)
        before, after = low + number - 2, low + number - 1
        top = len(marks) - 1
        start = spans.start if number == 1 else marks[np.clip(before, 0, top)] + 1
        end = np.where(after < high, marks[np.minimum(after, top)], ends)
        has = (spans.length >= 0) & ((number == 1) | (before < high))
        return Spans(np.where(has, start, 0), np.where(has, end - start, -1))

    def _trimmed(self, spans: Spans) -> Spans:
        start, length = spans.start.copy(), spans.length.copy()
        top = len(self._data) - 1
        while np.any(led := (length > 0) & (self._data[np.minimum(start, top)] == 0x20)):
            start[led] += 1
            length[led] -= 1
        while np.any(
            trailed := (length > 0) & (self._data[np.clip(start + length - 1, 0, top)] == 0x20)
        ):
            length[trailed] -= 1
        return Spans(start, length)

    def _leading(self, spans: Spans, width: int) -> Index:
        """Pack the first `width` bytes of each piece into a number, as `packed` does."""
        value = np.zeros(len(spans), np.int64)
        top = len(self._data) - 1
        for offset in range(width):
            has = spans.length > offset
            byte = self._data[np.minimum(spans.start + offset, top)].astype(np.int64)
            value = np.where(has, (value << _BITS) | byte, value)
        return value

    def _packed_ids(self) -> npt.NDArray[np.uint32]:
        """Read four bytes at each start as one number and shift out what is not the id."""
        ends = self._marks[self._first] if len(self) else self.starts
        length = np.minimum(ends - self.starts, _ID_BYTES)
        padded = self.body + bytes(_ID_BYTES) if len(self.body) < 2 * _ID_BYTES else self.body
        words = np.ndarray((len(padded) - _ID_BYTES + 1,), ">u4", padded, strides=(1,))
        read = words[np.minimum(self.starts, len(words) - 1)].astype(np.uint32)
        missed = np.maximum(self.starts - (len(words) - 1), 0)
        surplus = (_ID_BYTES - length).astype(np.uint32)
        read <<= (missed * _BITS).astype(np.uint32)
        read >>= np.minimum(surplus * _BITS, 31)
        return np.where(length > 0, read, 0).astype(np.uint32)


def packed(code: str) -> int:
    """Return a code of at most seven characters as one number."""
    return int.from_bytes(code.encode("latin-1"), "big")


def _unpacked(number: int) -> str:
    return number.to_bytes(_ID_BYTES, "big").lstrip(b"\0").decode("latin-1")
