"""Sign-offs: account reconciliations, and lists that a person looked at.

Typed calls of the ledger's functions; who may sign what is decided in the database. Callers own
the transaction.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import class_row

from resources.warehouse.ledger import call, refusals

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class AccountSheet:
    """One account of an entity as it stands, in US dollars, debit positive, and who signed that.

    `content_hash` is what a person signs; a changed figure has another one, and no signature.
    """

    entity_code: str
    account: str
    account_name: str
    as_of_date: date
    balance_amount: Decimal
    items_amount: Decimal
    unposted_amount: Decimal
    explained_amount: Decimal
    unexplained_amount: Decimal
    item_count: int
    oldest_age_days: int | None
    age_30_amount: Decimal
    age_60_amount: Decimal
    age_90_amount: Decimal
    age_over_90_amount: Decimal
    content_hash: str
    reconciliation_id: int | None
    preparer: str | None
    prepared_at: datetime | None
    explanation: str | None
    reviewer: str | None
    reviewed_at: datetime | None


def sheets(connection: Connection) -> list[AccountSheet]:
    """Return all reconciled accounts, by entity and account."""
    with refusals(), connection.cursor(row_factory=class_row(AccountSheet)) as cursor:
        return cursor.execute(b"select * from ledger.reconciliation_sheet()").fetchall()


def prepare(connection: Connection, sheet: AccountSheet, explanation: str) -> int:
    """Sign a sheet as its preparer; return its number. Raises LedgerRefusedError."""
    query = "select ledger.prepare_reconciliation(%s, %s, %s, %s)"
    values = (sheet.entity_code, sheet.account, sheet.content_hash, explanation)
    return int(call(connection, query, *values)[0])


def review(connection: Connection, sheet: AccountSheet) -> None:
    """Sign a prepared sheet as its reviewer. Raises LedgerRefusedError."""
    query = "select ledger.review_reconciliation(%s, %s)"
    call(connection, query, sheet.reconciliation_id, sheet.content_hash)


def sign_review(connection: Connection, subject: str, content_hash: str, note: str) -> int:
    """Sign that a list with this hash was looked at. Raises LedgerRefusedError."""
    query = "select ledger.sign_review(%s, %s, %s)"
    return int(call(connection, query, subject, content_hash, note)[0])
