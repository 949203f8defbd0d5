"""`tieout audit foreign`: what others entered in the ERP on our accounts, and explaining it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import psycopg

from orchestration.tables import table
from resources.warehouse import read_back
from resources.warehouse.ledger import LedgerRefusedError

COLUMNS = ("line", "entity", "document", "account", "date", "amount", "code", "state", "by")


def gather(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """Lines that are in the ERP, those first that nobody explained."""
    return [
        asdict(line)
        for state in ("unexplained", "accepted")
        for line in read_back.foreign_lines(connection, state)
    ]


def judge(
    connection: psycopg.Connection[Any], lines: Sequence[int], *, is_accepted: bool, reason: str
) -> list[dict[str, Any]]:
    """Explain lines, each on its own; a refusal concerns that line only."""
    return [_judge(connection, line, is_accepted, reason) for line in lines]


def _judge(
    connection: psycopg.Connection[Any], line: int, is_accepted: bool, reason: str
) -> dict[str, Any]:
    try:
        with connection.transaction():
            read_back.judge_foreign_line(connection, line, is_accepted=is_accepted, reason=reason)
    except LedgerRefusedError as refusal:
        return {"line": line, "refusal": str(refusal)}
    return {"line": line, "refusal": ""}


def outcome(judged: Sequence[dict[str, Any]]) -> list[str]:
    """One line per request: recorded, or why the database refused."""
    return [
        f"line {one['line']}: " + (f"refused: {one['refusal']}" if one["refusal"] else "recorded")
        for one in judged
    ]


def render(found: Sequence[dict[str, Any]]) -> list[str]:
    """The same content as text."""
    if not found:
        return ["Nobody else entered anything on our accounts."]
    rows = [
        (str(one["foreign_line_id"]), one["entity_code"], one["document_ref"], one["account"],
         one["accounting_date"], one["amount"], one["code"], one["state"], one["judged_by"])
        for one in found
    ]  # fmt: skip
    waiting = sum(1 for one in found if one["state"] == "unexplained")
    return [f"{len(found):,} lines, {waiting:,} unexplained", *table(COLUMNS, rows)]
