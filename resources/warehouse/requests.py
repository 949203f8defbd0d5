"""Typed calls of the database's functions for governed requests. Every decision is made there.

Callers own the transaction. A subject is named by its keyed hash, never by an account number.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from psycopg.rows import class_row

from resources.warehouse.landing import account_hash
from resources.warehouse.ledger import Connection, call


@dataclass(frozen=True)
class Ask:
    """What somebody asks for; `amount` in US dollars, `event` one of the decided posting rules."""

    event: str
    entity: str
    subject_key: str
    amount: Decimal
    reason: str
    attachment_sha256: str | None = None
    tender: str | None = None


@dataclass(frozen=True)
class Request:
    """A request as it stands; `state` is open, approved, refused or withdrawn."""

    request_id: int
    event: str
    rule: str
    approval_class: str
    entity_code: str
    subject: str
    subject_key: str
    amount: Decimal
    reason: str
    attachment_sha256: str | None
    tender: str | None
    content_hash: str
    requested_by: str
    requested_at: datetime
    needed: int
    approvals: int
    state: str


COLUMNS = ", ".join(Request.__dataclass_fields__)


def ask(connection: Connection, wanted: Ask) -> int:
    """Ask as the person logged in; returns the request's number.

    Raises LedgerRefusedError: KIND, TENDER, DUPLICATE (the same within 30 days), EXCEEDS (more
    than the books leave).
    """
    query = "select ledger.ask(%s, %s, %s, %s::numeric, %s, %s, %s)"
    values = (
        wanted.event, wanted.entity, wanted.subject_key, wanted.amount, wanted.reason,
        wanted.attachment_sha256, wanted.tender,
    )  # fmt: skip
    return int(call(connection, query, *values)[0])


def decide(
    connection: Connection, request_id: int, act: str, content_hash: str, reason: str | None = None
) -> str:
    """Approve or refuse what was seen, as the person logged in; returns the request's state.

    Raises LedgerRefusedError: SELF_APPROVAL, CONTENT, STATE, NOT_A_PERSON, REASON, NO_REQUEST.
    """
    query = "select ledger.decide(%s, %s, %s, %s)"
    return str(call(connection, query, request_id, act, content_hash, reason)[0])


def withdraw(connection: Connection, request_id: int) -> None:
    """Take back what one asked for. Raises LedgerRefusedError: NOT_YOURS, STATE, NO_REQUEST."""
    call(connection, "select ledger.withdraw(%s)", request_id)


def requests(connection: Connection, *states: str) -> list[Request]:
    """Return the requests in these states (all without one), oldest first."""
    with connection.cursor(row_factory=class_row(Request)) as cursor:
        query = (
            f"select {COLUMNS} from ledger.request_state"  # noqa: S608
            " where cardinality(%s::text[]) = 0 or state = any(%s) order by request_id"
        )
        return cursor.execute(query.encode(), [list(states), list(states)]).fetchall()


def account_key(entity: str, account_number: str, hash_key: bytes) -> str:
    """Return the key that the books know a patient account by; the number goes nowhere."""
    hashed = account_hash(account_number, hash_key) or ""
    return hashlib.md5(f"{entity}|{hashed}".encode(), usedforsecurity=False).hexdigest()
