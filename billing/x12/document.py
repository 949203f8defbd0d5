"""The one place that calls oxedi: transactions of one kind in, its tables out, placed in the file.

What the columns mean is in `remittance` and `claims`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt
import oxedi
import pyarrow as pa

from billing.x12.envelope import Transaction, segment_starts
from billing.x12.framing import COMPONENT, ELEMENT, REPETITION, SEGMENT

Index = npt.NDArray[np.int64]
_DELIMITERS = oxedi.Delimiters(
    element=ELEMENT, component=COMPONENT, segment=SEGMENT, repetition=REPETITION
)


@dataclass(frozen=True)
class Rows:
    """A table of oxedi with its row count and, per row, the index of its segment."""

    table: pa.Table
    segment: Index

    def __len__(self) -> int:
        return len(self.segment)

    def column(self, name: str) -> pa.ChunkedArray:
        """Return the column `name`, one value a row."""
        return self.table[name]

    def parent(self, name: str) -> Index:
        """Return the row numbers of the parent table `name`, -1 where there is none."""
        column = self.table[name].combine_chunks().fill_null(-1)
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.int64)


@dataclass(frozen=True)
class Document:
    """Transactions of one kind, read. Segment indexes count from 0 through all of them."""

    transactions: Sequence[Transaction]
    body: bytes
    starts: Index
    first_segments: Index
    tables: dict[str, Rows]
    is_lossless: bool

    def transaction_of(self, segment: Index) -> Index:
        """Return for each segment index the index of its transaction."""
        return np.searchsorted(self.first_segments, segment, side="right") - 1

    def ordinal(self, segment: Index) -> Index:
        """Return for each segment index its 1-based ordinal in the file."""
        transaction = self.transaction_of(segment)
        anchors = np.array([item.segment for item in self.transactions], np.int64)
        return anchors[transaction] + segment - self.first_segments[transaction]

    def ends(self) -> Index:
        """Return for each transaction the index of the segment after its last."""
        return np.append(self.first_segments[1:], len(self.starts))

    def find(self, *names: str) -> Index:
        """Return the indexes of all segments that carry one of these ids."""
        data = np.frombuffer(self.body, np.uint8)
        found = np.zeros(len(self.starts), np.bool_)
        for name in names:
            match = np.ones(len(self.starts), np.bool_)
            for offset, byte in enumerate(name.encode()):
                match &= data[np.minimum(self.starts + offset, len(data) - 1)] == byte
            after = data[np.minimum(self.starts + len(name), len(data) - 1)]
            found |= match & ((after == ELEMENT[0]) | (after == SEGMENT[0]))
        return np.flatnonzero(found)

    def lost(self, found: Index, *read: Index) -> Index:
        """Return which of the `found` segments stand in none of the `read` rows."""
        is_read = np.zeros(len(self.starts), np.bool_)
        for segments in read:
            is_read[segments] = True
        return found[~is_read[found]]


def read_document(transactions: Sequence[Transaction], spec: oxedi.Spec) -> Document:
    """Read transactions that `spec` describes; nothing in them makes this raise."""
    body = b"".join(item.body for item in transactions)
    counts = [item.segment_count for item in transactions]
    firsts = np.array([0, *accumulate(counts)][:-1], np.int64)
    result = oxedi.parse(body, spec=spec, delimiters=_DELIMITERS)
    starts = segment_starts(body)
    is_lossless = (
        len(result.document) == len(starts) == sum(counts) and result.document.write() == body
    )
    tables = {name: _rows(result.tables[name]) for name in result.tables}
    return Document(transactions, body, starts, firsts, tables, is_lossless)


def _rows(table: oxedi.Table) -> Rows:
    read = pa.table(table)
    return Rows(read, read["segment"].combine_chunks().to_numpy().astype(np.int64))
