"""Rows of plain Python values become Arrow tables of exact types. No parsing and no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa

MONEY = pa.decimal128(14, 2)
UNITS = pa.decimal128(15, 3)
RATE = pa.decimal128(18, 6)
INSTANT = pa.timestamp("us", tz="UTC")
DATE = pa.date32()
TEXT = pa.string()
NUMBER = pa.int32()


def arrow_table(schema: pa.Schema, rows: Iterable[Sequence[object]]) -> pa.Table:
    """Build a table from rows in the schema's column order; no rows give an empty table."""
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [
        pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
