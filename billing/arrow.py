"""Rows of plain Python values become Arrow tables of exact types. No parsing and no I/O."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder

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


class _NoPandas(MetaPathFinder):
    """Answers an import of pandas as if it were not installed."""

    def find_spec(self, name: str, *_rest: object) -> None:
        """Raise ImportError for pandas; leave every other name to the finders behind it."""
        if name == "pandas":
            raise ImportError(name)


@contextmanager
def without_pandas() -> Iterator[None]:
    """Keep pyarrow from importing pandas, which takes longer than to read a small file.

    pyarrow imports it, where it is installed, to recognise frames among what it is given; ours
    never are any. For a command that only reads files, in a process of its own: an import of
    pandas fails meanwhile, and a conversion to a frame looks for it again afterwards.
    """
    refusing = _NoPandas()
    sys.meta_path.insert(0, refusing)
    try:
        yield
    finally:
        sys.meta_path.remove(refusing)
