"""Alerts in the database: one open row per condition, closed when the condition is gone.

Which conditions there are is worked out in `sensors/alerting.py`; here is what they read of the
books, and how rows are opened, closed and marked as delivered. Nothing in them names a patient.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import psycopg

from resources.warehouse.receiving import own_transaction

Sink = Literal["webhook", "email"]
Severity = Literal["error", "warning"]


@dataclass(frozen=True, order=True)
class Condition:
    """Something that a person should know of, for as long as it lasts."""

    kind: str
    subject: str
    severity: Severity
    message: str


@dataclass(frozen=True)
class Alert:
    """An open alert."""

    alert_id: int
    kind: str
    subject: str
    severity: str
    message: str
    advice: str
    opened_at: datetime


@dataclass(frozen=True)
class Books:
    """What the books say: newest receipts by source, entries in trouble, checks that fail."""

    newest: dict[str, datetime]
    troubled: list[tuple[str, str, int]]  # entity, state, entries
    certificate_failures: int
    post_failures: list[str]


_NEWEST = """
select l.source, newest.received_at from ops.source_status as l cross join lateral (
    select f.received_at from ops.received_file as f where f.source = l.source
    order by f.received_at desc limit 1) as newest
"""
_TROUBLED = """
select entity_code, state, count(*)::int from ledger.entry where state in ('unknown', 'rejected')
group by entity_code, state order by entity_code, state
"""
_CERTIFICATE = """
select failed_count + missing_count, passes from ops.certificate order by issued_at desc limit 1
"""
_POST_CHECKS = """
select check_id from (
    select distinct on (check_id) check_id, has_passed from ops.check_result
    where check_id = any(%s) order by check_id, result_id desc) as newest
where not has_passed order by check_id
"""
_OPEN = """
insert into ops.alert as kept (kind, subject, severity, message, advice, opened_at)
values (%s, %s, %s, %s, %s, %s)
on conflict (kind, subject) where closed_at is null
do update set message = excluded.message, severity = excluded.severity
where (kept.message, kept.severity) is distinct from (excluded.message, excluded.severity)
"""
_CLOSE = """
update ops.alert set closed_at = %s where closed_at is null
and (kind, subject) not in (select * from unnest(%s::text[], %s::text[]))
"""
_COLUMNS = "alert_id, kind, subject, severity, message, advice, opened_at"


def read_books(connection: psycopg.Connection[Any], post_checks: Collection[str]) -> Books:
    """Read what conditions are worked out from; `post_checks`: ids of the tie-outs of posting."""
    with own_transaction(connection):
        issued = connection.execute(_CERTIFICATE).fetchone()
        return Books(
            newest=dict(connection.execute(_NEWEST).fetchall()),
            troubled=connection.execute(_TROUBLED).fetchall(),
            certificate_failures=0 if issued is None or issued[1] else max(1, issued[0]),
            post_failures=[
                row[0] for row in connection.execute(_POST_CHECKS, (list(post_checks),))
            ],
        )


def settle(
    connection: psycopg.Connection[Any],
    conditions: Sequence[tuple[Condition, str]],
    now: datetime,
) -> None:
    """Open what is new and close what is gone; each condition comes with its advice."""
    kinds = [one.kind for one, _ in conditions]
    subjects = [one.subject for one, _ in conditions]
    with own_transaction(connection), connection.cursor() as cursor:
        cursor.execute(_CLOSE, (now, kinds, subjects))
        cursor.executemany(
            _OPEN,
            [
                (one.kind, one.subject, one.severity, one.message, advice, now)
                for one, advice in sorted(conditions)
            ],
        )


def undelivered(connection: psycopg.Connection[Any], sink: Sink) -> list[Alert]:
    """Return the open alerts that a sink has not taken yet, oldest first."""
    with own_transaction(connection):
        rows = connection.execute(
            f"select {_COLUMNS} from ops.alert"  # noqa: S608 (names of our own)
            f" where closed_at is null and {sink}_at is null order by alert_id"
        ).fetchall()
    return [Alert(*row) for row in rows]


def delivered(connection: psycopg.Connection[Any], alert: Alert, sink: Sink, now: datetime) -> None:
    """Remember that a sink has taken an alert."""
    with own_transaction(connection):
        connection.execute(
            f"update ops.alert set {sink}_at = %s where alert_id = %s",  # noqa: S608
            (now, alert.alert_id),
        )
