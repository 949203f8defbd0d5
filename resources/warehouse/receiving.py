"""The receipt of a file: bytes to the archive first, then one row per content and per sighting.

Also what receiving remembers: which remote files were taken, and how far an API was read.
"""

from __future__ import annotations

import errno
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from billing.intake import recognise
from resources.archive import Archive, StoredFile
from resources.receipt import Receipt, SightingKey, SourceError
from resources.warehouse.database import scrub

# A file that has not landed is offered again: a crash after archiving is made good.
_COLUMNS = "file_id, sha256, source, name, received_at, landed_at is null"


@dataclass(frozen=True)
class Received:
    """A content that is archived and known. `is_new`: no file with these bytes came before."""

    file_id: uuid.UUID
    sha256: str
    source: str
    name: str
    received_at: datetime
    needs_landing: bool
    is_new: bool = False


class ArchiveNotWritableError(SourceError):
    """The archive takes no more bytes, say because its disk is full; nothing was recorded."""

    code = "ARCHIVE_NOT_WRITABLE"


@contextmanager
def own_transaction(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Commit at the end, roll back on an error, and scrub what the database says of it."""
    if connection.info.transaction_status != TransactionStatus.IDLE:
        raise RuntimeError("the connection is inside a transaction of its caller")
    try:
        with connection.transaction():
            yield
    except psycopg.Error as error:
        raise scrub(error) from None


def receive(
    connection: psycopg.Connection[Any],
    archive: Archive,
    receipt: Receipt,
    now: datetime,
    look_at: datetime | None = None,
) -> Received:
    """Archive a content and record it; the same content again is only one more sighting.

    `look_at` is when the look at the source began that found it (default: now). Raises
    ArchiveNotWritableError, and then nothing is recorded.
    """
    stored = _store(archive, receipt.content)
    kind = recognise(receipt.content, receipt.name).value
    with own_transaction(connection):
        inserted = connection.execute(
            "insert into ops.received_file"
            " (file_id, sha256, source, name, kind, size_bytes, received_at)"
            " values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning 1",
            (
                stored.file_id,
                stored.sha256,
                receipt.source,
                storable(receipt.name),
                kind,
                stored.size_bytes,
                now,
            ),
        ).fetchone()
        outcome = _sighting_outcome(connection, stored, receipt)
        _see(connection, receipt, stored, (now, look_at or now), outcome)
        row = connection.execute(
            f"select {_COLUMNS} from ops.received_file where file_id = %s",  # noqa: S608
            (stored.file_id,),
        ).fetchone()
    if row is None:
        raise LookupError("the receipt was not recorded")
    file = Received(*row)
    return replace(file, is_new=inserted is not None)


def pending(connection: psycopg.Connection[Any], source: str | None = None) -> list[Received]:
    """Return the files that are archived and not landed, oldest first."""
    with own_transaction(connection):
        rows = connection.execute(
            f"select {_COLUMNS} from ops.received_file where landed_at is null"  # noqa: S608
            " and (%s::text is null or source = %s) order by received_at, file_id",
            (source, source),
        ).fetchall()
    return [Received(*row) for row in rows]


def taken(connection: psycopg.Connection[Any], source: str) -> frozenset[SightingKey]:
    """Return the remote files of a source that need not be fetched again."""
    with own_transaction(connection):
        rows = connection.execute(
            "select location, name, size_bytes, modified_at from ops.file_sighting"
            " where source = %s and outcome in ('taken', 'duplicate')",
            (source,),
        ).fetchall()
    return frozenset(SightingKey(*row) for row in rows)


def newest_receipt(connection: psycopg.Connection[Any], source: str) -> datetime | None:
    """Return when a source last brought a content that was new."""
    with own_transaction(connection):
        row = connection.execute(
            "select max(received_at) from ops.received_file where source = %s", (source,)
        ).fetchone()
    return None if row is None else row[0]


def newest_at(connection: psycopg.Connection[Any], source: str, location: str) -> datetime | None:
    """Return the time of the newest thing that came from a place of a source."""
    with own_transaction(connection):
        row = connection.execute(
            "select max(modified_at) from ops.file_sighting where source = %s and location = %s"
            " and outcome in ('taken', 'duplicate')",
            (source, location),
        ).fetchone()
    return None if row is None else row[0]


@dataclass(frozen=True)
class FetchMarks:
    """The marks of one source in `ops.fetch_mark`."""

    connection: psycopg.Connection[Any]
    source: str

    def get(self, name: str) -> str | None:
        """Return the mark's value, or None."""
        with own_transaction(self.connection):
            row = self.connection.execute(
                "select value from ops.fetch_mark where source = %s and name = %s",
                (self.source, name),
            ).fetchone()
        return None if row is None else str(row[0])

    def put(self, name: str, value: str) -> None:
        """Keep a value."""
        with own_transaction(self.connection):
            self.connection.execute(
                "insert into ops.fetch_mark (source, name, value, updated_at)"
                " values (%s, %s, %s, %s) on conflict (source, name)"
                " do update set value = excluded.value, updated_at = excluded.updated_at",
                (self.source, name, value, datetime.now(UTC)),
            )


def _store(archive: Archive, content: bytes) -> StoredFile:
    try:
        return archive.store(content)
    except OSError as error:
        why = errno.errorcode.get(error.errno or 0, type(error).__name__)
        raise ArchiveNotWritableError(f"the archive cannot be written ({why})") from None


def _sighting_outcome(
    connection: psycopg.Connection[Any], stored: StoredFile, receipt: Receipt
) -> str:
    """A content is a duplicate where it first came under another name or from another place."""
    other = connection.execute(
        "select 1 from ops.file_sighting where file_id = %s"
        " and (source, location, name) <> (%s, %s, %s) order by sighting_id limit 1",
        (stored.file_id, receipt.source, receipt.location, storable(receipt.name)),
    ).fetchone()
    return "taken" if other is None else "duplicate"


def _see(
    connection: psycopg.Connection[Any],
    receipt: Receipt,
    stored: StoredFile,
    seen: tuple[datetime, datetime],
    outcome: str,
) -> None:
    """Record the sighting; the same name, size and time with other bytes replaces the old one."""
    connection.execute(
        "insert into ops.file_sighting as seen (file_id, source, location, name, size_bytes,"
        " modified_at, seen_at, first_seen_at, outcome) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " on conflict (source, location, name, size_bytes, modified_at) do update"
        " set file_id = excluded.file_id, seen_at = excluded.seen_at, outcome = excluded.outcome,"
        " reason_code = null where seen.file_id is distinct from excluded.file_id",
        (
            stored.file_id,
            receipt.source,
            receipt.location,
            storable(receipt.name),
            stored.size_bytes,
            receipt.modified_at,
            *seen,
            outcome,
        ),
    )


def storable(name: str) -> str:
    """Return a remote name as it can be stored: it is data, and may hold anything but NUL."""
    return name.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
