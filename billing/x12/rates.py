"""Rates, weights and fractions as exact decimals: up to six places, where money has two."""

import pyarrow as pa

from billing import exact
from billing.arrow import RATE
from billing.x12.index import Mask
from billing.x12.values import decimals


def rates(column: pa.Array) -> tuple[pa.Array, Mask]:
    """Return a column as decimal128(18, 6), and where something unreadable was sent."""
    found, readable, blank = decimals(column, exact.RATE, RATE)
    return found, ~readable & ~blank
