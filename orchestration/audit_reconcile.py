"""`tieout audit reconcile`: accounts with their open items, and the two signatures on each."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import psycopg

from orchestration.errors import ExpectedError
from orchestration.tables import table
from resources.warehouse import reviews
from resources.warehouse.ledger import LedgerRefusedError
from resources.warehouse.reviews import AccountSheet

COLUMNS = (
    "entity", "account", "ERP balance", "items", "unposted", "explained", "unexplained", "count",
    "oldest days", "to 30", "to 60", "to 90", "over 90", "prepared", "reviewed",
)  # fmt: skip


def gather(connection: psycopg.Connection[Any]) -> list[AccountSheet]:
    """All accounts. Raises ExpectedError before the first post run has made them."""
    try:
        return reviews.sheets(connection)
    except psycopg.errors.UndefinedTable:
        raise ExpectedError(
            "no account is reconciled yet: `tieout run` makes them in its post job"
        ) from None


def facts(sheets: Sequence[AccountSheet]) -> list[dict[str, Any]]:
    """The same as plain values."""
    return [asdict(sheet) for sheet in sheets]


def chosen(sheets: Sequence[AccountSheet], names: Sequence[str]) -> list[AccountSheet]:
    """The accounts named like NLH/1050. Raises ExpectedError for one that is not there."""
    known = {f"{sheet.entity_code}/{sheet.account}": sheet for sheet in sheets}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ExpectedError(f"no such account: {', '.join(unknown)}; named like NLH/1050")
    return [known[name] for name in names]


def sign(
    connection: psycopg.Connection[Any],
    sheets: Sequence[AccountSheet],
    *,
    as_reviewer: bool,
    explanation: str,
) -> list[dict[str, Any]]:
    """Sign each account as it was shown; a refusal concerns that account only."""

    def act(sheet: AccountSheet) -> object:
        if as_reviewer:
            reviews.review(connection, sheet)
            return None
        return reviews.prepare(connection, sheet, explanation)

    return [_sign(connection, sheet, act) for sheet in sheets]


def _sign(
    connection: psycopg.Connection[Any],
    sheet: AccountSheet,
    act: Callable[[AccountSheet], object],
) -> dict[str, Any]:
    name, refusal = f"{sheet.entity_code}/{sheet.account}", ""
    try:
        with connection.transaction():
            act(sheet)
    except LedgerRefusedError as refused:
        refusal = str(refused)
    return {"account": name, "refusal": refusal}


def outcome(signed: Sequence[dict[str, Any]]) -> list[str]:
    """One line per account: signed, or why the database refused."""
    return [
        f"{one['account']}: " + (f"refused: {one['refusal']}" if one["refusal"] else "signed")
        for one in signed
    ]


def render(sheets: Sequence[AccountSheet]) -> list[str]:
    """The same content as text."""
    rows = [
        (s.entity_code, s.account, s.balance_amount, s.items_amount, s.unposted_amount,
         s.explained_amount, s.unexplained_amount, s.item_count, s.oldest_age_days,
         s.age_30_amount, s.age_60_amount, s.age_90_amount, s.age_over_90_amount, s.preparer,
         s.reviewer)
        for s in sheets
    ]  # fmt: skip
    open_ = sum(1 for s in sheets if s.unexplained_amount)
    unsigned = sum(1 for s in sheets if s.reviewer is None)
    day = sheets[0].as_of_date if sheets else ""
    return [
        f"{len(sheets)} accounts as of {day}: {open_} not explained, {unsigned} not reviewed",
        *table(COLUMNS, rows),
    ]
