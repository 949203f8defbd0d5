"""What estimates read from the marts, and typed calls of the database's functions that keep runs.

Every decision is made in the database. Callers own the transaction.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from psycopg.rows import class_row, dict_row

from billing.estimates.reserve import METHODS, Balance, History, Line, Method
from resources.warehouse.ledger import Connection, call

_CUTOFFS = """
select distinct cutoff_date from ledger.cutoff
where entity_code = %s and cutoff_date <= %s order by cutoff_date desc limit 1
"""
_BALANCES = """
select facility_code, payer_class, age_bucket, balance_amount from ledger.estimate_balance
where entity_code = %s and cutoff_date = %s and rule = %s
"""
_HISTORY = """
select facility_code, payer_class, age_bucket, period, observation_count, exposed_amount,
       lost_amount, uncollected_amount
from ledger.estimate_rate
where entity_code = %s and cutoff_date = %s and rule = %s
order by facility_code, payer_class, age_bucket, period
"""
_LINES = """
select facility_code, payer_class, age_bucket, balance_amount, rate, rate_level,
       observation_count, lost_amount, exposed_amount, required_amount
from ledger.model_run_line where run_id = %s order by line_no
"""
_HINDSIGHT = """
select run_id, cutoff_date, state, sum(required_amount) as required_amount,
       sum(realised_amount) as realised_amount, sum(remaining_amount) as remaining_amount,
       sum(difference_amount) as difference_amount
from marts.mart_estimate_hindsight
where entity_code = %s and rule = %s and cutoff_date <= %s
group by run_id, cutoff_date, state order by run_id
"""


@dataclass(frozen=True)
class Basis:
    """An entity's cut-off and the rule that reserves."""

    entity: str
    cutoff: date
    rule: str


@dataclass(frozen=True)
class Draft:
    """A run before it is kept; `code_version` is the hash of what worked it out."""

    basis: Basis
    method: str
    parameters: Mapping[str, object]
    code_version: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Run:
    """A run as it is kept, amounts in US dollars; `state` is counts, superseded or withdrawn."""

    run_id: int
    entity_code: str
    cutoff_date: date
    rule: str
    method: str
    parameters: Mapping[str, Any]
    code_version: str
    build_id: str
    line_count: int
    balance_amount: Decimal
    required_amount: Decimal
    content_hash: str
    prepared_by: str
    prepared_at: datetime
    state: str


COLUMNS = ", ".join(Run.__dataclass_fields__)


def newest_cutoff(connection: Connection, entity: str, up_to: date) -> date | None:
    """Return the entity's newest recorded cut-off up to a day."""
    row = connection.execute(_CUTOFFS, [entity, up_to]).fetchone()
    return None if row is None else row[0]


def reserve_method(connection: Connection, entity: str) -> Method:
    """Return the method that the configuration names for an entity."""
    query = "select reserve_method from ops.entity where entity_code = %s"
    row = connection.execute(query, [entity]).fetchone()
    return next(one for one in METHODS if row is not None and one == row[0])


def balances(connection: Connection, basis: Basis) -> list[Balance]:
    """Return what the newest build says is open at the cut-off."""
    with connection.cursor(row_factory=class_row(Balance)) as cursor:
        return cursor.execute(_BALANCES, [basis.entity, basis.cutoff, basis.rule]).fetchall()


def histories(connection: Connection, basis: Basis) -> list[History]:
    """Return what became of earlier dollars, by segment and entity, by year and month."""
    with connection.cursor(row_factory=class_row(History)) as cursor:
        return cursor.execute(_HISTORY, [basis.entity, basis.cutoff, basis.rule]).fetchall()


def prepare(connection: Connection, draft: Draft) -> int:
    """Keep a run as the person logged in; returns its number.

    Raises LedgerRefusedError: NO_CUTOFF, RULE, METHOD, NO_LINES, BALANCE and RATE (not what the
    newest build says), LATER_RUN, NO_BUILD, NOT_A_PERSON.
    """
    listed = [
        {"line_no": number, **asdict(line)} for number, line in enumerate(draft.lines, start=1)
    ]
    query = "select ledger.prepare_estimate(%s, %s, %s, %s, %s::jsonb, %s, %s::jsonb)"
    values = (
        draft.basis.entity, draft.basis.cutoff, draft.basis.rule, draft.method,
        json.dumps(draft.parameters), draft.code_version, json.dumps(listed, default=str),
    )  # fmt: skip
    return int(call(connection, query, *values)[0])


def withdraw(connection: Connection, run_id: int, reason: str) -> None:
    """Take a run back. Raises LedgerRefusedError: NO_RUN, NOT_YOURS, STATE, RECORDED, LATER_RUN."""
    call(connection, "select ledger.withdraw_estimate(%s, %s)", run_id, reason)


def runs(connection: Connection) -> list[Run]:
    """Return all runs, oldest first."""
    with connection.cursor(row_factory=class_row(Run)) as cursor:
        query = f"select {COLUMNS} from ledger.model_run_state order by run_id"  # noqa: S608
        return cursor.execute(query.encode()).fetchall()


def lines(connection: Connection, run_id: int) -> list[Line]:
    """Return the lines of a run in their order."""
    with connection.cursor(row_factory=class_row(Line)) as cursor:
        return cursor.execute(_LINES, [run_id]).fetchall()


def hindsight(connection: Connection, run: Run) -> list[dict[str, Any]]:
    """Return what runs of the rule up to this cut-off said and what has happened since.

    As of the newest build: a run that came after it is not among them yet.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        values = [run.entity_code, run.rule, run.cutoff_date]
        return cursor.execute(_HINDSIGHT, values).fetchall()
