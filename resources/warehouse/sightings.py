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
# A sighting that was settled: its name was taken since, or what has its size and time came under
# another name at a later look (all that one look finds is first seen when the look began).
_SETTLED = """
exists (select from ops.file_sighting as t where t.source = s.source
        and t.outcome in ('taken', 'duplicate') and t.seen_at >= s.first_seen_at
        and (t.location, t.name) = (s.location, s.name))
or exists (select from ops.file_sighting as t where t.source = s.source
        and t.outcome in ('taken', 'duplicate') and t.first_seen_at > s.seen_at
        and (t.size_bytes, t.modified_at) = (s.size_bytes, s.modified_at))
"""
# What was there and waited, and is not there any more under any size: nobody took it.
_GONE = f"""
update ops.file_sighting as s set outcome = 'failed', reason_code = 'VANISHED'
where s.source = %(source)s and s.seen_at < %(begun)s
  and s.reason_code in ('STILL_CHANGING', 'INCOMPLETE', 'READ_BROKE_OFF', 'NOT_READABLE',
      'TOO_LARGE')
  and s.outcome in ('waiting', 'failed')
  and not exists (select from ops.file_sighting as later where later.source = s.source
      and (later.location, later.name) = (s.location, s.name) and later.seen_at > s.seen_at)
  and not ({_SETTLED})
"""  # noqa: S608
_OPEN = f"""
insert into ops.exception as held (exception_id, sighting_id, source, record_kind, code, severity,
    rule, message, origin, opened_at)
select md5('sighting|' || s.sighting_id || '|' || s.reason_code), s.sighting_id, s.source, 'file',
    s.reason_code, 'error', coalesce(r.rule, 'a file is taken'),
    coalesce(r.message, 'the file waits'), 'receiving', s.first_seen_at
from ops.file_sighting as s left join ops.reason_code as r on r.code = s.reason_code
where s.source = %(source)s and s.outcome in ('waiting', 'failed')
  and (s.seen_at >= %(begun)s or s.reason_code = 'VANISHED') and not ({_SETTLED})
on conflict (exception_id) do update set closed_at = null where held.closed_at is not null
"""  # noqa: S608
# After a look that came to its end, what it did not tell of is over.
_CLOSE = f"""
update ops.exception as held set closed_at = %(now)s from ops.file_sighting as s
where held.sighting_id = s.sighting_id and held.closed_at is null and s.source = %(source)s
  and ((%(is_complete)s and s.seen_at < %(begun)s and s.reason_code is distinct from 'VANISHED')
       or held.code is distinct from s.reason_code or {_SETTLED})
"""  # noqa: S608
_CLOSE_SOURCE = """
update ops.exception set closed_at = %(now)s where origin = 'receiving' and record_kind = 'source'
and source = %(source)s and closed_at is null and code is distinct from %(code)s
"""
_OPEN_SOURCE = """
insert into ops.exception as held (exception_id, source, record_kind, code, severity, rule, message,
    origin, opened_at)
select md5('source|' || %(source)s || '|' || %(code)s), %(source)s, 'source', %(code)s, 'error',
    coalesce((select rule from ops.reason_code where code = %(code)s), 'a source can be used'),
    %(message)s, 'receiving', %(now)s
on conflict (exception_id) do update set closed_at = null, message = excluded.message,
    opened_at = case when held.closed_at is null then held.opened_at else excluded.opened_at end
"""


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
    known = {"source": source, "begun": begun_at, "now": now, "is_complete": failure is None}
    said = {"code": failure.code if failure else None, "message": str(failure or "")}
    with own_transaction(connection):
        if failure is None:
            connection.execute(_GONE, known)
        connection.execute(_OPEN, known)
        connection.execute(_CLOSE, known)
        connection.execute(_CLOSE_SOURCE, {**known, **said})
        if failure is not None:
            connection.execute(_OPEN_SOURCE, {**known, **said})


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
