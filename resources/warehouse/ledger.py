"""Typed calls of the ledger's functions. Every decision is made in the database, none here.

Sending has calls of its own, in `sending.py`. Callers own the transaction.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import class_row

from billing.ledger.erp import ErpPeriod
from resources.warehouse.database import OWN_PREFIX

Connection = psycopg.Connection[Any]


class LedgerRefusedError(Exception):
    """The database refused: `code` is the rule, such as HELD, SELF_APPROVAL or CONTENT."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code


@dataclass(frozen=True)
class Proposed:
    """What proposing did: new entries, entries voided, and open ones that say the same."""

    proposed: int
    voided: int
    unchanged: int


@dataclass(frozen=True)
class Approved:
    """What policy did: entries approved, and all proposals that still wait."""

    approved: int
    waiting: int


@dataclass(frozen=True)
class Hold:
    """One reason why an entry may not go.

    CERTIFICATE, APPROVAL, PERIOD, LIMIT, MAPPING, PARKED, CORRECTION, RELEASE or WAIT.
    """

    code: str
    detail: str


@dataclass(frozen=True)
class Entry:
    """An entry of the ledger without its lines; `gross_amount` in US dollars is its debits."""

    entry_id: int
    entity_code: str
    accounting_date: date
    approval_class: str
    generation: int
    part: int
    state: str
    state_reason: str | None
    build_id: str
    content_hash: str
    erp_key: str
    entry_no: int | None
    line_count: int
    gross_amount: Decimal


@dataclass(frozen=True)
class AuditHead:
    """The newest row of the audit chain and its hash: what to write down elsewhere."""

    seq: int
    hash: str

    @property
    def anchor(self) -> str:
        """Return SEQ:HASH, as the verifier of an evidence pack takes it."""
        return f"{self.seq}:{self.hash}"


ENTRY_COLUMNS = ", ".join(Entry.__dataclass_fields__)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn a refusal by the database into LedgerRefusedError; other errors pass."""
    try:
        yield
    except psycopg.Error as error:
        text = str(error)
        if not text.startswith(OWN_PREFIX):
            raise
        code, _, rest = text.removeprefix(OWN_PREFIX).partition(": ")
        raise LedgerRefusedError(code, rest) from None


def propose(connection: Connection, build_id: str) -> Proposed:
    """Propose what differs between demanded and recorded; stamp unsent entries with the build."""
    return Proposed(*call(connection, "select * from ledger.propose(%s)", build_id))


def approve_by_policy(connection: Connection, build_id: str) -> Approved:
    """Approve what classes and limits allow, as the policy login."""
    return Approved(*call(connection, "select * from ledger.approve_by_policy(%s)", build_id))


def approve(connection: Connection, entry_id: int, content_hash: str) -> None:
    """Sign an entry as the person logged in. Raises LedgerRefusedError."""
    call(connection, "select ledger.approve(%s, %s)", entry_id, content_hash)


def refuse(
    connection: Connection, entry_id: int, disposition: str, owner: str, look_again: date
) -> None:
    """Refuse a proposal: it stays quiet until that day while its events are the same."""
    call(
        connection,
        "select ledger.refuse(%s, %s, %s, %s)",
        *(entry_id, disposition, owner, look_again),
    )


def release(connection: Connection, entry_id: int) -> None:
    """Let a rejected entry go out again, as the next generation, with the next proposal."""
    call(connection, "select ledger.release(%s)", entry_id)


def record_cutoff(connection: Connection, entity: str, cutoff_date: date) -> bool:
    """Freeze a cut-off; one that exists stays as it is. Return whether it is new."""
    return bool(call(connection, "select ledger.record_cutoff(%s, %s)", entity, cutoff_date)[0])


def hold_reasons(connection: Connection, entry_id: int) -> list[Hold]:
    """Return why an entry may not go; nothing holds it when the list is empty."""
    with connection.cursor(row_factory=class_row(Hold)) as cursor:
        query = "select code, detail from ledger.hold_reasons(%s)"
        return cursor.execute(query, [entry_id]).fetchall()


def held(connection: Connection) -> dict[str, int]:
    """Return how many entries that are not posted each hold code keeps back."""
    query = "select code, count(distinct entry_id) from ledger.hold group by code order by code"
    return dict(connection.execute(query).fetchall())


def sendable(connection: Connection, limit: int = 10_000) -> list[int]:
    """Return the ids of approved entries that nothing holds, oldest accounting date first."""
    rows = connection.execute("select entry_id from ledger.sendable(%s)", [limit])
    return [row[0] for row in rows]


def count_sendable(connection: Connection) -> int:
    """Return how many entries could be sent now."""
    return len(sendable(connection))


def count_unread(connection: Connection) -> int:
    """Return how many sent entries wait to be read back: their outcome is not known."""
    query = "select count(*) from ledger.entry where state in ('sending', 'unknown')"
    return int(call(connection, query)[0])


def entries(connection: Connection, *states: str) -> list[Entry]:
    """Return the entries in these states, by accounting date."""
    with connection.cursor(row_factory=class_row(Entry)) as cursor:
        query = (
            f"select {ENTRY_COLUMNS} from ledger.entry where state = any(%s)"  # noqa: S608
            " order by accounting_date, entity_code, entry_id"
        )
        return cursor.execute(query.encode(), [list(states)]).fetchall()


def mirror_period(connection: Connection, period: ErpPeriod) -> None:
    """Take over a period and its status from the ERP."""
    status = "open" if period.is_open else "closed"
    call(
        connection,
        "select ledger.mirror_period(%s, %s, %s, %s, %s)",
        *(period.entity, period.start, period.end, period.reference, status),
    )


def record_erp_balances(
    connection: Connection, entity: str, as_of: date, balances: Mapping[str, Decimal]
) -> int:
    """Replace what the ERP reported last for an entity (debit positive).

    Keeps accounts that we post to, from our first month on, and returns how many. Before it keeps
    those of an approved opening list.
    """
    report = json.dumps({account: str(amount) for account, amount in balances.items()})
    query = "select ledger.record_erp_balance(%s, %s, %s)"
    return int(call(connection, query, entity, as_of, report)[0])


def audit_head(connection: Connection) -> AuditHead:
    """Return the head of the audit chain."""
    return AuditHead(*call(connection, "select seq, hash from ledger.audit_head"))


def call(connection: Connection, query: str, *values: object) -> tuple[Any, ...]:
    """Call one function of the ledger and return its row. Raises LedgerRefusedError."""
    with refusals():
        row = connection.execute(query.encode(), values or None).fetchone()
    if row is None:
        raise LookupError("the ledger gave no answer")
    return tuple(row)
