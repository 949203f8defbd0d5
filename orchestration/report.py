"""The table that ends `tieout run`: what a controller asks first, read from marts and ledger.

Only reads. Measures of different record kinds are never added to each other.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import psycopg

from orchestration.status import HELD, rows
from orchestration.tables import percent, table

RECEIVED = """
select f.source, count(*)::int as files,
       count(*) filter (where f.outcome = 'exception')::int as unreadable,
       coalesce(sum(s.duplicates), 0)::int as duplicates
from ops.received_file f
left join (select s.file_id, count(distinct s.name) as duplicates
           from ops.file_sighting s join ops.received_file r using (file_id)
           where s.name <> r.name group by s.file_id) s using (file_id)
group by f.source order by f.source
"""
OUTCOMES = """
select record_kind, count(distinct file_id)::int as files, sum(record_count)::int as records,
       sum(record_amount) as received,
       sum(posted_count)::int as posted_count, sum(posted_amount) as posted,
       sum(memo_count)::int as memo_count, sum(memo_amount) as memo,
       sum(exception_count)::int as exception_count, sum(exception_amount) as waiting
from marts.mart_file_outcome where record_kind <> 'none'
group by record_kind order by record_kind
"""
AGING = """
select bucket, responsibility, sum(item_count)::int as items, sum(balance_amount) as balance
from marts.mart_ar_aging group by bucket, bucket_position, responsibility
order by bucket_position, responsibility
"""
DENIALS = """
select sum(remitted_claims_count)::int as remitted_claims,
       sum(initial_denied_claims_count)::int as denied_claims,
       sum(remitted_charge_amount) as remitted_amount, sum(initial_denied_amount) as denied_amount
from marts.mart_denial_month
"""
FORECAST = """
select horizon_weeks, week_end_date, point_amount, lower80_amount, upper80_amount,
       lower90_amount, upper90_amount
from marts.mart_cash_forecast where stream = 'TOTAL' order by horizon_weeks
"""
COVERAGE = """
select forecast_count, wape, coverage80, coverage90
from marts.mart_cash_forecast_accuracy where stream = 'TOTAL' and horizon_weeks = 0
"""
ENTRIES = """
select entity_code, case state when 'posted' then 'posted' when 'proposed' then 'waiting'
       else 'held' end as standing, state, count(*)::int as entries, sum(line_count)::int as lines,
       sum(gross_amount) as debits
from ledger.entry where state <> 'void' group by entity_code, state
order by entity_code, 2 desc, state
"""
TIE_OUT = """
select entity_code, account, subledger_amount, waiting_amount, held_amount,
       explained_amount + carried_amount as others_amount, erp_balance_amount, difference_amount
from marts.mart_ledger_reconciliation
where (subledger_amount, waiting_amount, held_amount, explained_amount, carried_amount,
       erp_balance_amount) is distinct from (0.00, 0.00, 0.00, 0.00, 0.00, 0.00)
order by entity_code, account
"""
CERTIFICATE = """
select passes, check_count::int, failed_count::int, missing_count::int
from ops.certificate order by issued_at desc limit 1
"""
FAILED_CHECKS = """
select check_id, severity, status, difference_amount, failing_count
from marts.mart_close_certificate where status <> 'passed' order by severity, check_id limit 20
"""
A_DOCUMENT = """
select d.document_number, e.entity_code from ledger.erp_document d join ledger.entry e
using (entry_id) where e.state = 'posted'
order by exists (select from ledger.entry_event v join ops.received_file f using (file_id)
                 where v.entry_id = e.entry_id and f.kind = 'x12') desc,
         e.line_count, e.entity_code, e.entry_no limit 1
"""
QUERIES = {
    "received": RECEIVED,
    "outcomes": OUTCOMES,
    "aging": AGING,
    "denials": DENIALS,
    "forecast": FORECAST,
    "coverage": COVERAGE,
    "entries": ENTRIES,
    "held": HELD,
    "tie_out": TIE_OUT,
    "certificate": CERTIFICATE,
    "failed_checks": FAILED_CHECKS,
    "document": A_DOCUMENT,
}
Row = dict[str, Any]
Report = dict[str, list[Row]]


def gather(connection: psycopg.Connection[Any]) -> Report:
    """Every part of the table, as the auditor sees it."""
    return {name: _rows(connection, query) for name, query in QUERIES.items()}


def _rows(connection: psycopg.Connection[Any], query: str) -> list[Row]:
    """Rows of one part; none where a failed build never made the mart."""
    try:
        with connection.transaction():
            return rows(connection, query)
    except psycopg.errors.UndefinedTable:
        return []


def passes(report: Report) -> bool:
    """Whether the newest certificate passes."""
    return bool(report["certificate"]) and bool(report["certificate"][0]["passes"])


def ties(report: Report) -> bool:
    """Whether the ERP was reached and every difference is 0.00."""
    return all(row["difference_amount"] == 0 for row in report["tie_out"])


def is_held(report: Report) -> bool:
    """Whether an approved entry may not go; one that only waits for a person is no such thing."""
    return any(row["standing"] == "held" for row in report["entries"])


def render(report: Report) -> list[str]:
    """The report as text."""
    parts = (_received, _outcomes, _aging, _denials, _forecast, _entries, _certificate, _tie_out)
    return [line for part in parts for line in ("", *part(report))]


def _received(report: Report) -> list[str]:
    listed = [tuple(row.values()) for row in report["received"]]
    columns = ["source", "files", "unreadable", "duplicates"]
    return ["Files received", *table(columns, [*listed, _total(listed)])]


def _total(listed: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    return ("all", *(sum(row[i] for row in listed) for i in range(1, 4)))


def _outcomes(report: Report) -> list[str]:
    columns = [
        "record", "files", "records", "received $", "posted", "posted $", "memo", "memo $",
        "exception", "exception $",
    ]  # fmt: skip
    listed = [tuple(row.values()) for row in report["outcomes"]]
    return ["Every record, by its own control measure", *table(columns, listed)]


def _aging(report: Report) -> list[str]:
    found = {(row["bucket"], row["responsibility"]): row["balance"] for row in report["aging"]}
    buckets = list(dict.fromkeys(row["bucket"] for row in report["aging"]))
    listed = [
        (bucket, *_pair(found.get((bucket, "payer")), found.get((bucket, "patient"))))
        for bucket in buckets
    ]
    total = tuple(sum((row[i] for row in listed), Decimal(0)) for i in (1, 2, 3))
    columns = ["days since service", "payers", "patients", "together"]
    return ["Receivables by age", *table(columns, [*listed, ("all", *total)])]


def _pair(payer: Decimal | None, patient: Decimal | None) -> tuple[Decimal, Decimal, Decimal]:
    payer, patient = payer or Decimal(0), patient or Decimal(0)
    return payer, patient, payer + patient


def _denials(report: Report) -> list[str]:
    row = report["denials"][0] if report["denials"] else {}
    if not row.get("remitted_claims"):
        return ["Initial denials: no remittance yet"]
    by_claims = percent(row["denied_claims"], row["remitted_claims"])
    by_dollars = percent(row["denied_amount"], row["remitted_amount"])
    return [
        f"Initial denial rate: {by_claims} of claims ({row['denied_claims']:,} of "
        f"{row['remitted_claims']:,}), {by_dollars} of dollars ({row['denied_amount']:,.2f} of "
        f"{row['remitted_amount']:,.2f})"
    ]


def _forecast(report: Report) -> list[str]:
    columns = ["week", "ends", "expected", "80 % from", "to", "90 % from", "to"]
    lines = [tuple(row.values()) for row in report["forecast"]]
    if not any(row["lower80_amount"] is not None for row in report["forecast"]):
        return ["Cash forecast: not enough history yet"]
    return ["Cash of the next 13 weeks", *table(columns, lines), *_coverage(report["coverage"])]


def _coverage(found: list[Row]) -> Iterable[str]:
    for row in found:
        shares = [percent(row[name], 1) if row[name] is not None else "-" for name in
                  ("coverage80", "coverage90", "wape")]  # fmt: skip
        yield (
            f"  over {row['forecast_count']:,} forecasts of the past the 80 % band held "
            f"{shares[0]} and the 90 % band {shares[1]}; mean error {shares[2]}"
        )


def _entries(report: Report) -> list[str]:
    columns = ["entity", "standing", "state", "entries", "lines", "debits"]
    lines = ["Journal entries", *table(columns, [tuple(row.values()) for row in report["entries"]])]
    if report["held"]:
        reasons = ["entity", "state", "why", "entries", "debits", "owner", "detail"]
        lines += table(reasons, [tuple(row.values()) for row in report["held"]])
    return lines


def _certificate(report: Report) -> list[str]:
    if not report["certificate"]:
        return ["Close certificate: not issued"]
    row = report["certificate"][0]
    word = "passes" if row["passes"] else "DOES NOT PASS"
    head = (
        f"Close certificate {word}: {row['check_count']:,} checks, {row['failed_count']:,} "
        f"failed, {row['missing_count']:,} missing"
    )
    if not report["failed_checks"]:
        return [head]
    columns = ["check", "severity", "status", "difference", "rows"]
    return [head, *table(columns, [tuple(row.values()) for row in report["failed_checks"]])]


def _tie_out(report: Report) -> list[str]:
    columns = ["entity", "account", "sub-ledger", "waiting", "held", "others'", "ERP's own",
               "difference"]  # fmt: skip
    found = report["tie_out"]
    if not found:
        return ["Tie-out to the ERP: no post run yet"]
    worst = max((abs(row["difference_amount"]) for row in found), default=Decimal(0))
    return [
        "Sub-ledger, less waiting, less held, plus others' = the balance that the ERP reports",
        *table(columns, [tuple(row.values()) for row in found]),
        f"  largest difference {worst:,.2f}",
    ]
