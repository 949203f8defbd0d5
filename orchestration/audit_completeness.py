"""`tieout audit completeness`: whether everything came in, by day, control number and dollars."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg

from billing.governance.expected_files import ExpectedFiles, read_expected_files
from billing.governance.interfaces import read_interfaces
from orchestration.errors import ExpectedError
from orchestration.tables import table
from resources.warehouse import completeness

GOVERNANCE = Path(__file__).parents[1] / "governance"


def gather(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """All four views, and those that damage keeps from being worked out. Role transform.

    Raises ExpectedError before the first build.
    """
    if not completeness.is_built(connection):
        raise ExpectedError("nothing is built yet: `tieout run` builds")
    policy = read_expected_files((GOVERNANCE / "expected_files.yaml").read_text())
    views: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "gaps": lambda: _gaps(connection, policy),
        "control_numbers": lambda: completeness.control_numbers(connection),
        "charges": lambda: completeness.charges(connection),
        "unmatched": lambda: _by_age(connection, policy.age_buckets),
    }
    found, damaged = _worked_out(connection, views)
    return {
        "as_of_date": completeness.as_of(connection),
        "expected": {**policy.feeds, "looked_back_days": policy.looked_back.days},
        **found,
        "not_worked_out": damaged,
    }


def _worked_out(
    connection: psycopg.Connection[Any], views: Mapping[str, Callable[[], list[dict[str, Any]]]]
) -> tuple[dict[str, list[dict[str, Any]]], list[dict[str, Any]]]:
    """Work out each view by itself: one that fails is listed as damaged, the others still count."""
    found: dict[str, list[dict[str, Any]]] = {}
    damaged = []
    for name, view in views.items():
        try:
            with connection.transaction():
                found[name] = view()
        except psycopg.Error as problem:
            found[name] = []
            damaged.append({"view": name.replace("_", " "), "problem": str(problem)})
    return found, damaged


def _gaps(connection: psycopg.Connection[Any], policy: ExpectedFiles) -> list[dict[str, Any]]:
    calendar = read_interfaces((GOVERNANCE / "interfaces.yaml").read_text()).calendar
    as_of = completeness.as_of(connection)
    return [
        {"feed": feed, "scope": scope, **asdict(gap)}
        for (feed, scope), came in sorted(completeness.days(connection).items())
        for gap in policy.gaps(feed, came, as_of, calendar)
    ]


def _by_age(connection: psycopg.Connection[Any], buckets: Sequence[int]) -> list[dict[str, Any]]:
    names = [*(f"to {days} days" for days in buckets), f"over {buckets[-1]} days"]
    return [
        {**row, "bucket": names[row["bucket"]]}
        for row in completeness.unmatched(connection, buckets)
    ]


def render(found: dict[str, Any]) -> list[str]:
    """The same content as text."""
    blocks = (
        ("Not worked out: something is missing or damaged", found["not_worked_out"]),
        ("Business days without anything", found["gaps"]),
        ("Interchange control numbers", found["control_numbers"]),
        ("Charge feed against 4010", found["charges"]),
        ("Deposits and remittances without each other", found["unmatched"]),
    )
    lines = [f"as of {found['as_of_date']}"]
    for title, rows in blocks:
        lines += ["", title if rows else f"{title}: none", *_table(rows)]
    return lines


def _table(rows: Sequence[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    columns = [name.replace("_", " ") for name in rows[0]]
    return table(columns, [tuple(row.values()) for row in rows])
