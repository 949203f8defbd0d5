"""Transactions of one kind as tables, by a specification: rows, columns and parents, placed in
the file. What the columns mean is in `remittance`, `claims` and the other tables' modules.
"""

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from billing.x12.envelope import Transaction
from billing.x12.framing import SEGMENT
from billing.x12.index import Index, Mask, Picked, SegmentIndex
from billing.x12.loop_ids import LoopId, LoopNames
from billing.x12.loops import TRANSACTION, Loop, Loops, Where


@dataclass(frozen=True)
class Source:
    """Where a column comes from: an element of the first `segment` (with `where`) in `loop`.

    Without `loop`: in the row's own loop. `under` names the loop that the row and `loop` share,
    for a value that stands beside the row's loop and not above it. Without `segment`: in the
    segment of the row itself.
    """

    element: int
    segment: str | None = None
    where: Where | None = None
    component: int | None = None
    loop: tuple[str, ...] = ()
    under: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableSpec:
    """One row per instance of `loops`, or per `segment` (with `where`) that stands in them.

    Without `loops`: per `segment` wherever it stands. What is only looked at, to check
    something, `is_taken` is False: its segments stay free for another table.
    """

    loops: tuple[str, ...]
    columns: Mapping[str, Source]
    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    segment: str | None = None
    where: Where | None = None
    is_taken: bool = True


@dataclass(frozen=True)
class Specification:
    """The loops and the tables of one kind of transaction.

    `claim` and `line` name the loops that number its claims and their service lines; where
    `lines` names tables, only the loops in which one of their rows stands are lines.

    A long transaction may be cut before a segment of an id in `breaks` (an HL: of one of the
    `levels`), and where `record` names one of them only after such a record; what stays open above
    a cut are its header and the loops in `above`. `ids` tell apart what the guides call a loop.
    """

    loops: tuple[Loop, ...] = ()
    tables: Mapping[str, TableSpec] = field(default_factory=dict)
    claim: tuple[str, ...] = ()
    line: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    record: str | None = None
    above: tuple[str, ...] = ()
    ids: tuple[LoopId, ...] = ()


@dataclass(frozen=True)
class Portion:
    """Segments of a transaction: all of them, or those up to a cut, or from one cut to the next.

    `segment` is the ordinal of the first; `context` a copy of what stands above the cut. The last
    portion is broken where its transaction has no end.
    """

    transaction: Transaction
    body: bytes
    segment: int
    context: bytes
    context_ordinals: Index
    is_last: bool
    is_broken: bool


class Document:
    """Portions of transactions of one kind. Segment indexes count from 0 through all of them.

    A transaction has at most one portion in a document.
    """

    def __init__(self, portions: Sequence[Portion], specification: Specification) -> None:
        self.portions = portions
        self.specification = specification
        self.body = b"".join(part for item in portions for part in (item.context, item.body))
        self.index = SegmentIndex(self.body)
        self.loops = Loops(self.index, specification.loops)
        held = [len(item.context_ordinals) for item in portions]
        own = [item.body.count(SEGMENT) for item in portions]
        counts = [above + below for above, below in zip(held, own, strict=True)]
        self.first_segments = np.array([0, *accumulate(counts)][:-1], np.int64)
        self._anchors = np.array([item.segment for item in portions], np.int64)
        self._held = np.array(held, np.int64)
        self.is_context = self._context() if any(held) else None
        self.is_read = np.zeros(len(self.index), np.bool_)
        # Of what a column was taken, but could not be read: kept as it stands as well.
        self.is_garbled = np.zeros(len(self.index), np.bool_)
        self.tables = {name: Rows(self, spec) for name, spec in specification.tables.items()}

    def rows(self, spec: TableSpec, segments: Index | None = None) -> "Rows":
        """Return a table beside those of the specification; `segments`: its rows, where known."""
        return Rows(self, spec, segments)

    def loop_names(self, segments: Index) -> pa.Array:
        """Return the id of the guide of the loop that each segment stands in."""
        names, named = self.loops.names(segments), self._named
        if len(named.ids) == 1:
            return names
        own = named.number[self.loops.innermost[segments]]
        if not np.any(own):
            return names
        return pc.if_else(pa.array(own > 0), pa.array(named.ids).take(pa.array(own)), names)

    @property
    def starts(self) -> Index:
        """The byte offset of every segment in `body`."""
        return self.index.starts

    def transaction_of(self, segment: Index) -> Index:
        """Return for each segment index the index of its portion, and so of its transaction."""
        return np.searchsorted(self.first_segments, segment, side="right") - 1

    def ordinal(self, segment: Index) -> Index:
        """Return for each segment index its 1-based ordinal in the file."""
        if self.is_context is None:
            portion = self.transaction_of(segment)
            return self._anchors[portion] + segment - self.first_segments[portion]
        return self._ordinals[segment]

    def own(self, segments: Index) -> Index:
        """Return those of some segments that are no copy of what stands above a cut."""
        return segments if self.is_context is None else segments[~self.is_context[segments]]

    def context(self) -> tuple[bytes, Index]:
        """Return a copy of what stays open above the end of the last portion, with its ordinals."""
        first, end = int(self.first_segments[-1]), len(self.index)
        stops = np.append(self.index.find(*self.specification.breaks), end)
        is_above = np.zeros(end, np.bool_)
        owners = [self.loops.owner(name)[end - 1] for name in self.specification.above]
        for start in (first, *(int(one) for one in owners if one >= first)):
            is_above[start : stops[np.searchsorted(stops, start, side="right")]] = True
        segments = np.flatnonzero(is_above)
        copied = b"".join(self.index.raw(int(one)) for one in segments.tolist())
        return copied, self.ordinal(segments)

    def ends(self) -> Index:
        """Return for each transaction the index of the segment after its last."""
        return np.append(self.first_segments[1:], len(self.index))

    def find(self, *names: str) -> Index:
        """Return the indexes of all segments that carry one of these ids."""
        return self.own(self.index.find(*names))

    def lost(self, found: Index, *read: Index) -> Index:
        """Return which of the `found` segments stand in none of the `read` rows."""
        is_read = np.zeros(len(self.index), np.bool_)
        for segments in read:
            is_read[segments] = True
        return found[~is_read[found]]

    @cached_property
    def _named(self) -> LoopNames:
        versions = [item.transaction.version or "" for item in self.portions]

        def of(segments: Index) -> list[str]:
            return [versions[owner] for owner in self.transaction_of(segments).tolist()]

        return LoopNames(self.index, self.loops, self.specification.ids, of)

    @cached_property
    def _ordinals(self) -> Index:
        ends = self.ends() - self.first_segments - self._held
        own = [
            np.arange(anchor, anchor + count)
            for anchor, count in zip(self._anchors.tolist(), ends.tolist(), strict=True)
        ]
        held = [item.context_ordinals for item in self.portions]
        return np.concatenate([part for pair in zip(held, own, strict=True) for part in pair])

    def _context(self) -> Mask:
        place = np.arange(len(self.index))
        portion = self.transaction_of(place)
        is_context: Mask = place < (self.first_segments + self._held)[portion]
        return is_context


class Rows:
    """A table: `segment` is the index of each row's segment. Columns are cut out when asked."""

    def __init__(self, document: Document, spec: TableSpec, segments: Index | None = None) -> None:
        """`segments`: the rows, where the caller has found them already."""
        # The document holds its tables: a cycle would keep its arrays until a collection.
        self._document: Document = weakref.proxy(document)
        self._spec = spec
        self.segment = self._anchors() if segments is None else segments
        self._parents: dict[str, Index] = {}
        self._found: dict[object, Index] = {}
        self._picked: dict[int, Picked] = {}

    def __len__(self) -> int:
        return len(self.segment)

    @property
    def columns(self) -> Mapping[str, Source]:
        """The columns by name, and where each comes from."""
        return self._spec.columns

    def column(self, name: str) -> pa.Array:
        """Return the column `name` as Arrow binary, one value a row, null where not sent."""
        source = self._spec.columns[name]
        index = self._document.index
        segments = self._segments_of(source)
        picked = self._pick(segments)
        if source.element > picked.most:
            return pa.nulls(len(segments), pa.binary())
        spans = picked.element(source.element)
        if source.component is not None and np.any(spans.length > 0):
            spans = index.component(spans, source.component)
        return index.binary(spans)

    def keep(self, name: str, unreadable: Mask) -> None:
        """Keep the segments as they stand of which a value of a column could not be read."""
        segments = self._segments_of(self._spec.columns[name])[unreadable]
        self._document.is_garbled[segments[segments >= 0]] = True

    def _pick(self, segments: Index) -> Picked:
        """Most columns of a table are cut from the same few lists of segments."""
        key = id(segments)
        if key not in self._picked:
            self._picked[key] = self._document.index.pick(segments)
            if self._spec.is_taken:
                self._document.is_read[segments[segments >= 0]] = True
        return self._picked[key]

    def parent(self, name: str) -> Index:
        """Return which instance of the parent's loops each row stands in, -1 for none.

        A table of one row per instance of these loops has its rows in the same order.
        """
        if name not in self._parents:
            loops = self._document.loops
            starts = loops.starts(*self._spec.parents[name])
            owner = loops.owner(*self._spec.parents[name])[self.segment]
            self._parents[name] = np.where(owner < 0, -1, np.searchsorted(starts, owner))
        return self._parents[name]

    def _anchors(self) -> Index:
        document, spec = self._document, self._spec
        if spec.segment is None:
            starts = document.loops.starts(*spec.loops)
            # A transaction has its row in every portion, to be the parent of what is in it.
            return starts if spec.loops == (TRANSACTION,) else document.own(starts)
        rows = document.find(spec.segment)
        if spec.loops:
            rows = rows[document.loops.inside(*spec.loops)[rows]]
        return rows if spec.where is None else rows[spec.where.holds(document.index, rows)]

    def _segments_of(self, source: Source) -> Index:
        """Return for each row the segment that the column is cut from, -1 for none."""
        key = (source.segment, source.where, source.loop, source.under)
        if source.segment is None:
            return self.segment
        if key not in self._found:
            self._found[key] = self._search(source.segment, source)
        return self._found[key]

    def _search(self, segment: str, source: Source) -> Index:
        document, loops = self._document, self._document.loops
        home = source.loop or self._spec.loops
        shared = source.under or home
        found = document.index.find(segment)
        found = found[loops.inside(*home)[found]]
        if source.where is not None:
            found = found[source.where.holds(document.index, found)]
        owner = loops.owner(*shared)
        first = np.full(len(document.index) + 1, -1)
        first[owner[found][::-1]] = found[::-1]
        first[-1] = -1
        return first[owner[self.segment]]
