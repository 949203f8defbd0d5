"""Remote files that are seen and not taken, and sources that fail: told, listed, closed again.

What is taken is in receiving.py. A line in ops.exception stays open until the file is taken, under
its name or after a rename, or until what kept it is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg

from resources.receipt import Sighting, SightingKey, SourceError, Waiting
from resources.warehouse.receiving import own_transaction, storable

_RECORD = """
insert into ops.file_sighting as seen (source, location, name, size_bytes, modified_at, seen_at,
    first_seen_at, outcome, reason_code)
values (%(source)s, %(location)s, %(name)s, %(size)s, %(modified)s, %(now)s, %(now)s, %(outcome)s,
    %(reason)s)
on conflict (source, location, name, size_bytes, modified_at) do update
set seen_at = excluded.seen_at, outcome = excluded.outcome, reason_code = excluded.reason_code
where seen.outcome in ('waiting', 'failed')
"""
_WAITING = """
select location, name, size_bytes, modified_at, first_seen_at, outcome from ops.file_sighting
where source = %s and outcome in ('waiting', 'failed')
"""
_SETTLE = "select ops.settle_sightings(%s, %s, %s, %s, %s)"


def record_sightings(
    connection: psycopg.Connection[Any], sightings: Sequence[Sighting], now: datetime
) -> None:
    """Record remote files that wait or failed, together; what was taken before stays taken."""
    if not sightings:
        return
    with own_transaction(connection), connection.cursor() as cursor:
        cursor.executemany(_RECORD, [_values(one, now) for one in sightings])


def record_sighting(connection: psycopg.Connection[Any], sighting: Sighting, now: datetime) -> None:
    """Record one of them."""
    record_sightings(connection, [sighting], now)


def waiting(connection: psycopg.Connection[Any], source: str) -> dict[SightingKey, Waiting]:
    """Return the remote files of a source that were seen and not taken."""
    with own_transaction(connection):
        rows = connection.execute(_WAITING, (source,)).fetchall()
    return {SightingKey(*row[:4]): Waiting(*row[4:]) for row in rows}


def settle(
    connection: psycopg.Connection[Any],
    source: str,
    begun_at: datetime,
    now: datetime,
    failure: SourceError | None = None,
) -> None:
    """Bring ops.exception in step with a look at a source that began at `begun_at`.

    `failure` is why the look did not come to its end: then what waited before still waits.
    """
    code, message = (failure.code, str(failure)) if failure else (None, None)
    with own_transaction(connection):
        connection.execute(_SETTLE, [source, begun_at, now, code, message])


def _values(sighting: Sighting, now: datetime) -> dict[str, object]:
    key = sighting.key
    return {
        "source": sighting.source,
        "location": key.location,
        "name": storable(key.name),
        "size": key.size_bytes,
        "modified": key.modified_at,
        "now": now,
        "outcome": sighting.outcome,
        "reason": sighting.reason_code,
    }
