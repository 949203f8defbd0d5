"""Small array work that the X12 tables share: ordinals, sums and dates within a parent row.

Nothing here knows what a claim is.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from billing.arrow import DATE, NUMBER, TEXT
from billing.x12.document import Document
from billing.x12.index import Index, Mask
from billing.x12.rules import Rule
from billing.x12.values import Cents, text

MOST_SUMMED = 10**18  # cents; ten thousand times the largest amount of a column of money


def ordinals(parent: Index) -> Index:
    """Return 1, 2, 3 ... within each run of equal parents (rows stand in file order)."""
    position = np.arange(len(parent))
    is_first = np.ones(len(parent), np.bool_)
    is_first[1:] = parent[1:] != parent[:-1]
    return position - np.maximum.accumulate(np.where(is_first, position, 0)) + 1


def sums(values: Cents, parent: Index, count: int) -> Cents:
    """Return the exact sum of `values` for each of `count` parents (-1: belongs to none).

    64 bits hold the sum of 92,000 of the largest amounts; a larger sum would turn into another
    number. From MOST_SUMMED on, MOST_SUMMED is returned, which no amount of a file equals.
    """
    total = np.zeros(count, np.int64)
    belongs = parent >= 0
    owner, kept = parent[belongs], values[belongs]
    np.add.at(total, owner, kept)
    rough = np.bincount(owner, weights=kept, minlength=count)
    beyond = np.abs(rough) > MOST_SUMMED
    total[beyond] = np.where(rough[beyond] > 0, MOST_SUMMED, -MOST_SUMMED)
    return total


def all_true(values: Mask, parent: Index, count: int) -> Mask:
    """Return for each of `count` parents whether `values` holds for all of its rows."""
    holds = np.ones(count, np.bool_)
    holds[parent[~values & (parent >= 0)]] = False
    return holds


def truncated_rows(document: Document, segment: Index) -> Mask:
    """Return which claims, by their first segment, are open where a transaction without SE ends."""
    broken = np.array([item.is_broken for item in document.portions], np.bool_)
    last = document.ends()[broken] - 1
    is_cut: Mask = np.isin(segment, document.loops.owner(*document.specification.claim)[last])
    return is_cut


def first_cause(count: int, *causes: tuple[Mask, Rule]) -> list[str | None]:
    """Return per row the code of the first cause that applies."""
    codes = np.full(count, None, dtype=object)
    for applies, rule in reversed(causes):
        codes[applies] = rule.code
    return list(codes)


def joined(parts: Sequence[pa.Array]) -> pa.Array:
    """Join what is not blank with commas; null where everything is.

    Not by `null_handling="skip"`: it leaves out the rows in which every part is null.
    """
    told = [part for part in parts if part.null_count < len(part)]
    if not told:
        return pa.nulls(len(parts[0]), TEXT)
    together = pc.binary_join_element_wise(*(_after_comma(text(part)) for part in told), "")
    blank = pc.equal(together, "")
    return pc.if_else(blank, pa.scalar(None, TEXT), pc.utf8_slice_codeunits(together, 1))


def _after_comma(part: pa.Array) -> pa.Array:
    return pc.fill_null(pc.binary_join_element_wise("", part, ","), "")


def extremes(days: pa.ChunkedArray, parent: Index, count: int) -> tuple[pa.Array, pa.Array]:
    """Return the first and the last day among the rows of each of `count` parents."""
    flat = days.combine_chunks() if isinstance(days, pa.ChunkedArray) else days
    is_day = flat.is_valid().to_numpy(zero_copy_only=False) & (parent >= 0)
    numbered = flat.cast(pa.int32()).fill_null(0).to_numpy(zero_copy_only=False)
    limits = np.iinfo(np.int32)
    first, last = np.full(count, limits.max), np.full(count, limits.min)
    np.minimum.at(first, parent[is_day], numbered[is_day])
    np.maximum.at(last, parent[is_day], numbered[is_day])
    has_none = first > last
    return (
        pa.array(first.astype(np.int32), mask=has_none).cast(DATE),
        pa.array(last.astype(np.int32), mask=has_none).cast(DATE),
    )


def place(document: Document, segment: Index) -> dict[str, pa.Array]:
    """Return the columns that say where in the file each row stands."""
    transactions = np.array([item.transaction.number for item in document.portions], np.int64)
    return {
        "segment": numbers(document.ordinal(segment)),
        "transaction_no": numbers(transactions[document.transaction_of(segment)]),
    }


def numbers(values: Index) -> pa.Array:
    """Return an index as an int32 column."""
    return pa.array(values.astype(np.int32), NUMBER)


def table(schema: pa.Schema, named: Mapping[str, pa.Array]) -> pa.Table:
    """Return the named columns in the order of the schema."""
    return pa.table([named[name] for name in schema.names], schema=schema)
