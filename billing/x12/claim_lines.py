"""The service lines of an 837, of all three kinds in the order of the file. What they add up to is
in `claims`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from billing.arrow import MONEY, RATE, TEXT
from billing.x12 import columns
from billing.x12.arrays import joined
from billing.x12.document import Document, Rows
from billing.x12.index import Index, Mask
from billing.x12.kept import amounts_of, days_of, rates_of
from billing.x12.specs.claim import LINE_TABLES
from billing.x12.values import Money, money, text, units


@dataclass(frozen=True)
class Lines:
    """The service lines of all three kinds in file order; `claim` is the row of their claim."""

    claim: Index
    segment: Index
    kind: pa.Array
    charge: Money
    units: pa.Array
    units_unreadable: Mask
    fields: dict[str, pa.Array]


def read_lines(document: Document) -> Lines:
    """Put the lines of the three tables together, in file order."""
    parts = [document.tables[name] for name in LINE_TABLES.values()]
    segment = np.concatenate([rows.segment for rows in parts])
    order = np.argsort(segment, kind="stable")
    place_in_file = pa.array(order)

    def together(kinds: list[pa.Array]) -> pa.Array:
        return pa.concat_arrays(kinds).take(place_in_file)

    def column(name: str) -> pa.Array:
        return together([_or_blank(rows, name, Rows.column, pa.binary()) for rows in parts])

    kinds = [
        pa.repeat(pa.scalar(kind, TEXT), len(rows))
        for kind, rows in zip(LINE_TABLES, parts, strict=True)
    ]
    line_units, unreadable = units(column("units"))
    return Lines(
        claim=np.concatenate([rows.parent("claim") for rows in parts])[order],
        segment=segment[order],
        kind=together(kinds),
        charge=money(column("charge_amount")),
        units=line_units,
        units_unreadable=unreadable,
        fields={
            **{name: text(column(name)) for name in texts_as_sent(columns.CLAIM_LINE, *parts)},
            "modifiers": joined([column(f"modifier_{number}") for number in range(1, 5)]),
            "service_date": together([days_of(rows, "service_date") for rows in parts]),
            "service_to_date": together(
                [days_of(rows, "service_date", last=True) for rows in parts]
            ),
            "unit_rate": together([_or_blank(rows, "unit_rate", rates_of, RATE) for rows in parts]),
            "noncovered_amount": together(
                [_or_blank(rows, "noncovered_amount", amounts_of, MONEY) for rows in parts]
            ),
        },
    )


def texts_as_sent(schema: pa.Schema, *tables: Rows) -> list[str]:
    """Return the columns of text that are what an element says."""
    return [
        field.name
        for field in schema
        if field.type == TEXT and any(field.name in rows.columns for rows in tables)
    ]


def _or_blank(
    rows: Rows, name: str, read: Callable[[Rows, str], pa.Array], kind: pa.DataType
) -> pa.Array:
    """Read a column that not every kind of line has."""
    return read(rows, name) if name in rows.columns else pa.nulls(len(rows), kind)
