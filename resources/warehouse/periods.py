"""Typed calls of what people do with periods and corrections. Every decision is the database's.

Callers own the transaction and are logged in as the person who acts.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from psycopg.rows import class_row

from resources.warehouse.ledger import Connection, call

Act = Literal["soft_close", "close", "reopen"]


@dataclass(frozen=True)
class Period:
    """A period of an entity: our status (open, soft, closed) and the ERP's (open, closed)."""

    entity_code: str
    period_start: date
    period_end: date
    own_status: str
    erp_status: str


@dataclass(frozen=True)
class Request:
    """An act on a period that somebody asked for and nobody has decided yet."""

    act_id: int
    act: str
    entity_code: str
    period_start: date
    reason: str
    actor: str
    acted_at: datetime


@dataclass(frozen=True)
class Blocker:
    """What keeps a period from closing; `amount` in US dollars, a waiver when one stands."""

    code: str
    item: str
    amount: Decimal | None
    detail: str
    waiver_id: int | None


@dataclass(frozen=True)
class Materiality:
    """Errors of one entry in one original period, in US dollars, by both views.

    `period_amount` is what the entry does to that period; `accumulated_amount` is what all
    recorded errors of the entity come to with it. Both are gross; income effects are net, a loss
    negative.
    """

    entry_id: int
    entity_code: str
    original_period: date
    state: str
    period_amount: Decimal
    period_income_amount: Decimal
    accumulated_amount: Decimal
    accumulated_income_amount: Decimal
    is_material: bool


def request_period(
    connection: Connection, entity: str, start: date, act: Act, reason: str
) -> int:  # fmt: skip
    """Ask for an act on a period; return the number to decide on. Raises LedgerRefusedError."""
    query = "select ledger.request_period(%s, %s, %s, %s)"
    return int(call(connection, query, entity, start, act, reason)[0])


def decide_period(connection: Connection, request: int, *, accepts: bool, reason: str) -> str:
    """Decide on a request as somebody else; return the period's status. A close that something
    blocks is refused: LedgerRefusedError BLOCKED.
    """
    query = "select ledger.decide_period(%s, %s, %s)"
    return str(call(connection, query, request, accepts, reason)[0])


def waive_blocker(  # noqa: PLR0913, PLR0917 (who, which item, why and until when)
    connection: Connection, entity: str, start: date, code: str, item: str, reason: str,
    expires_on: date,
) -> int:  # fmt: skip
    """Let a close go on despite one blocker, until a day; return the waiver's number."""
    query = "select ledger.waive_blocker(%s, %s, %s, %s, %s, %s)"
    return int(call(connection, query, entity, start, code, item, reason, expires_on)[0])


def classify_correction(  # noqa: PLR0913, PLR0917 (the grain of a decision)
    connection: Connection, entity: str, original_period: date, rule: str, name: str, reason: str
) -> int:
    """Decide what corrections of a rule in a closed period are, from the next proposal on."""
    query = "select ledger.classify_correction(%s, %s, %s, %s, %s)"
    return int(call(connection, query, entity, original_period, rule, name, reason)[0])


def periods(connection: Connection, entity: str | None = None) -> list[Period]:
    """Return the periods that began up to the as-of date, the oldest first."""
    query = (
        "select entity_code, period_start, period_end, own_status, erp_status from ledger.period"
        " where period_start <= (select as_of_date from ops.installation)"
        " and (%(entity)s::text is null or entity_code = %(entity)s)"
        " order by entity_code, period_start"
    )
    return _rows(connection, Period, query, {"entity": entity})


def open_requests(connection: Connection) -> list[Request]:
    """Return what waits for a decision, the oldest first."""
    query = (
        "select act_id, act, entity_code, period_start, reason, actor, acted_at"
        " from ledger.period_act as asked where step = 'request' and not exists (select from"
        " ledger.period_act as decided where decided.request_id = asked.act_id) order by act_id"
    )
    return _rows(connection, Request, query)


def blockers(connection: Connection, entity: str, start: date) -> list[Blocker]:
    """Return what keeps a period from closing, those with a waiver included."""
    query = "select * from ledger.close_blocker(%(entity)s, %(start)s)"
    return _rows(connection, Blocker, query, {"entity": entity, "start": start})


def materiality(connection: Connection) -> list[Materiality]:
    """Return both views of every error of a closed period that is not void."""
    columns = ", ".join(Materiality.__dataclass_fields__)
    query = f"select {columns} from ledger.correction_materiality order by 1, 3"  # noqa: S608
    return _rows(connection, Materiality, query)


def _rows(
    connection: Connection, shape: type[Any], query: str, values: dict[str, Any] | None = None
) -> list[Any]:
    with connection.cursor(row_factory=class_row(shape)) as cursor:
        return cursor.execute(query.encode(), values).fetchall()


def request_as_of(connection: Connection, to: date, reason: str) -> int:
    """Ask that the as-of date moves back; return the number of the request."""
    (number,) = call(connection, "select ledger.request_as_of(%s, %s)", to, reason)
    return int(number)


def decide_as_of(connection: Connection, request_id: int, *, accepts: bool, reason: str) -> date:
    """Decide on a request for the as-of date, as another person; return the date as it then is."""
    query = "select ledger.decide_as_of(%s, %s, %s)"
    (day,) = call(connection, query, request_id, accepts, reason)
    return day  # type: ignore[no-any-return]
