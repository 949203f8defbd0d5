"""What every reader hands over: raw rows by table name, and findings.

The shape only; a file may come in parts, each with some of its rows. How a format is read is in
the reader of that format; landing adds the lineage columns (`file_id`, `known_at`) and the keyed
hash of account numbers.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import pyarrow as pa

from billing.finding import Finding
from billing.intake import FileKind


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


def together(
    parts: Iterable[ParsedFile],
    schemas: Mapping[str, pa.Schema] | None = None,
    in_order: Callable[[Sequence[Finding]], tuple[Finding, ...]] = tuple,
) -> ParsedFile:
    """Return the parts of a file as one, with every table of `schemas`, empty where it has none."""
    held = list(parts)
    known = schemas or {}
    found: dict[str, list[pa.Table]] = {name: [] for name in known}
    for part in held:
        for name, rows in part.tables.items():
            found.setdefault(name, []).append(rows)
    return ParsedFile(
        kind=held[0].kind,
        tables={
            name: pa.concat_tables(rows) if rows else _empty(known[name])
            for name, rows in found.items()
        },
        findings=in_order([item for part in held for item in part.findings]),
        records=sum(part.records for part in held),
        segments=sum(part.segments for part in held),
        reserialised=all(part.reserialised for part in held),
        accounted=_sum_of_known([part.accounted for part in held]),
    )


@cache
def _empty(schema: pa.Schema) -> pa.Table:
    return schema.empty_table()


def _sum_of_known(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
