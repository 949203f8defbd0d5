"""What came in and what did not, as the built tables have it: days, control numbers and totals.

Counts, dates and dollars by entity and partner; never a claim or an account. Role transform.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import dict_row

Connection = psycopg.Connection[Any]
# The bank account is shown by its last four digits. One without a statement is there, without days.
DAYS = """
select 'bank_statement' as feed,
       account.entity_code || ' account ..' || right(account.bank_account, 4) as scope,
       statement.as_of_date as day
from ops.bank_account as account
left join raw.bank_statement as statement
    on statement.bank_account = account.bank_account and statement.finding_code is null
union
select 'ehr_charge', charge.entity_code, charge.posted_date
from intermediate.int_charge_version as charge where charge.account_hash is not null
union
select 'interchange', sender_id, interchange_date from marts.mart_interchange_sequence
order by 1, 2, 3
"""
CONTROL_NUMBERS = """
select sender_id, receiver_id, count(*)::int as interchanges,
       sum(missing_before_count)::int as missing, count(*) filter (where is_repeated)::int
           as repeated,
       count(*) filter (where missing_before_count > 0)::int as gaps
from marts.mart_interchange_sequence group by sender_id, receiver_id
order by sender_id, receiver_id
"""
# Entities with a charge feed: what the feed says, what of it waits, and account 4010 of the same
# months, which only charges move.
CHARGES = """
with feed as (
    select entity_code, date_trunc('month', posted_date)::date as period, amount,
           outcome = 'exception' as waits
    from intermediate.int_charge_version
    where outcome in ('posted', 'exception')
    union all
    select entity_code, date_trunc('month', reversed_date)::date, -amount, false
    from intermediate.int_charge_version
    where outcome = 'posted' and is_reversed and not is_reversed_after_as_of
),
charged as (
    select entity_code, period, sum(amount) as feed_amount,
           coalesce(sum(amount) filter (where waits), 0) as waiting_amount
    from feed group by entity_code, period
),
revenue as (
    select entity_code, date_trunc('month', original_date)::date as period,
           -sum(signed_amount) as revenue_amount
    from marts.fct_ledger_line where account = '4010' group by 1, 2
)
select entity_code, period, coalesce(feed_amount, 0) as feed_amount,
       coalesce(waiting_amount, 0) as waiting_amount,
       coalesce(revenue_amount, 0) as revenue_amount,
       coalesce(feed_amount, 0) - coalesce(waiting_amount, 0) - coalesce(revenue_amount, 0)
           as difference_amount
from charged full join revenue using (entity_code, period)
where entity_code in (select entity_code from intermediate.int_charge_feed)
order by entity_code, period
"""
BUILT = """
select from ops.build where status = 'succeeded'
union all
select from pg_tables where schemaname = 'marts'
limit 1
"""
UNMATCHED = """
with item as (
    select 'deposit without remittance' as kind, entity_code, age_days,
           deposit_amount as amount
    from marts.mart_cash_reconciliation where deposit_kind = 'payer' and status = 'unmatched'
    union all
    select 'remittance without deposit', payment.entity_code,
           installation.as_of_date - payment.event_date, payment.payment_amount
    from intermediate.int_remittance as payment cross join ops.installation as installation
    where payment.payment_rank = 1 and payment.payment_amount > 0
      and payment.reason_code is null
      and not exists (select from intermediate.int_deposit_matched as matched
                      where matched.payment_key = payment.payment_key)
)
select kind, entity_code, width_bucket(age_days, %s::int[])::int as bucket,
       count(*)::int as items, sum(amount) as amount, max(age_days)::int as oldest_age_days
from item group by kind, entity_code, bucket order by kind, entity_code, bucket
"""


def days(connection: Connection) -> dict[tuple[str, str], set[date]]:
    """Return on which days each feed brought something, by feed and scope."""
    found: dict[tuple[str, str], set[date]] = defaultdict(set)
    for feed, scope, day in connection.execute(DAYS):
        found[feed, scope] |= set() if day is None else {day}
    return dict(found)


def control_numbers(connection: Connection) -> list[dict[str, Any]]:
    """Return gaps and repeats of interchange control numbers, per pair of partners."""
    return _rows(connection, CONTROL_NUMBERS)


def charges(connection: Connection) -> list[dict[str, Any]]:
    """Return the charge feed against account 4010, per entity and month, in US dollars."""
    return _rows(connection, CHARGES)


def unmatched(connection: Connection, buckets: Sequence[int]) -> list[dict[str, Any]]:
    """Return deposits and remittances without each other by age; bucket n is above `buckets[n-1]`
    days, bucket 0 up to the first.
    """
    return _rows(connection, UNMATCHED, [days + 1 for days in buckets])


def is_built(connection: Connection) -> bool:
    """Say whether a build ever made or finished anything: then what is missing was lost."""
    return connection.execute(BUILT).fetchone() is not None


def as_of(connection: Connection) -> date:
    """Return the as-of date. Raises LookupError where none is stored."""
    row = connection.execute("select as_of_date from ops.installation").fetchone()
    if row is None:
        raise LookupError("the installation has no as-of date")
    found: date = row[0]
    return found


def _rows(connection: Connection, query: str, *values: object) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), values or None).fetchall()
