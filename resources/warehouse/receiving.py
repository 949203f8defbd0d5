"""The receipt of a file: bytes to the archive first, then one row per content and per sighting.

Also what receiving remembers: which remote files were taken, and how far an API was read.
"""

from __future__ import annotations

import errno
import uuid
from collections.abc import Iterator, Sequence
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
# One content and its sighting. The content is a duplicate where it first came under another name or
# from another place; the same name, size and time with other bytes replaces the older sighting.
_RECORD = f"""
with file as (
    insert into ops.received_file (file_id, sha256, source, name, kind, size_bytes, received_at)
    values (%(file_id)s, %(sha256)s, %(source)s, %(name)s, %(kind)s, %(size)s, %(now)s)
    on conflict do nothing returning {_COLUMNS}
), sighting as (
    insert into ops.file_sighting as seen (file_id, source, location, name, size_bytes, modified_at,
        seen_at, first_seen_at, outcome)
    values (%(file_id)s, %(source)s, %(location)s, %(name)s, %(size)s, %(modified)s, %(now)s,
        %(look)s, case when exists (select from ops.file_sighting as other
            where other.file_id = %(file_id)s and (other.source, other.location, other.name)
                  <> (%(source)s, %(location)s, %(name)s))
        then 'duplicate' else 'taken' end)
    on conflict (source, location, name, size_bytes, modified_at) do update
    set file_id = excluded.file_id, seen_at = excluded.seen_at, outcome = excluded.outcome,
        reason_code = null
    where seen.file_id is distinct from excluded.file_id
)
select *, true from file
union all
select {_COLUMNS}, false from ops.received_file where file_id = %(file_id)s
"""  # noqa: S608


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


@dataclass(frozen=True)
class Archived:
    """A receipt whose bytes are in the archive, to be recorded; it holds no content any more."""

    receipt: Receipt
    stored: StoredFile
    kind: str
    received_at: datetime


def archive_receipt(archive: Archive, receipt: Receipt, now: datetime) -> Archived:
    """Archive a content, before anything is recorded. Raises ArchiveNotWritableError."""
    stored = _store(archive, receipt.content)
    kind = recognise(receipt.content, receipt.name).value
    return Archived(replace(receipt, content=b""), stored, kind, now)


def record(
    connection: psycopg.Connection[Any], archived: Sequence[Archived], look_at: datetime
) -> list[Received]:
    """Record archived contents together; the same content again is only one more sighting.

    `look_at` is when the look at the source began that found them.
    """
    if not archived:
        return []
    with own_transaction(connection), connection.cursor() as cursor:
        cursor.executemany(_RECORD, [_values(one, look_at) for one in archived], returning=True)
        rows = [result.fetchone() for result in cursor.results()]
        return [
            Received(*(row or _known(connection, one.stored)))
            for one, row in zip(archived, rows, strict=True)
        ]


def receive(
    connection: psycopg.Connection[Any],
    archive: Archive,
    receipt: Receipt,
    now: datetime,
    look_at: datetime | None = None,
) -> Received:
    """Archive a content and record it. Raises ArchiveNotWritableError: nothing is recorded."""
    archived = archive_receipt(archive, receipt, now)
    return record(connection, [archived], look_at or now)[0]


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


def _values(archived: Archived, look_at: datetime) -> dict[str, object]:
    receipt, stored = archived.receipt, archived.stored
    return {
        "file_id": stored.file_id,
        "sha256": stored.sha256,
        "size": stored.size_bytes,
        "kind": archived.kind,
        "source": receipt.source,
        "location": receipt.location,
        "name": storable(receipt.name),
        "modified": receipt.modified_at,
        "now": archived.received_at,
        "look": look_at,
    }


def _known(connection: psycopg.Connection[Any], stored: StoredFile) -> tuple[Any, ...]:
    """Return a file that somebody else recorded at the same moment."""
    row: tuple[Any, ...] | None = connection.execute(
        f"select {_COLUMNS}, false from ops.received_file where file_id = %s",  # noqa: S608
        (stored.file_id,),
    ).fetchone()
    if row is None:
        raise LookupError("the receipt was not recorded")
    return row


def storable(name: str) -> str:
    """Return a remote name as it can be stored: it is data, and may hold anything but NUL."""
    return name.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
