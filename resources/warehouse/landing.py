"""Parsed files into `raw`: all of a file or nothing of it, idempotent by content.

Small files land together, in one transaction with one COPY per table; a large one part by part.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc

from billing.finding import Finding
from billing.parsed import ParsedFile
from resources.warehouse.raw_rows import Lineage, copy_rows
from resources.warehouse.receiving import Received, own_transaction, pending, receive

__all__ = [
    "Landed",
    "exception_id",
    "land",
    "land_together",
    "pending",
    "receive",
]

_OUTCOME = """
update ops.received_file set landed_at = now(), outcome = %s, reason_code = %s, kind = %s,
    record_count = %s, segment_count = %s, is_reserialised = %s
where file_id = %s
"""
_FINDING = """
insert into ops.exception (exception_id, file_id, segment, source, record_kind, code, severity,
    rule, message, amount, origin, opened_at)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'parsing', %s)
on conflict (exception_id) do nothing
"""


@dataclass(frozen=True)
class Landed:
    """How a file ended. `was_landed_before` means that nothing was written now."""

    file_id: uuid.UUID
    outcome: str
    reason_code: str | None
    rows: Mapping[str, int]
    findings: int
    was_landed_before: bool = False


@dataclass
class _Written:
    """What the parts of a file held; `codes` are the findings that stand on a row."""

    file: Received
    known_at: datetime
    kind: str = ""
    records: int = 0
    segments: int = 0
    reserialised: bool = True
    rows: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)

    def add(self, part: ParsedFile) -> None:
        """Take in what one part holds beside its rows."""
        self.kind = part.kind.value
        self.records += part.records
        self.segments += part.segments
        self.reserialised &= part.reserialised
        self.rows.update(
            {name: rows.num_rows for name, rows in part.tables.items() if rows.num_rows}
        )
        self.findings += part.findings
        self.codes |= _codes_on_rows(part)


def land(
    connection: psycopg.Connection[Any],
    file: Received,
    parsed: ParsedFile | Iterable[ParsedFile],
    known_at: datetime,
    hash_key: bytes,
) -> Landed:
    """Write a file's rows and findings, all or nothing; a second time writes nothing.

    A file that comes in parts is written part by part, in one transaction. Raises psycopg errors
    without any value of the file: class, SQLSTATE, table, constraint.
    """
    with own_transaction(connection):
        before = _lock(connection, [file])
        if before:
            return before[file.file_id]
        return write(connection, file, parsed, known_at, hash_key)


def write(
    connection: psycopg.Connection[Any],
    file: Received,
    parsed: ParsedFile | Iterable[ParsedFile],
    known_at: datetime,
    hash_key: bytes,
) -> Landed:
    """Write a file's rows and findings inside the caller's transaction."""
    written, lineage = _Written(file, known_at), Lineage(file.file_id, known_at)
    for part in [parsed] if isinstance(parsed, ParsedFile) else parsed:
        for table, rows in part.tables.items():
            if rows.num_rows:
                copy_rows(connection, table, [(lineage, rows)], hash_key)
        written.add(part)
    return _record(connection, [written])[0]


def land_together(
    connection: psycopg.Connection[Any],
    files: Sequence[tuple[Received, ParsedFile]],
    hash_key: bytes,
) -> list[Landed]:
    """Write small files, each all or nothing, known since they were received.

    They share one transaction; where the database refuses it, each file is written by itself, so
    that only the one that is refused does not land. Raises as `land` does.
    """
    try:
        with own_transaction(connection):
            return _write_together(connection, files, hash_key)
    except psycopg.Error:
        return [land(connection, file, one, file.received_at, hash_key) for file, one in files]


def _write_together(
    connection: psycopg.Connection[Any],
    files: Sequence[tuple[Received, ParsedFile]],
    hash_key: bytes,
) -> list[Landed]:
    landed = _lock(connection, [file for file, _ in files])
    tables: dict[str, list[tuple[Lineage, pa.Table]]] = {}
    new: list[_Written] = []
    for file, parsed in files:
        if file.file_id in landed:
            continue
        written = _Written(file, file.received_at)
        written.add(parsed)
        new.append(written)
        for table in written.rows:
            lineage = Lineage(file.file_id, file.received_at)
            tables.setdefault(table, []).append((lineage, parsed.tables[table]))
    for table, parts in tables.items():
        copy_rows(connection, table, parts, hash_key)
    landed |= {one.file_id: one for one in _record(connection, new)}
    return [landed[file.file_id] for file, _ in files]


def exception_id(file_id: uuid.UUID, finding: Finding) -> str:
    """Return the key of a finding's exception: the same file gives the same key anywhere."""
    text = f"{file_id}|{finding.segment}|{finding.code}|{finding.record_kind}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _lock(
    connection: psycopg.Connection[Any], files: Sequence[Received]
) -> dict[uuid.UUID, Landed]:
    """Lock the rows of files; return how those ended that have landed before."""
    ids = [file.file_id for file in files]
    found = connection.execute(
        "select file_id, landed_at, outcome, reason_code from ops.received_file"
        " where file_id = any(%s) order by file_id for update",
        (ids,),
    ).fetchall()
    if len(found) != len(ids):
        raise LookupError("a file is received before it is landed")
    return {
        file_id: Landed(file_id, outcome, reason, {}, 0, was_landed_before=True)
        for file_id, landed_at, outcome, reason in found
        if landed_at is not None
    }


def _outcome(written: _Written) -> tuple[str, str | None]:
    """A file of which nothing could be loaded is an exception; a part of it is listed apart."""
    errors = [finding for finding in written.findings if finding.severity == "error"]
    if written.rows or not errors:
        return "landed", None
    return "exception", errors[0].code


def _record(connection: psycopg.Connection[Any], files: Sequence[_Written]) -> list[Landed]:
    """List the findings of files, and say how each ended."""
    outcomes = [_outcome(written) for written in files]
    values = [
        (*outcome, one.kind, one.records, one.segments, one.reserialised, one.file.file_id)
        for one, outcome in zip(files, outcomes, strict=True)
    ]
    findings = [row for written in files for row in _finding_rows(written)]
    with connection.cursor() as cursor:
        if findings:
            cursor.executemany(_FINDING, findings)
        cursor.executemany(_OUTCOME, values)
    return [
        Landed(one.file.file_id, outcome, reason, dict(one.rows), len(one.findings))
        for one, (outcome, reason) in zip(files, outcomes, strict=True)
    ]


def _finding_rows(written: _Written) -> list[tuple[object, ...]]:
    """Return the findings that no loaded row carries; the others are listed by the build."""
    file = written.file
    return [
        (
            exception_id(file.file_id, finding),
            file.file_id,
            finding.segment,
            file.source,
            finding.record_kind,
            finding.code,
            finding.severity,
            finding.rule,
            finding.message,
            finding.amount,
            written.known_at,
        )
        for finding in written.findings
        if finding.record_kind == "file" or finding.code not in written.codes
    ]


def _codes_on_rows(parsed: ParsedFile) -> set[str]:
    columns = [
        rows["finding_code"]
        for rows in parsed.tables.values()
        if "finding_code" in rows.column_names
    ]
    return {code for column in columns for code in pc.unique(column).to_pylist() if code}
