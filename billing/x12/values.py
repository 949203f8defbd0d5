"""Elements as typed columns: text, exact money, units and dates. An element that cannot be read
becomes null and is pointed out, never zero and never rounded.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from billing import exact
from billing.arrow import DATE, MONEY, TEXT, UNITS
from billing.exact import Width
from billing.x12.index import Mask

Cents = npt.NDArray[np.int64]
_IS_PLAIN = np.isin(np.arange(256), np.frombuffer(b"0123456789.-", np.uint8))
_PRINTED = {"\x1d": ":", "\x1c": "^"}
_CENTURY_PIVOT = 70


@dataclass(frozen=True)
class Money:
    """A column of amounts in cents. `known`: it could be read; `blank`: nothing was sent."""

    cents: Cents
    known: Mask
    blank: Mask

    def column(self) -> pa.Array:
        """Return the amounts as decimal128(14, 2), null where unknown."""
        words = np.empty((len(self.cents), 2), dtype="<i8")
        words[:, 0] = self.cents
        words[:, 1] = self.cents >> 63
        valid = pa.py_buffer(np.packbits(self.known, bitorder="little").tobytes())
        data = pa.py_buffer(words.tobytes())
        return pa.Array.from_buffers(MONEY, len(self.cents), [valid, data])

    def decimal(self, row: int) -> Decimal | None:
        """Return one amount, None where it is unknown."""
        return Decimal(int(self.cents[row])).scaleb(-2) if self.known[row] else None


def text(column: pa.Array) -> pa.Array:
    """Return a column of bytes as text: UTF-8, else Latin-1; blank becomes null."""
    decoded = _written(column)
    if not _holds(column, *map(ord, _PRINTED)):
        return decoded
    for mark, printed in _PRINTED.items():
        if pc.any(pc.match_substring(decoded, mark)).as_py():
            decoded = pc.replace_substring(decoded, mark, printed)
    return decoded


def money(column: pa.Array) -> Money:
    """Return amounts exactly, in cents: at most 12 digits before and 2 after the point."""
    if column.null_count == len(column):
        nothing = np.zeros(len(column), np.bool_)
        return Money(np.zeros(len(column), np.int64), nothing, ~nothing)
    found, readable, blank = decimals(column, exact.MONEY, MONEY)
    words = np.frombuffer(found.buffers()[1], dtype="<i8")[0::2]
    cents = words[found.offset : found.offset + len(found)]
    return Money(np.where(readable, cents, 0), readable, blank)


def units(column: pa.Array) -> tuple[pa.Array, Mask]:
    """Return quantities as decimal128(15, 3), and where something unreadable was sent."""
    if column.null_count == len(column):
        return pa.nulls(len(column), UNITS), np.zeros(len(column), np.bool_)
    found, readable, blank = decimals(column, exact.UNITS, UNITS)
    return found, ~readable & ~blank


def decimals(column: pa.Array, width: Width, kind: pa.DataType) -> tuple[pa.Array, Mask, Mask]:
    """Return numbers as decimals, what was readable (it fits the width) and what was blank."""
    plain = _plain_decimals(column, width, kind)
    if plain is None:
        written, readable, blank = _numbers(column, width)
        return written.cast(kind), readable, blank
    blank = _mask(plain.is_null())
    return plain, ~blank, blank


def dates(column: pa.Array, *, last: bool = False) -> pa.Array:
    """Return CCYYMMDD (or the first, or `last`, day of a range) as dates; null if impossible."""
    if column.null_count == len(column):
        return pa.nulls(len(column), DATE)
    return _by_distinct_value(column, lambda value: _day(value, last=last))


def parse_date(value: str | None) -> date | None:
    """Return the day that CCYYMMDD (with HHMM or HHMMSS) or YYMMDD names, None for all else."""
    if value is None or not re.fullmatch(r"[0-9]{6}|[0-9]{8}(?:[0-9]{4}(?:[0-9]{2})?)?", value):
        return None
    if len(value) == 6:
        value = ("20" if int(value[:2]) < _CENTURY_PIVOT else "19") + value
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:8]))
    except ValueError:
        return None


def _day(value: bytes, *, last: bool) -> date | None:
    days = value.decode("latin-1").strip().split("-")
    return parse_date(days[-1 if last else 0].strip())


def _written(column: pa.Array) -> pa.Array:
    """Return what an element says, trimmed; null where it says nothing."""
    if column.null_count == len(column):
        return pa.nulls(len(column), TEXT)
    decoded = _decoded(column)
    if not _holds(column, ord(" ")) and not _has_empty(column):
        return decoded
    trimmed = pc.ascii_trim(decoded, " ")
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, TEXT), trimmed)


def _decoded(column: pa.Array) -> pa.Array:
    """Return bytes as text: as they are where all are ASCII, which need not be looked at again."""
    _, _, data = column.buffers()
    if data is not None and data.to_pybytes().isascii():
        return _as_text(column)
    try:
        return column.cast(TEXT)
    except pa.ArrowInvalid:
        return pa.array([_decode(value) for value in column.to_pylist()], TEXT)


def _as_text(column: pa.Array) -> pa.Array:
    """Call a column of ASCII bytes text, without a copy."""
    buffers, offset = column.buffers(), column.offset
    return pa.Array.from_buffers(TEXT, len(column), buffers, column.null_count, offset)


def _holds(column: pa.Array, *wanted: int) -> bool:
    """Say whether one of these bytes stands anywhere in a column; most columns have none."""
    _, _, data = column.buffers()
    held: bytes = data.to_pybytes() if data is not None else b""
    return any(one in held for one in wanted)


def _has_empty(column: pa.Array) -> bool:
    """Say whether a value is there and has no byte. Columns cut out of a file have none."""
    offsets = np.frombuffer(column.buffers()[1], np.int32)
    lengths = np.diff(offsets[column.offset : column.offset + len(column) + 1])
    return bool(np.count_nonzero(lengths == 0) > column.null_count)


def _plain_decimals(column: pa.Array, width: Width, kind: pa.DataType) -> pa.Array | None:
    """Cast a column of short plain numbers in one go; None: it has to be read with more care.

    Arrow refuses what is no number, loses digits or does not fit, but takes signs and exponents
    that X12 does not have (no bytes of a plain number), and from 128 digits on it may wrap.
    """
    if not len(column) or column.null_count == len(column):
        return None
    _, buffer, data = column.buffers()
    if data is None:
        return None
    offsets = np.frombuffer(buffer, np.int32)[column.offset : column.offset + len(column) + 1]
    first, last = offsets[0], offsets[-1]
    if np.diff(offsets).max() > width.longest:
        return None
    if not _IS_PLAIN[np.frombuffer(data, np.uint8)[first:last]].all():
        return None
    try:
        return _as_text(column).cast(kind)
    except pa.ArrowInvalid:
        return None


def _numbers(column: pa.Array, width: Width) -> tuple[pa.Array, Mask, Mask]:
    """Return (text that casts exactly, what was readable, what was blank)."""
    written = _written(column)
    if written.null_count == len(written):
        nothing = np.zeros(len(written), np.bool_)
        return written, nothing, ~nothing
    readable = pc.fill_null(pc.match_substring_regex(written, width.pattern), False)
    blank = pc.is_null(written)
    clean = pc.if_else(readable, written, pa.scalar(None, TEXT))
    surplus = rf"(\.[0-9]{{{width.places}}})0+$"
    if pc.any(pc.match_substring_regex(clean, surplus)).as_py():
        clean = pc.replace_substring_regex(clean, surplus, r"\1")
    return clean, _mask(readable), _mask(blank)


def _by_distinct_value(column: pa.Array, convert: Callable[[bytes], date | None]) -> pa.Array:
    """Convert each distinct value once: files repeat the same few days."""
    encoded = column.dictionary_encode()
    days = [convert(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(days, DATE).take(encoded.indices)


def _mask(column: pa.Array) -> Mask:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.bool_)


def _decode(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
