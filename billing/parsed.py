"""What every reader hands over: raw rows by table name, and findings that name a place and a rule.

The shape only. How a format is read is in the reader of that format; landing adds the lineage
columns (`file_id`, `known_at`) and the keyed hash of account numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import pyarrow as pa

from billing.intake import FileKind

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a file, without any value of the document.

    `segment` is the 1-based ordinal of the segment, record or line (0: the file as a whole);
    `amount` is the control measure of the record that the finding keeps from posting.
    """

    code: str
    severity: Severity
    segment: int
    rule: str
    message: str
    amount: Decimal | None = None
    record_kind: str = "file"


@dataclass(frozen=True)
class ParsedFile:
    """The outcome of reading one file: `tables` by raw table name, money as decimal128(14, 2).

    `segments` counts what the file holds, `reserialised` says that writing the segments back
    gave the same bytes, `accounted` counts the segments that are in a row or a finding (X12 only).
    """

    kind: FileKind
    tables: Mapping[str, pa.Table]
    findings: tuple[Finding, ...]
    records: int
    segments: int
    reserialised: bool
    accounted: int | None = None
