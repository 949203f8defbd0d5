"""What the ERP says beside documents and balances: its master data, and lines that are not ours.

Typed calls of the ledger's functions; what is foreign and what holds is decided in the database.
Callers own the transaction.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import class_row

from billing.ledger.changes import ErpChange
from billing.ledger.erp import ErpAccount, ErpLine, ErpSegment
from resources.warehouse.ledger import call

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class ForeignCount:
    """What a reading found for one entity: lines that are not ours, new ones, and gone ones."""

    foreign: int
    new: int
    gone: int


@dataclass(frozen=True)
class ForeignLine:
    """A line of the ERP that is not ours; `amount` in US dollars, debit positive.

    `state` is unexplained, accepted or gone.
    """

    foreign_line_id: int
    entity_code: str
    erp: str
    document_ref: str
    account: str
    accounting_date: date
    amount: Decimal
    code: str
    state: str
    reason: str | None
    judged_by: str | None


@dataclass(frozen=True)
class ReadingStart:
    """Where a reading begins: a day of accounting, and a moment by the ERP's clock.

    Without a moment everything is read.
    """

    first_day: date
    changed_from: datetime | None


@dataclass(frozen=True)
class ChangesRead:
    """Documents that changed in the ERP, those of them that were read, and their lines."""

    changes: Sequence[ErpChange]
    references: Sequence[str]
    lines: Sequence[ErpLine]


COLUMNS = ", ".join(ForeignLine.__dataclass_fields__)


def expect_master_data(
    connection: Connection, entity: str, erp: str, dimensions: Sequence[str]
) -> None:
    """Say that a mirror is due now. Commit it before the ERP is asked."""
    query = "select ledger.expect_master_data(%s, %s, %s)"
    call(connection, query, entity, erp, list(dimensions))


def mirror_master_data(
    connection: Connection,
    entity: str,
    accounts: Iterable[ErpAccount],
    segments: Iterable[ErpSegment],
) -> int:
    """Take over the ERP's accounts and segments; return how many changed.

    Raises LedgerRefusedError MASTER_DATA: the ERP showed no account, or no mirror was due.
    """
    told = json.dumps([{"account": a.account, "is_active": a.is_active} for a in accounts])
    values = json.dumps(
        [{"dimension": s.dimension, "value": s.value, "is_active": s.is_active} for s in segments]
    )
    query = "select ledger.mirror_master_data(%s, %s, %s)"
    return int(call(connection, query, entity, told, values)[0])


def asked_seconds(connection: Connection) -> float | None:
    """Return how long ago the ERP was last asked for its data; None where no mirror was due."""
    query = (
        "select extract(epoch from clock_timestamp() - max(due_at))::float8 from ledger.erp_mirror"
    )
    found = call(connection, query)[0]
    return None if found is None else float(found)


def control_accounts(connection: Connection) -> list[str]:
    """Return the accounts that only we post to: those of the chart that reach the ERP."""
    query = "select account from ledger.account where reaches_erp order by account"
    return [row[0] for row in connection.execute(query)]


def foreign_since(connection: Connection, entity: str) -> date | None:
    """Return the day from which lines may have changed; None when nothing of ours is there yet."""
    found = call(connection, "select ledger.foreign_since(%s)", entity)[0]
    return found if isinstance(found, date) else None


def carry_day(connection: Connection, entity: str) -> date | None:
    """Return the day before our first month; None before our first entry and once it was read."""
    found = call(connection, "select ledger.carry_day(%s)", entity)[0]
    return found if isinstance(found, date) else None


def record_carried(
    connection: Connection, entity: str, erp: str, last_day: date, balances: Mapping[str, Decimal]
) -> int:
    """Keep what the ERP held on our accounts at `last_day`, for good; return how many accounts.

    Debit positive. Raises LedgerRefusedError CARRIED: not the day to be read, or read before.
    """
    told = json.dumps({account: str(amount) for account, amount in balances.items()})
    query = "select ledger.record_carried(%s, %s, %s, %s)"
    return int(call(connection, query, entity, erp, last_day, told)[0])


def record_foreign_lines(
    connection: Connection, entity: str, erp: str, since: date, lines: Iterable[ErpLine]
) -> ForeignCount:
    """Hand over all lines that the ERP has since a day; the ledger keeps those not ours."""
    query = "select * from ledger.record_foreign_lines(%s, %s, %s, %s)"
    return ForeignCount(*call(connection, query, entity, erp, since, _lines(lines)))


def record_every_line(
    connection: Connection, entity: str, erp: str, start: ReadingStart, read: ChangesRead
) -> ForeignCount:
    """Hand over all lines of an ERP that tells changes, and the changes that it told before."""
    query = "select * from ledger.record_foreign_lines(%s, %s, %s, %s, %s)"
    told = (_lines(read.lines), _changes(read.changes))
    return ForeignCount(*call(connection, query, entity, erp, start.first_day, *told))


def reading_start(connection: Connection, entity: str, erp: str) -> ReadingStart | None:
    """Return where the next reading begins; None when nothing of ours is there yet."""
    query = "select first_day, changed_from from ledger.reading_start(%s, %s)"
    row = connection.execute(query, (entity, erp)).fetchone()
    return ReadingStart(*row) if row else None


def changes_to_read(
    connection: Connection, entity: str, erp: str, changes: Iterable[ErpChange]
) -> list[str]:
    """Return the documents among them whose lines are to be read: third-party ones, not known."""
    query = "select reference from ledger.changes_to_read(%s, %s, %s) order by reference"
    return [row[0] for row in connection.execute(query, (entity, erp, _changes(changes)))]


def record_foreign_changes(
    connection: Connection, entity: str, erp: str, start: ReadingStart, read: ChangesRead
) -> tuple[ForeignCount, bool]:
    """Hand over the lines of changed documents; return the count, and whether some are missing.

    They are when the ERP's balances moved by more than what was read.
    """
    query = "select * from ledger.record_foreign_changes(%s, %s, %s, %s, %s, %s, %s)"
    *count, is_missing_some = call(
        connection, query, entity, erp, start.first_day, start.changed_from is None,
        _changes(read.changes), list(read.references), _lines(read.lines),
    )  # fmt: skip
    return ForeignCount(*count), bool(is_missing_some)


def _lines(lines: Iterable[ErpLine]) -> str:
    return json.dumps(
        [
            {
                "reference": line.reference, "key": line.key, "account": line.account,
                "accounting_date": line.accounting_date.isoformat(),
                "debit": str(line.debit), "credit": str(line.credit),
            }
            for line in lines
        ]
    )  # fmt: skip


def _changes(changes: Iterable[ErpChange]) -> str:
    return json.dumps(
        [
            {
                "reference": one.reference,
                "key": one.key,
                "changed_at": one.changed_at.isoformat(),
            }
            for one in changes
        ]
    )


def foreign_lines(connection: Connection, *states: str) -> list[ForeignLine]:
    """Return the lines in these states, the largest amounts first."""
    with connection.cursor(row_factory=class_row(ForeignLine)) as cursor:
        query = (
            f"select {COLUMNS} from ledger.foreign_state where state = any(%s)"  # noqa: S608
            " order by abs(amount) desc, foreign_line_id"
        )
        return cursor.execute(query.encode(), [list(states)]).fetchall()


def judge_foreign_line(
    connection: Connection, line: int, *, is_accepted: bool, reason: str
) -> None:
    """Accept a line as explained, or withdraw that, as the person logged in.

    Raises LedgerRefusedError.
    """
    decision = "accepted" if is_accepted else "withdrawn"
    call(connection, "select ledger.judge_foreign_line(%s, %s, %s)", line, decision, reason)
