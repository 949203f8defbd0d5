"""Which loop every segment stands in, by the guide's loop ids: a specification and its application.

A loop is opened by its trigger and closed by the next trigger at its level or above; a segment
belongs to the innermost open loop, whatever its id, so nothing unforeseen closes a claim.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from billing.x12.index import Index, Mask, SegmentIndex

TRANSACTION = "transaction"


@dataclass(frozen=True)
class Where:
    """A condition on an element: it says one of `codes` (of its `component`, where given)."""

    element: int
    codes: tuple[str, ...]
    component: int | None = None

    def holds(self, index: SegmentIndex, rows: Index) -> Mask:
        """Return for each segment of `rows` whether the condition holds."""
        spans = index.element(rows, self.element)
        if self.component is not None:
            spans = index.component(spans, self.component)
        return index.is_one_of(spans, *self.codes)


@dataclass(frozen=True)
class Loop:
    """One loop: `segment` (with `where`) opens it while one of `parents` is open.

    `level` orders the loops of a transaction from the outside in; no `parents`: anywhere. Where
    `led_by` has come since the last `segment`, that has opened the loop already.
    """

    name: str
    level: int
    segment: str
    where: Where | None = None
    parents: tuple[str, ...] = ()
    led_by: str | None = None


class Loops:
    """The loops of the transactions in one body. Loop numbers count from 1; 0 is outside."""

    def __init__(self, index: SegmentIndex, loops: Sequence[Loop]) -> None:
        self._loops = (Loop(TRANSACTION, 0, "ST"), *loops)
        self._index = index
        self._number = np.zeros(len(index), np.int16)
        self._level = np.full(len(index), np.iinfo(np.int16).max, np.int16)
        self._owners: dict[tuple[str, ...], Index] = {}
        self._starts: dict[tuple[str, ...], Index] = {}
        self._insides: dict[tuple[str, ...], Mask] = {}
        for number, loop in enumerate(self._loops, start=1):
            self._open(number, loop)
            self._owners.clear()
        is_trigger = self._number > 0
        self.innermost: Index = _last(is_trigger)
        # The number of the loop that each segment stands in.
        self._standing = np.where(self.innermost >= 0, self._number[self.innermost], 0)

    def name_of(self, segment: int) -> str:
        """Return the loop that a segment stands in, blank outside every transaction."""
        number = int(self._standing[segment])
        return self._loops[number - 1].name if number else ""

    def depth_of(self, segment: int) -> int:
        """Return how deep the loop lies that a segment stands in, 0 for the transaction."""
        trigger = int(self.innermost[segment])
        return int(self._level[trigger]) if trigger >= 0 else 0

    @property
    def all_names(self) -> tuple[str, ...]:
        """The names of all loops, the transaction itself included."""
        return tuple(dict.fromkeys(loop.name for loop in self._loops))

    def names(self, segments: Index) -> pa.Array:
        """Return the loop that each segment stands in, null outside every transaction."""
        named = pa.array([None, *(loop.name for loop in self._loops)], pa.string())
        return named.take(pa.array(self._standing[segments]))

    def starts(self, *names: str) -> Index:
        """Return the triggers of every instance of these loops, in order."""
        if names not in self._starts:
            is_one = np.isin(np.arange(len(self._loops) + 1), self._numbers(names))
            self._starts[names] = np.flatnonzero(is_one[self._number])
        return self._starts[names]

    def inside(self, *names: str) -> Mask:
        """Return which segments stand directly in one of these loops."""
        if names not in self._insides:
            is_one = np.isin(np.arange(len(self._loops) + 1), self._numbers(names))
            self._insides[names] = is_one[self._standing]
        return self._insides[names]

    def owner(self, *names: str) -> Index:
        """Return for each segment the trigger of the open loop of these names, -1 for none."""
        if names not in self._owners:
            numbers = self._numbers(names)
            level = max((self._loops[number - 1].level for number in numbers), default=-1)
            last = _last(self._level <= level)
            is_one = np.isin(np.arange(len(self._loops) + 1), numbers)
            is_it = is_one[self._number[last]] & (last >= 0)
            self._owners[names] = np.where(is_it, last, -1)
        return self._owners[names]

    def _numbers(self, names: Sequence[str]) -> list[int]:
        return [n for n, loop in enumerate(self._loops, start=1) if loop.name in names]

    def _open(self, number: int, loop: Loop) -> None:
        rows = self._index.find(loop.segment)
        rows = rows[self._number[rows] == 0]
        if loop.where is not None and len(rows):
            rows = rows[loop.where.holds(self._index, rows)]
        if loop.parents and len(rows):
            rows = rows[self.owner(*loop.parents)[rows] >= 0]
        if loop.led_by is not None and len(rows):
            rows = rows[~self._is_led(loop.led_by, rows)]
        self._number[rows] = number
        self._level[rows] = loop.level

    def _is_led(self, name: str, rows: Index) -> Mask:
        """Return which rows have a segment of this id between them and the row before."""
        led = np.append(self._index.find(name), len(self._index))
        before = np.append(-1, rows[:-1])
        is_led: Mask = led[np.searchsorted(led, before, side="right")] < rows
        return is_led


def _last(applies: Mask) -> Index:
    """Return for each position the last one up to it where `applies` holds, -1 before it."""
    position = np.where(applies, np.arange(len(applies)), -1)
    last: Index = np.maximum.accumulate(position) if len(position) else position
    return last
