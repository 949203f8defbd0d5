"""Typed calls of the database's functions for governed requests. Every decision is made there.

Callers own the transaction. A subject is named by its keyed hash, never by an account number.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from psycopg.rows import class_row

from billing.ledger.manual import ManualLine
from resources.warehouse.ledger import Connection, call


@dataclass(frozen=True)
class Ask:
    """What somebody asks for; `amount` in US dollars, `event` one of the decided posting rules.

    `attachment_size` in bytes. Refunds: `payee` is `patient` or a payer's code.
    """

    event: str
    entity: str
    subject_key: str
    amount: Decimal
    reason: str
    attachment_sha256: str | None = None
    tender: str | None = None
    attachment_size: int | None = None
    attachment_type: str | None = None
    reason_code: str | None = None
    payee: str | None = None
    other_tender_reason: str | None = None


@dataclass(frozen=True)
class AskEntry:
    """An entry on chosen accounts; `reverses` names an approved one instead of lines.

    The lines carry keys, no account numbers. `is_auto_reversed`: taken back on the first day of
    the month after `accounting_date`.
    """

    entity: str
    accounting_date: date
    reason_code: str
    reason: str
    lines: Sequence[ManualLine] = ()
    is_auto_reversed: bool = False
    reverses: int | None = None
    attachment_sha256: str | None = None
    attachment_size: int | None = None
    attachment_type: str | None = None


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
    reason_code: str | None
    attachment_size: int | None
    attachment_type: str | None
    payee: str | None
    other_tender_reason: str | None
    accounting_date: date | None
    is_auto_reversed: bool | None
    reverses_request_id: int | None


@dataclass(frozen=True)
class RequestLine:
    """A line of a manual entry; `signed_amount` in US dollars, debit positive."""

    line_no: int
    account: str
    facility_code: str
    payer_class: str
    signed_amount: Decimal
    claim_key: str | None
    account_key: str | None
    control_key: str | None
    memo: str | None


COLUMNS = ", ".join(Request.__dataclass_fields__)


def ask(connection: Connection, wanted: Ask) -> int:
    """Ask as the person logged in; returns the request's number.

    Raises LedgerRefusedError: KIND, TENDER, PAYEE, DUPLICATE (the same within 30 days), EXCEEDS
    (more than the books leave), OTHER_TENDER (more than was paid in that way).
    """
    query = "select ledger.ask(%s, %s, %s, %s::numeric, %s, %s, %s, %s, %s, %s, %s, %s)"
    values = (
        wanted.event, wanted.entity, wanted.subject_key, wanted.amount, wanted.reason,
        wanted.attachment_sha256, wanted.tender, wanted.attachment_size, wanted.attachment_type,
        wanted.reason_code, wanted.payee, wanted.other_tender_reason,
    )  # fmt: skip
    return int(call(connection, query, *values)[0])


def ask_entry(connection: Connection, wanted: AskEntry) -> int:
    """Ask for a manual entry or the reversal of one; returns the request's number.

    Raises LedgerRefusedError: UNBALANCED, LINES, ACCOUNT, AMOUNT, KEY, CASH, MEMO, DIMENSION,
    DATE, REASON_CODE, ATTACHMENT, REVERSAL, DUPLICATE.
    """
    lines = json.dumps([_as_asked(one) for one in wanted.lines]) if wanted.lines else None
    query = "select ledger.ask_entry(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
    values = (
        wanted.entity, wanted.accounting_date, lines, wanted.reason_code, wanted.reason,
        wanted.is_auto_reversed, wanted.reverses, wanted.attachment_sha256,
        wanted.attachment_size, wanted.attachment_type,
    )  # fmt: skip
    return int(call(connection, query, *values)[0])


def _as_asked(line: ManualLine) -> dict[str, str]:
    """A line as the database takes it; an account number is not among it."""
    if line.account_number:
        raise ValueError("an account number is exchanged for its key first")
    return {
        "account": line.account, "debit": str(line.debit), "credit": str(line.credit),
        "key": line.key, "facility_code": line.facility, "payer_class": line.payer_class,
        "memo": line.memo,
    }  # fmt: skip


def decide(
    connection: Connection, request_id: int, act: str, content_hash: str, reason: str | None = None
) -> str:
    """Approve or refuse what was seen, as the person logged in; returns the request's state.

    Raises LedgerRefusedError: SELF_APPROVAL, CONTENT, STATE, NOT_A_PERSON, REASON, NO_REQUEST,
    LIMIT (more than policy lets the login decide on), ROLE (a role has to be among the deciders).
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


def lines_of(connection: Connection, request_id: int) -> list[RequestLine]:
    """Return the lines of a manual entry; none for another request."""
    names = ", ".join(RequestLine.__dataclass_fields__)
    query = f"select {names} from ledger.request_line where request_id = %s order by line_no"  # noqa: S608
    with connection.cursor(row_factory=class_row(RequestLine)) as cursor:
        return cursor.execute(query.encode(), [request_id]).fetchall()
