"""Rates, weights and fractions as exact decimals: up to six places, where money has two."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from billing.arrow import RATE, TEXT
from billing.x12.index import Mask
from billing.x12.values import text

_RATE = r"^-?(?:[0-9]{1,12}(?:\.[0-9]{0,6})?|\.[0-9]{1,6})$"


def rates(column: pa.Array) -> tuple[pa.Array, Mask]:
    """Return a column as decimal128(18, 6), and where something unreadable was sent."""
    written = text(column)
    readable = pc.fill_null(pc.match_substring_regex(written, _RATE), False)
    clean = pc.if_else(readable, written, pa.scalar(None, TEXT))
    unreadable = pc.and_(pc.is_valid(written), pc.invert(readable))
    return clean.cast(RATE), np.asarray(unreadable.to_numpy(zero_copy_only=False), np.bool_)
