"""Reading archived files again with today's readers: rows that come out differently are replaced.

One transaction per file. What comes out the same changes nothing, not even a log row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg

from billing.parsed import ParsedFile
from resources.warehouse import landing
from resources.warehouse.receiving import Received, own_transaction

_COLUMNS = "file_id, sha256, source, name, received_at, landed_at is null"


@dataclass(frozen=True)
class Replayed:
    """How a file came out: rows by table, findings, and whether anything was replaced."""

    rows: Mapping[str, int]
    findings: int
    has_changed: bool


def received_on(connection: psycopg.Connection[Any], first: date, last: date) -> list[Received]:
    """Return the files received from one UTC day to another, both included, oldest first."""
    with own_transaction(connection):
        rows = connection.execute(
            f"select {_COLUMNS} from ops.received_file"  # noqa: S608 (names of our own)
            " where (received_at at time zone 'UTC')::date between %s and %s"
            " order by received_at, file_id",
            (first, last),
        ).fetchall()
    return [Received(*row) for row in rows]


def named(connection: psycopg.Connection[Any], reference: str) -> list[Received]:
    """Return the files of a name, or whose SHA-256 begins with at least eight given digits."""
    with own_transaction(connection):
        rows = connection.execute(
            f"select {_COLUMNS} from ops.received_file"  # noqa: S608
            " where name = %(text)s or (length(%(text)s) >= 8 and starts_with(sha256, %(text)s))"
            " order by received_at, file_id",
            {"text": reference},
        ).fetchall()
    return [Received(*row) for row in rows]


def replay(
    connection: psycopg.Connection[Any],
    file: Received,
    parsed: ParsedFile | Iterable[ParsedFile],
    run_id: str,
    hash_key: bytes,
) -> Replayed:
    """Replace a file's rows where they come out differently. Raises as `landing.land` does."""
    with own_transaction(connection), connection.transaction() as attempt:
        ((replay_id,),) = connection.execute(
            "select raw.clear_file(%s, %s)", (file.file_id, run_id)
        ).fetchall()
        known_at: datetime = file.received_at
        landed = landing.write(connection, file, parsed, known_at, hash_key)
        ((has_changed,),) = connection.execute(
            "select ops.close_replay(%s)", (replay_id,)
        ).fetchall()
        if not has_changed and not file.needs_landing:
            raise psycopg.Rollback(attempt)
    return Replayed(landed.rows, landed.findings, bool(has_changed) or file.needs_landing)
