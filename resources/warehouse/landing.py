"""Parsed files into `raw`: COPY, one transaction per file, idempotent by content.

Lineage (`file_id`, `known_at`) and the keyed hash of account numbers are added here and only here.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from psycopg import sql

from billing.parsed import Finding, ParsedFile
from resources.warehouse.receiving import Received, own_transaction, pending, receive

__all__ = ["Landed", "account_hash", "exception_id", "land", "pending", "receive"]

# The column whose keyed hash becomes `account_hash`. A claim number is the patient account number
# that the provider sent in CLM01 and the payer returns in CLP01 and in the status of a claim.
ACCOUNT_COLUMNS = {
    "claim": "claim_number",
    "remittance_claim": "claim_number",
    "x12_status": "account_number",
    "ehr_encounter": "account_number",
    "card_charge": "account_number",
}
_HASH_DIGITS = 32


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
        before = _lock(connection, file.file_id)
        if before is not None:
            return before
        return write(connection, file, parsed, known_at, hash_key)


def write(
    connection: psycopg.Connection[Any],
    file: Received,
    parsed: ParsedFile | Iterable[ParsedFile],
    known_at: datetime,
    hash_key: bytes,
) -> Landed:
    """Write a file's rows and findings inside the caller's transaction."""
    written = _Written()
    for part in [parsed] if isinstance(parsed, ParsedFile) else parsed:
        for table, rows in part.tables.items():
            if rows.num_rows:
                lineage = _with_lineage(table, rows, file, known_at, hash_key)
                written.rows[table] += _copy(connection, table, lineage)
        written.add(part)
    outcome, reason = _outcome(written)
    _record_findings(connection, file, written, known_at)
    connection.execute(
        "update ops.received_file set landed_at = now(), outcome = %s, reason_code = %s,"
        " kind = %s, record_count = %s, segment_count = %s, is_reserialised = %s"
        " where file_id = %s",
        (
            outcome,
            reason,
            written.kind,
            written.records,
            written.segments,
            written.reserialised,
            file.file_id,
        ),
    )
    return Landed(file.file_id, outcome, reason, dict(written.rows), len(written.findings))


def account_hash(number: str | None, key: bytes) -> str | None:
    """Return the keyed hash of an account number, blanks and case aside; None for none."""
    normal = (number or "").strip().upper()
    if not normal:
        return None
    return hmac.new(key, normal.encode(), hashlib.sha256).hexdigest()[:_HASH_DIGITS]


def exception_id(file_id: uuid.UUID, finding: Finding) -> str:
    """Return the key of a finding's exception: the same file gives the same key anywhere."""
    text = f"{file_id}|{finding.segment}|{finding.code}|{finding.record_kind}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _lock(connection: psycopg.Connection[Any], file_id: uuid.UUID) -> Landed | None:
    """Lock the file's row; return how it ended if it has landed before."""
    found = connection.execute(
        "select landed_at, outcome, reason_code from ops.received_file"
        " where file_id = %s for update",
        (file_id,),
    ).fetchone()
    if found is None:
        raise LookupError("a file is received before it is landed")
    landed_at, outcome, reason = found
    if landed_at is None:
        return None
    return Landed(file_id, outcome, reason, {}, 0, was_landed_before=True)


def _with_lineage(
    table: str, rows: pa.Table, file: Received, known_at: datetime, hash_key: bytes
) -> pa.Table:
    rows = pa.table({name: _storable(rows[name]) for name in rows.column_names})
    count = rows.num_rows
    rows = rows.append_column("file_id", pa.repeat(str(file.file_id), count))
    rows = rows.append_column("known_at", pa.repeat(known_at.isoformat(), count))
    if table in ACCOUNT_COLUMNS:
        hashes = _hashes(rows[ACCOUNT_COLUMNS[table]], hash_key)
        rows = rows.append_column("account_hash", hashes)
    return rows


def _storable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Take NUL out of text: PostgreSQL cannot hold it, the archive does."""
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return column
    if not pc.any(pc.match_substring(column, "\x00")).as_py():
        return column
    return pc.replace_substring(column, "\x00", "")


def _hashes(column: pa.ChunkedArray, key: bytes) -> pa.ChunkedArray:
    """Hash each distinct number once; many lines share an account."""
    coded = column.combine_chunks().dictionary_encode()
    distinct = [account_hash(number, key) for number in coded.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(distinct, pa.string()).take(coded.indices)])


def _copy(connection: psycopg.Connection[Any], table: str, rows: pa.Table) -> int:
    """COPY as CSV that Arrow writes: decimals stay exact and no row becomes a Python object.

    Making tuples of Arrow rows for a binary COPY takes eight times as long as writing this CSV.
    An unquoted empty field is null and a quoted one is empty text, in Arrow as in PostgreSQL.
    """
    names = sql.SQL(", ").join(map(sql.Identifier, rows.column_names))
    into = sql.SQL("copy raw.{} ({}) from stdin (format csv)").format(sql.Identifier(table), names)
    with connection.cursor() as cursor, cursor.copy(into) as copy:
        for part in _csv(rows):
            copy.write(part)
    return int(rows.num_rows)


def _csv(rows: pa.Table) -> Iterator[bytes]:
    options = pa_csv.WriteOptions(include_header=False)
    for batch in rows.to_batches(max_chunksize=50_000):
        sink = io.BytesIO()
        pa_csv.write_csv(batch, sink, options)
        yield sink.getvalue()


def _outcome(written: _Written) -> tuple[str, str | None]:
    """A file of which nothing could be loaded is an exception; a part of it is listed apart."""
    errors = [finding for finding in written.findings if finding.severity == "error"]
    if written.rows or not errors:
        return "landed", None
    return "exception", errors[0].code


def _record_findings(
    connection: psycopg.Connection[Any], file: Received, written: _Written, known_at: datetime
) -> None:
    """List the findings that no loaded row carries; the others are listed by the build."""
    rows = [
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
            known_at,
        )
        for finding in written.findings
        if finding.record_kind == "file" or finding.code not in written.codes
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.exception (exception_id, file_id, segment, source, record_kind, code,"
            " severity, rule, message, amount, origin, opened_at)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'parsing', %s)"
            " on conflict (exception_id) do nothing",
            rows,
        )


def _codes_on_rows(parsed: ParsedFile) -> set[str]:
    columns = [
        rows["finding_code"]
        for rows in parsed.tables.values()
        if "finding_code" in rows.column_names
    ]
    return {code for column in columns for code in pc.unique(column).to_pylist() if code}
