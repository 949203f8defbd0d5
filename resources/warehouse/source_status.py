"""The newest look at each source: did it answer, what waits there, since when does it fail.

Written by the sensors and by receiving; the alerts and `tieout status` read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from resources.warehouse.receiving import own_transaction

# A check that saw the same again is written twice a minute, not every five seconds.
_RECORD = """
insert into ops.source_status as kept (source, looked_at, outcome, code, files_waiting,
    failing_since, last_ok_at)
values (%(source)s, %(now)s, %(outcome)s, %(code)s, %(waiting)s,
    case when %(outcome)s = 'failed' then %(now)s end,
    case when %(outcome)s = 'ok' then %(now)s end)
on conflict (source) do update set looked_at = excluded.looked_at, outcome = excluded.outcome,
    code = excluded.code, files_waiting = excluded.files_waiting,
    failing_since = case when excluded.outcome = 'failed'
                         then coalesce(kept.failing_since, excluded.looked_at) end,
    last_ok_at = coalesce(excluded.last_ok_at, kept.last_ok_at)
where (kept.outcome, kept.code, kept.files_waiting)
      is distinct from (excluded.outcome, excluded.code, excluded.files_waiting)
   or kept.looked_at < excluded.looked_at - interval '25 seconds'
"""
_READ = """
select source, looked_at, outcome, code, files_waiting, failing_since, last_ok_at
from ops.source_status where %(source)s::text is null or source = %(source)s
"""


@dataclass(frozen=True)
class Seen:
    """What a look saw; `code` says why it failed."""

    source: str
    waiting: int = 0
    code: str | None = None
    is_set_up: bool = True

    @property
    def outcome(self) -> str:
        """Return how it went."""
        return "failed" if self.code else "ok" if self.is_set_up else "not_set_up"


@dataclass(frozen=True)
class Look:
    """The newest look at a source. `code` says why it failed."""

    source: str
    looked_at: datetime
    outcome: str
    code: str | None
    files_waiting: int
    failing_since: datetime | None
    last_ok_at: datetime | None


def record(connection: psycopg.Connection[Any], seen: Seen, now: datetime) -> None:
    """Remember a look."""
    with own_transaction(connection):
        connection.execute(_RECORD, {**vars(seen), "outcome": seen.outcome, "now": now})


def read(connection: psycopg.Connection[Any], source: str) -> Look | None:
    """Return the newest look at a source, or None."""
    with own_transaction(connection):
        row = connection.execute(_READ, {"source": source}).fetchone()
    return None if row is None else Look(*row)


def read_all(connection: psycopg.Connection[Any]) -> list[Look]:
    """Return the newest look at each source."""
    with own_transaction(connection):
        rows = connection.execute(_READ, {"source": None}).fetchall()
    return [Look(*row) for row in rows]
