"""What has happened lately in the books: files received, builds, entries, alerts. Reads only.

No name of a file and nothing of its content: sources, counts, dollars and codes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from resources.settings import Settings
from resources.warehouse.database import connect

LATELY = """
select at, said from (
    select max(received_at) as at,
           count(*) || ' files received from ' || source as said
    from ops.received_file where received_at > %(since)s group by source
    union all
    select b.finished_at, 'build ' || b.status || ', certificate ' || case
               when c.passes then 'passes' when c.passes is null then 'not issued'
               else 'does not pass' end
           || ' (' || round(extract(epoch from b.finished_at - b.started_at)) || ' s)'
    from ops.build as b
    left join ops.certificate as c on c.build_id = coalesce(b.current_build_id, b.build_id)
    where b.finished_at > %(since)s
    union all
    select max(a.at), count(distinct a.entry_id) || ' entries ' || a.to_state
    from ledger.audit as a
    where a.at > %(since)s and a.to_state in ('approved', 'posted', 'rejected', 'unknown')
    group by a.to_state
    union all
    select opened_at, 'ALERT ' || kind || ' ' || subject || ': ' || message
    from ops.alert where opened_at > %(since)s
    union all
    select closed_at, 'alert over: ' || kind || ' ' || subject
    from ops.alert where closed_at > %(since)s
) as found order by at
"""
NOW = "select clock_timestamp()"


@dataclass(frozen=True)
class Event:
    """Something that happened at an instant."""

    at: datetime
    text: str


class News:
    """What is new since the last look; one connection, opened again when it breaks."""

    def __init__(self, settings: Settings) -> None:
        """Nothing that happened before the first look is news."""
        self._settings = settings
        self._connection: psycopg.Connection[Any] | None = None
        self._since: datetime | None = None

    def look(self) -> list[Event]:
        """Return what is new; nothing while the database is away: it is news at a later look."""
        try:
            return self._look()
        except psycopg.Error:
            self.close()
            return []

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _look(self) -> list[Event]:
        if self._connection is None:
            self._connection = connect(self._settings.database, "auditor", autocommit=True)
        [(now,)] = self._connection.execute(NOW).fetchall()
        since, found = self._since, []
        if since is not None:
            rows = self._connection.execute(LATELY.encode(), {"since": since}).fetchall()
            found = [Event(*row) for row in rows]
        self._since = max([now, *(event.at for event in found)])
        return found


def lines(events: Sequence[Event]) -> list[str]:
    """Each as text, with its time of day in UTC."""
    return [f"{event.at:%H:%M:%S}Z  {event.text}" for event in events]
