"""Hands the results of a build to the ledger, in tables that the ledger's owner owns.

Runs as `transform`, so that a view, a type or a trigger in the built zones has the rights of
`transform` alone. No function of the ledger reads a built zone.
"""

from dataclasses import dataclass
from typing import Any

import psycopg

Connection = psycopg.Connection[Any]
_LINE = """line_id, event_id, event, rule, rule_version, account, signed_amount, entity_code,
    facility_code, payer_class, claim_key, account_key, control_key, approval_class,
    original_date, reaches_erp, evidence_hash, file_id, segment, known_at"""
_AGES = "age_30_amount, age_60_amount, age_90_amount, age_over_90_amount"


@dataclass(frozen=True)
class Result:
    """One table of the owner: its columns, and the query that gives its rows."""

    table: str
    columns: str
    query: str


EVENTS = Result(
    "ledger.desired_event",
    "event_id, entity_code, original_date, rule, rule_version",
    "select event_id, entity_code, event_date, rule, rule_version"
    " from marts.fct_billing_event as event where not exists ("
    " select from marts.fct_ledger_line as line where line.event_id = event.event_id)",
)
PAYMENTS = Result(
    "ledger.payment_by_tender",
    "entity_code, subject, subject_key, payee, tender, paid_amount, refunded_amount",
    "select entity_code, subject, subject_key, payee, tender, paid_amount, refunded_amount"
    " from marts.mart_paid_in",
)
_SEGMENT = "entity_code, cutoff_date, rule, facility_code, payer_class, age_bucket"
BALANCES = Result(
    "ledger.estimate_balance",
    f"{_SEGMENT}, balance_amount",
    f"select {_SEGMENT}, balance_amount from marts.mart_estimate_balance",  # noqa: S608
)
_RATE = f"{_SEGMENT}, period, observation_count, exposed_amount, lost_amount, uncollected_amount"
RATES = Result(
    "ledger.estimate_rate",
    _RATE,
    f"select {_RATE} from marts.mart_estimate_rate",  # noqa: S608
)
_SHEET = (
    "entity_code, account, account_name, as_of_date, balance_amount, items_amount,"
    " unposted_amount, explained_amount, unexplained_amount, item_count, oldest_age_days, " + _AGES
)
RECONCILIATIONS = Result(
    "ledger.account_reconciliation",
    _SHEET,
    f"select {_SHEET} from marts.mart_account_reconciliation",  # noqa: S608
)
EXCEPTIONS = Result(
    "ops.build_exception",
    "exception_id, file_id, segment, source, record_kind, reason_code, severity, rule, detail,"
    " amount, entity_code",
    """
    select distinct on (exception_id) * from (
        select md5(record_id || '|' || reason_code) as exception_id, file_id, segment, source,
               record_kind, reason_code, 'error' as severity, null::text as rule,
               null::text as detail, amount, entity_code
        from intermediate.int_record_outcome where outcome = 'exception'
        union all
        select md5(record_id || '|' || reason_code || '|warning'), file_id, segment, source,
               record_kind, reason_code, 'warning', rule, detail, amount, entity_code
        from intermediate.int_exception_warning
    ) as listed order by exception_id
    """,
)
OF_BUILD = (PAYMENTS, BALANCES, RATES)
# Lines that changed in any way are another line: the ledger never updates one.
_GONE = f"""
delete from ledger.desired_line as held where not exists (
    select from marts.fct_ledger_line as line where line.line_id = held.line_id
      and ({", ".join(f"line.{name.strip()}" for name in _LINE.split(","))})
          is not distinct from
          ({", ".join(f"held.{name.strip()}" for name in _LINE.split(","))}))
"""  # noqa: S608
_ADDED = f"""
insert into ledger.desired_line ({_LINE})
select {_LINE} from marts.fct_ledger_line as line
where not exists (select from ledger.desired_line as held where held.line_id = line.line_id)
"""  # noqa: S608


def hand_over_build(connection: Connection) -> None:
    """Hand over everything that a build makes for the ledger, in one transaction."""
    with connection.transaction():
        hand_over_lines(connection)
        for result in OF_BUILD:
            _replace(connection, result)


def hand_over_lines(connection: Connection) -> None:
    """Hand over the desired ledger lines, and the events that no rule gives a line."""
    with connection.transaction():
        connection.execute("lock table ledger.desired_line in share row exclusive mode")
        connection.execute(_GONE.encode())
        connection.execute(_ADDED.encode())
        connection.execute("select ledger.analyze_desired()")
        _replace(connection, EVENTS)


def hand_over_exceptions(connection: Connection) -> None:
    """Hand over the records that the build left waiting, and its warnings."""
    with connection.transaction():
        _replace(connection, EXCEPTIONS)


def hand_over_reconciliations(connection: Connection) -> None:
    """Hand over the reconciliation of each account, which the ERP's answers change too."""
    with connection.transaction():
        _replace(connection, RECONCILIATIONS)


def _replace(connection: Connection, result: Result) -> None:
    connection.execute(f"delete from {result.table}".encode())  # noqa: S608
    insert = f"insert into {result.table} ({result.columns}) {result.query}"
    connection.execute(insert.encode())
