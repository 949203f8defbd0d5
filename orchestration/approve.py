"""`tieout approve`: a person signs entries, as a database login of their own.

What is signed is the content hash that was shown: the database refuses anything that has changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg

from orchestration.status import rows
from orchestration.tables import table
from resources.warehouse import ledger

WAITING = """
select e.entry_id, e.entity_code, e.accounting_date, e.approval_class, e.generation,
       e.line_count, e.gross_amount, e.content_hash, e.proposed_by
from ledger.entry e
where e.state = 'proposed'
   or (e.state = 'approved' and exists (  -- it waits for one more signature, into a soft period
        select from ledger.period p where p.entity_code = e.entity_code and p.own_status = 'soft'
          and e.accounting_date between p.period_start and p.period_end)
       and exists (select from ledger.hold_reasons(e.entry_id) h where h.code = 'PERIOD'))
order by e.entity_code, e.accounting_date, e.entry_id
"""
LINES = """
select line_no, rule, account, facility_code, payer_class, original_period,
       debit_amount, credit_amount
from ledger.entry_line where entry_id = %s order by line_no
"""


@dataclass(frozen=True)
class Signature:
    """What became of one request to approve: an empty refusal means that it was signed."""

    entry_id: int
    refusal: str = ""


def waiting(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """Entries that wait for a person, with the hash of their content and their lines."""
    found = rows(connection, WAITING)
    return [{**entry, "lines": rows(connection, LINES, entry["entry_id"])} for entry in found]


def sign(connection: psycopg.Connection[Any], entries: Sequence[dict[str, Any]]) -> list[Signature]:
    """Approve each entry by the content hash that was read; a refusal concerns that entry only."""
    return [_sign(connection, entry) for entry in entries]


def _sign(connection: psycopg.Connection[Any], entry: dict[str, Any]) -> Signature:
    try:
        with connection.transaction():
            ledger.approve(connection, entry["entry_id"], entry["content_hash"])
    except ledger.LedgerRefusedError as refusal:
        return Signature(entry["entry_id"], str(refusal))
    return Signature(entry["entry_id"])


def render(entries: Sequence[dict[str, Any]]) -> list[str]:
    """Each entry with its lines, totals and the start of its content hash."""
    if not entries:
        return ["No entry waits for a person."]
    return [line for entry in entries for line in _entry(entry)]


def _entry(entry: dict[str, Any]) -> list[str]:
    columns = ["line", "rule", "account", "facility", "payer class", "period", "debit", "credit"]
    lines = [tuple(line.values()) for line in entry["lines"]]
    total = sum((line["debit_amount"] for line in entry["lines"]), Decimal(0))
    return [
        f"entry {entry['entry_id']}  {entry['entity_code']}  {entry['accounting_date']}  class "
        f"{entry['approval_class']}  {total:,.2f}  content {entry['content_hash'][:12]}",
        *table(columns, lines, indent=4),
        "",
    ]


def outcome(signatures: Sequence[Signature]) -> list[str]:
    """One line per request: signed, or why the database refused."""
    return [
        f"entry {one.entry_id}: " + (f"refused: {one.refusal}" if one.refusal else "approved")
        for one in signatures
    ]
