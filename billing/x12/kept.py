"""Columns of the wide tables of which nothing is lost: a value that cannot be read becomes null,
and its segment is kept as it stands, with a finding.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from billing.x12.document import Rows
from billing.x12.index import Mask
from billing.x12.rates import rates
from billing.x12.values import dates, money, text, units


def days_of(rows: Rows, name: str, *, last: bool = False) -> pa.Array:
    """Return a column of days (of ranges the first, or the `last`)."""
    cut = rows.column(name)
    found = dates(cut, last=last)
    rows.keep(name, unread(cut, found))
    return found


def rates_of(rows: Rows, name: str) -> pa.Array:
    """Return a column of rates, weights or fractions."""
    found, unreadable = rates(rows.column(name))
    rows.keep(name, unreadable)
    return found


def amounts_of(rows: Rows, name: str) -> pa.Array:
    """Return a column of amounts that no balance needs."""
    found = money(rows.column(name))
    rows.keep(name, ~found.known & ~found.blank)
    return found.column()


def units_of(rows: Rows, name: str) -> pa.Array:
    """Return a column of quantities."""
    found, unreadable = units(rows.column(name))
    rows.keep(name, unreadable)
    return found


def unread(cut: pa.Array, found: pa.Array) -> Mask:
    """Return where something was sent, blanks aside, and nothing was found."""
    if cut.null_count == found.null_count:
        return np.zeros(len(cut), np.bool_)
    is_sent = pc.is_valid(text(cut))
    missed = pc.and_(is_sent, pc.is_null(found))
    return np.asarray(missed.to_numpy(zero_copy_only=False), np.bool_)
