"""`tieout exceptions`: every record that waits, with file, position, rule and dollars."""

from typing import Any

import psycopg

from orchestration.status import rows
from orchestration.tables import table

QUERY = """
select e.exception_id, e.code, e.severity, e.record_kind, e.entity_code, e.amount,
       case when s.sighting_id is not null then rtrim(s.location, '/') || '/' || s.name
            when e.record_kind = 'source' then e.source
            when e.origin = 'erp' then e.message else f.name end as file,
       e.segment, e.rule, e.message, e.origin, e.opened_at
from ops.exception e left join ops.received_file f using (file_id)
left join ops.file_sighting s on s.sighting_id = e.sighting_id
where e.closed_at is null and (%s::text is null or e.code = %s)
order by e.severity, e.code, file nulls first, e.segment, e.exception_id
"""
FAILING = """
select source, code, message from ops.exception
where origin = 'receiving' and record_kind = 'source' and closed_at is null order by source
"""


def failing_sources(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """Sources at which the last look did not come to its end, and why."""
    return rows(connection, FAILING)


def gather(connection: psycopg.Connection[Any], code: str | None) -> list[dict[str, Any]]:
    """Open exceptions, errors first; `code` keeps one reason only."""
    return rows(connection, QUERY, code, code)


def render(found: list[dict[str, Any]]) -> list[str]:
    """The same content as text: a line per exception, then totals per reason."""
    if not found:
        return ["No open exceptions."]
    columns = ["severity", "code", "record", "entity", "amount", "file", "segment", "rule"]
    lines = [
        (
            one["severity"], one["code"], one["record_kind"], one["entity_code"], one["amount"],
            one["file"], one["segment"], one["rule"],
        )
        for one in found
    ]  # fmt: skip
    errors = sum(1 for one in found if one["severity"] == "error")
    return [
        f"{len(found):,} open: {errors:,} wait, {len(found) - errors:,} posted with a warning",
        *table(columns, lines),
    ]
