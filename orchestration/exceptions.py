"""`tieout exceptions`: every record that waits, with file, position, rule and dollars."""

from typing import Any

import psycopg

from orchestration.status import rows
from orchestration.tables import table

QUERY = """
select e.exception_id, e.code, e.severity, e.record_kind, e.entity_code, e.amount,
       f.name as file, e.segment, e.rule, e.message, e.origin, e.opened_at
from ops.exception e left join ops.received_file f using (file_id)
where e.closed_at is null and (%s::text is null or e.code = %s)
order by e.severity, e.code, f.name nulls first, e.segment, e.exception_id
"""


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
