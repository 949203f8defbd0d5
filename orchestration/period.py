"""`tieout period`: what a period's status is, what blocks its close, and acts on it by people.

Each person acts by a database login of his own; the database refuses what is not his to do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from orchestration.errors import ExpectedError
from orchestration.tables import table
from resources.warehouse import periods
from resources.warehouse.ledger import Connection


def first_day(month: str) -> date:
    """Return the first day of a month like 2026-10, or the day of a period like 2026-10-01."""
    for text in (month, f"{month}-01"):
        try:
            return date.fromisoformat(text)
        except ValueError:
            continue
    raise ExpectedError(f"not a month like 2026-10: {month}")


def gather(connection: Connection, entity: str | None, month: str | None) -> dict[str, Any]:
    """Periods, open requests and errors; what blocks the close of the one that is named."""
    found: dict[str, Any] = {
        "periods": [asdict(one) for one in periods.periods(connection, entity)],
        "requests": [asdict(one) for one in periods.open_requests(connection)],
        "corrections": [asdict(one) for one in periods.materiality(connection)],
    }
    if entity and month:
        start = first_day(month)
        if all(one["period_start"] != start for one in found["periods"]):
            raise ExpectedError(f"{entity} has no period that begins on {start}")
        blockers = periods.blockers(connection, entity, start)
        found["blockers"] = [asdict(one) for one in blockers]
    return found


def render(found: dict[str, Any]) -> list[str]:
    """The same as tables."""
    columns = ["entity", "first day", "last day", "ours", "ERP"]
    lines = table(columns, _cells(found["periods"]), indent=0)
    if found["requests"]:
        columns = ["request", "act", "entity", "first day", "reason", "by", "at"]
        lines += ["", "Waits for a decision", *table(columns, _cells(found["requests"]))]
    if found["corrections"]:
        columns = [
            "entry", "entity", "of period", "state", "this period", "on income", "accumulated",
            "on income", "above threshold",
        ]  # fmt: skip
        title = "Errors of closed periods, in US dollars"
        lines += ["", title, *table(columns, _cells(found["corrections"]))]
    return lines + (_blockers(found["blockers"]) if "blockers" in found else [])


def _blockers(found: Sequence[dict[str, Any]]) -> list[str]:
    if not found:
        return ["", "Nothing blocks the close."]
    columns = ["code", "item", "amount", "what", "waiver"]
    return ["", "Blocks the close", *table(columns, _cells(found))]


def _cells(found: Iterable[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(one.values()) for one in found]
