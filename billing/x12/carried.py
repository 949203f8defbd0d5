"""The rows of `specs.carried` from any transaction, and every segment that no table took.

Each row says in which claim, line and loop of the guide its segment stands.
"""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from billing.arrow import DATE, MONEY, RATE, TEXT, UNITS
from billing.finding import Finding
from billing.x12 import rules
from billing.x12.arrays import numbers, ordinals, place
from billing.x12.document import Document, TableSpec
from billing.x12.framing import ELEMENT, SEGMENT
from billing.x12.index import Index, Mask
from billing.x12.rates import rates
from billing.x12.rules import finding
from billing.x12.specs.carried import CARRIED
from billing.x12.specs.carried_parts import CarriedSpec, Column
from billing.x12.values import dates, money, text, units

KEY = pa.schema(
    [
        ("segment", pa.int32()),
        ("transaction_no", pa.int32()),
        ("claim_no", pa.int32()),
        ("line_no", pa.int32()),
        ("loop", TEXT),
        ("loop_segment", pa.int32()),
        ("segment_id", TEXT),
    ]
)
_TYPES = {
    "text": TEXT,
    "money": MONEY,
    "units": UNITS,
    "rate": RATE,
    "date": DATE,
    "last_date": DATE,
}
_HOUR = "^[0-9]{4}$"  # DTP02 may be TM: an hour and no day
_UNPARSED = pa.schema([*KEY, ("content", TEXT)])


def _schemas() -> dict[str, pa.Schema]:
    columns: dict[str, dict[str, pa.DataType]] = {}
    for spec in CARRIED:
        typed = columns.setdefault(spec.table, {})
        typed.update({name: _TYPES[column.kind] for name, column in spec.columns.items()})
    return {
        **{
            name: pa.schema([*KEY, ("repetition", pa.int32()), *typed.items()])
            for name, typed in columns.items()
        },
        "x12_segment": _UNPARSED,
    }


SCHEMAS = _schemas()


class Keys:
    """In which claim, line and loop the segments of a document stand."""

    def __init__(self, document: Document, first_claim: int) -> None:
        self._document = document
        self._first = first_claim
        spec, loops = document.specification, document.loops
        starts = loops.starts(*spec.claim) if spec.claim else np.zeros(0, np.int64)
        self._claims = document.own(starts)
        self._lines = self._line_starts()
        owner = self._owner(self._lines, spec.claim)
        self._line_no = ordinals(owner)

    @property
    def claim_count(self) -> int:
        """How many claims the document has."""
        return len(self._claims)

    def columns(self, segment: Index) -> dict[str, pa.Array]:
        """Return the key columns of rows that stand at `segment`."""
        document, spec = self._document, self._document.specification
        claim, line = self._owner(segment, spec.claim), self._owner(segment, spec.line)
        claim_no = np.searchsorted(self._claims, claim) + self._first
        at = np.searchsorted(self._lines, line)
        is_line = (line >= 0) & (at < len(self._lines))
        is_line[is_line] = self._lines[at[is_line]] == line[is_line]
        line_no = np.zeros(len(segment), np.int64)
        line_no[is_line] = self._line_no[at[is_line]]
        trigger = document.loops.innermost[segment]
        return {
            **place(document, segment),
            "claim_no": pa.array(claim_no.astype(np.int32), mask=claim < 0),
            "line_no": pa.array(line_no.astype(np.int32), mask=~is_line),
            "loop": document.loop_names(segment),
            "loop_segment": pa.array(
                np.where(trigger < 0, 0, document.ordinal(np.maximum(trigger, 0))).astype(np.int32),
                mask=trigger < 0,
            ),
            "segment_id": document.index.names(segment),
        }

    def _owner(self, segment: Index, loops: tuple[str, ...]) -> Index:
        if not loops:
            return np.full(len(segment), -1)
        return self._document.loops.owner(*loops)[segment]

    def _line_starts(self) -> Index:
        spec, document = self._document.specification, self._document
        if not spec.line:
            return np.zeros(0, np.int64)
        if not spec.lines:
            return document.loops.starts(*spec.line)
        rows = np.concatenate([document.tables[name].segment for name in spec.lines])
        owner = self._owner(rows, spec.line)
        return np.unique(owner[owner >= 0])


def carried_tables(
    document: Document, keys: Keys
) -> tuple[list[dict[str, pa.Table]], list[Finding], int]:
    """Return the rows beside the claims, findings on them, and how many segments were taken.

    Every segment between ST and SE that no table of the set has taken ends in exactly one of
    these tables: typed, or as it is in x12_segment, so the count is that of all of them.
    """
    is_own = np.ones(len(document.index), np.bool_)
    if document.is_context is not None:
        is_own = ~document.is_context
    is_free = is_own & ~document.is_read & ~document.index.is_segment("ST", "SE")
    tables: list[dict[str, pa.Table]] = []
    taken = np.zeros(len(document.index), np.bool_)
    garbled = document.is_garbled & is_own
    for spec in CARRIED:
        segments = document.find(*spec.segments)
        if not spec.is_complete:  # a party has taken its DMG and PRV by now
            segments = segments[is_free[segments] & ~document.is_read[segments]]
        if len(segments):
            rows, unreadable = _rows(document, keys, spec, segments)
            tables.append({spec.table: rows})
            garbled[segments[unreadable]] = True
            taken[segments] = True
    left = np.flatnonzero((is_free & ~taken & ~document.is_read) | garbled)
    if len(left):
        tables.append({"x12_segment": _unparsed(document, keys, left)})
    findings = [
        finding(rules.VALUE_UNREADABLE, ordinal)
        for ordinal in document.ordinal(np.flatnonzero(garbled)).tolist()
    ]
    is_counted = document.is_read | taken | document.index.is_segment("ST", "SE")
    is_counted[left] = True
    return tables, findings, int(np.count_nonzero(is_counted & is_own))


def _rows(
    document: Document, keys: Keys, spec: CarriedSpec, segments: Index
) -> tuple[pa.Table, Mask]:
    """Return the rows of one specification and which of its segments hold something garbled."""
    parts, unreadable = [], np.zeros(len(segments), np.bool_)
    for repetition in range(_most_repetitions(document, spec, segments)):
        columns, garbled = _columns(document, spec, segments, repetition)
        kept = _kept(spec, columns, garbled, repetition)
        unreadable |= garbled
        if len(kept):
            parts.append(_table(keys, spec, segments, columns, kept, repetition))
    return pa.concat_tables(parts), unreadable


def _most_repetitions(document: Document, spec: CarriedSpec, segments: Index) -> int:
    """Return how often any of the segments repeats at most; few go beyond the second time."""
    strides = [(one.source.element, one.stride) for one in spec.columns.values() if one.stride]
    if not strides:
        return 1
    first, stride = min(strides)
    longest = int(document.index.element_count(segments).max())
    return max(1, min(spec.repeats, 1 + (longest - first) // stride))


def _columns(
    document: Document, spec: CarriedSpec, segments: Index, repetition: int
) -> tuple[dict[str, pa.Array], Mask]:
    sources = {name: _moved(column, repetition) for name, column in spec.columns.items()}
    loops = document.loops.all_names
    cut = {name: column.source for name, column in sources.items()}
    cut |= {f"{name} else": one.otherwise for name, one in sources.items() if one.otherwise}
    rows = document.rows(TableSpec(loops, cut), segments)
    columns, garbled = {}, np.zeros(len(segments), np.bool_)
    for name, column in sources.items():
        columns[name], bad = _typed(rows.column(name), column)
        garbled |= bad
        if column.otherwise is not None:
            other, bad = _typed(rows.column(f"{name} else"), column)
            columns[name] = pc.coalesce(columns[name], other)
            garbled |= bad
    return columns, garbled


def _moved(column: Column, repetition: int) -> Column:
    if not column.stride or not repetition:
        return column
    element = column.source.element + column.stride * repetition
    return replace(column, source=replace(column.source, element=element))


def _typed(cut: pa.Array, column: Column) -> tuple[pa.Array, Mask]:
    if column.kind == "money":
        amount = money(cut)
        return amount.column(), ~amount.known & ~amount.blank
    if column.kind == "units":
        return units(cut)
    if column.kind == "rate":
        return rates(cut)
    if column.kind == "text":
        return text(cut), np.zeros(len(cut), np.bool_)
    day = dates(cut, last=column.kind == "last_date")
    is_day = pc.invert(pc.fill_null(pc.match_substring_regex(text(cut), _HOUR), True))
    return day, np.asarray(
        pc.and_(is_day, pc.is_null(day)).to_numpy(zero_copy_only=False), np.bool_
    )


def _kept(spec: CarriedSpec, columns: dict[str, pa.Array], garbled: Mask, repetition: int) -> Index:
    """The first repetition always, a later one where it says something."""
    if not repetition:
        return np.arange(len(garbled))
    told = garbled.copy()
    for name, column in spec.columns.items():
        if column.stride:
            told |= np.asarray(columns[name].is_valid().to_numpy(zero_copy_only=False), np.bool_)
    return np.flatnonzero(told)


def _table(  # noqa: PLR0913, PLR0917 (the parts of one row)
    keys: Keys,
    spec: CarriedSpec,
    segments: Index,
    columns: dict[str, pa.Array],
    kept: Index,
    repetition: int,
) -> pa.Table:
    schema = SCHEMAS[spec.table]
    named = keys.columns(segments[kept])
    named["repetition"] = numbers(np.full(len(kept), repetition + 1))
    named |= {name: column.take(pa.array(kept)) for name, column in columns.items()}
    return pa.table(
        [
            named[field.name] if field.name in named else pa.nulls(len(kept), field.type)
            for field in schema
        ],
        schema=schema,
    )


def _unparsed(document: Document, keys: Keys, segments: Index) -> pa.Table:
    """Return segments as they stand, with * between elements, : and ^ inside them."""
    raw = [document.index.raw(int(one)).rstrip(SEGMENT) for one in segments]
    content = text(pa.array([one.replace(ELEMENT, b"*") for one in raw], pa.binary()))
    named = {**keys.columns(segments), "content": content}
    return pa.table([named[name] for name in _UNPARSED.names], schema=_UNPARSED)
