"""Typed calls of the database's functions for opening balances. Every decision is made there.

Callers own the transaction. An account number is hashed here and goes no further.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from psycopg.rows import class_row

from billing.keys import account_key
from billing.ledger.opening import Known, OpeningLine, StatedBalance
from resources.warehouse.ledger import Connection, call


@dataclass(frozen=True)
class OpeningList:
    """A list as it stands; `state` is open, approved, refused or withdrawn."""

    list_id: int
    file_name: str
    file_sha256: str
    line_count: int
    gross_amount: Decimal
    content_hash: str
    loaded_by: str
    loaded_at: datetime
    state: str
    approvals: int


@dataclass(frozen=True)
class Tie:
    """Both sides of a control account, US dollars, debit positive."""

    list_id: int
    entity_code: str
    account: str
    listed_amount: Decimal
    stated_amount: Decimal | None
    difference_amount: Decimal


COLUMNS = ", ".join(OpeningList.__dataclass_fields__)
TIE_COLUMNS = ", ".join(Tie.__dataclass_fields__)


@dataclass(frozen=True)
class File:
    """The file that a list came from: its name and the SHA-256 of its bytes."""

    name: str
    sha256: str


def known(connection: Connection, payer_classes: frozenset[str]) -> Known:
    """Return what a list may name."""
    query = (
        "select entity_code, coalesce(array_agg(facility_code)"
        " filter (where facility_code is not null), '{}')"
        " from ops.entity left join ops.facility using (entity_code) group by entity_code"
    )
    rows = connection.execute(query).fetchall()
    return Known({code: frozenset(found) | {"NONE"} for code, found in rows}, payer_classes)


def load(
    connection: Connection,
    file: File,
    lines: Sequence[OpeningLine],
    stated: Sequence[StatedBalance],
    hash_key: bytes,
) -> int:
    """Take a list in whole, as the person logged in; returns its number.

    Raises LedgerRefusedError: DUPLICATE (this file before), CUTOVER, NO_LINES, NOT_A_PERSON.
    """
    listed = [
        {
            "line_no": line.line_no, "entity_code": line.entity,
            "account_kind": line.account_kind,
            "subject_key": account_key(line.entity, line.account_number, hash_key),
            "payer_class": line.payer_class, "facility_code": line.facility,
            "amount": line.amount, "cutover_date": line.cutover_date,
        }
        for line in lines
    ]  # fmt: skip
    balances = [
        {"entity_code": one.entity, "account": one.account, "stated_amount": one.amount}
        for one in stated
    ]
    query = "select ledger.load_opening(%s, %s, %s::jsonb, %s::jsonb)"
    values = (file.name, file.sha256, json.dumps(listed, default=str),
              json.dumps(balances, default=str))  # fmt: skip
    return int(call(connection, query, *values)[0])


def decide(
    connection: Connection, list_id: int, act: str, content_hash: str, reason: str | None = None
) -> str:
    """Approve or refuse what was seen, as the person logged in; returns the list's state.

    Raises LedgerRefusedError: DIFFERS, TWICE, OVERLAP, SELF_APPROVAL, CONTENT, STATE, CONFLICT,
    NOT_A_PERSON, REASON, NO_LIST.
    """
    query = "select ledger.decide_opening(%s, %s, %s, %s)"
    return str(call(connection, query, list_id, act, content_hash, reason)[0])


def withdraw(connection: Connection, list_id: int) -> None:
    """Take back what one loaded. Raises LedgerRefusedError: NOT_YOURS, STATE, NO_LIST."""
    call(connection, "select ledger.withdraw_opening(%s)", list_id)


def lists(connection: Connection) -> list[OpeningList]:
    """Return all lists, oldest first."""
    with connection.cursor(row_factory=class_row(OpeningList)) as cursor:
        query = f"select {COLUMNS} from ledger.opening_state order by list_id"  # noqa: S608
        return cursor.execute(query.encode()).fetchall()


def ties(connection: Connection, list_id: int) -> list[Tie]:
    """Return both sides of a list per entity and control account."""
    with connection.cursor(row_factory=class_row(Tie)) as cursor:
        query = (
            f"select {TIE_COLUMNS} from ledger.opening_tie"  # noqa: S608
            " where list_id = %s order by entity_code, account"
        )
        return cursor.execute(query.encode(), [list_id]).fetchall()
