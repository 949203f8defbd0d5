"""Typed calls of the database's functions for restatement orders. Every decision is made there.

Callers own the transaction. The hash of a journal difference is worked out here for `what-if` and
in the database (`ledger.restatement_hash`) in the same words.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from psycopg.rows import class_row

from resources.warehouse.ledger import Connection, call


@dataclass(frozen=True)
class Difference:
    """What a period of an account changes by for one event; `amount` in US dollars, debit positive.

    `period` is the month of the events, YYYY-MM.
    """

    entity_code: str
    account: str
    period: str
    event: str
    amount: Decimal


@dataclass(frozen=True)
class Held(Difference):
    """A difference that waits for an order, with its rule."""

    rule: str


@dataclass(frozen=True)
class Order:
    """An order as it stands; `state` is open, approved, refused or carried out."""

    order_id: int
    state: str
    rules: list[str]
    what_if_hash: str
    content_hash: str
    reason: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    events: int


def difference_hash(rows: Iterable[Difference]) -> str:
    """Return the SHA-256 of a journal difference: one line per row, amounts in cents, sorted."""
    kept = sorted(
        (one.entity_code, one.account, one.period, one.event, f"{one.amount:.2f}") for one in rows
    )
    return hashlib.sha256("\n".join("|".join(row) for row in kept).encode()).hexdigest()


def ask(connection: Connection, what_if_hash: str, rules: Sequence[str], reason: str) -> int:
    """Ask for an order as the person logged in; returns its number.

    Raises LedgerRefusedError: NOT_A_PERSON.
    """
    query = "select ledger.ask_restatement(%s, %s, %s)"
    return int(call(connection, query, what_if_hash, list(rules), reason)[0])


def decide(
    connection: Connection, order_id: int, act: str, content_hash: str, reason: str | None = None
) -> str:
    """Approve or refuse what was seen, as the person logged in; returns what was decided.

    Raises LedgerRefusedError: SELF_APPROVAL, CONTENT, STATE, NOT_A_PERSON, ROLE, REASON, NO_ORDER.
    """
    query = "select ledger.decide_restatement(%s, %s, %s, %s)"
    return str(call(connection, query, order_id, act, content_hash, reason)[0])


def orders(connection: Connection) -> list[Order]:
    """Return all orders, oldest first."""
    columns = ", ".join(Order.__dataclass_fields__)
    query = f"select {columns} from ledger.restatement_state order by order_id"  # noqa: S608
    with connection.cursor(row_factory=class_row(Order)) as cursor:
        return cursor.execute(query.encode()).fetchall()


def held(connection: Connection) -> list[Held]:
    """Return what the newest proposal left out for want of an order."""
    columns = ", ".join(Held.__dataclass_fields__)
    query = f"select {columns} from ledger.restatement_hold order by 1, 2, 3, 4"  # noqa: S608
    with connection.cursor(row_factory=class_row(Held)) as cursor:
        return cursor.execute(query.encode()).fetchall()
