"""The requests of people behind entries and events, both ways, for `tieout trace`.

Attachments are named by their hash alone; `tieout request attachment` gives one back.
"""

from collections.abc import Sequence
from typing import Any

import psycopg

from orchestration.status import rows
from orchestration.tables import show, table

REQUESTS = """
select request_id, event, rule, entity_code, amount, state, reason_code, reason, payee, tender,
       other_tender_reason, attachment_sha256, attachment_size, attachment_type, accounting_date,
       is_auto_reversed, reverses_request_id, requested_by, requested_at, content_hash
from ledger.request_state where request_id = any(%s) order by request_id
"""
ACTS = """
select act, actor, acted_at, reason, limit_id from ledger.request_act
where request_id = %s order by act_id
"""
LINES = """
select line_no, account, facility_code, payer_class, signed_amount, memo
from ledger.request_line where request_id = %s order by line_no
"""
EFFECTS = """
select link.occasion, link.event_id, entry.entry_id, entry.accounting_date, entry.approval_class,
       entry.state, entry.entry_no, document.document_number
from ledger.request_event as link
left join (
    select distinct event.event_id, event.entry_id
    from ledger.entry_event as event join ledger.entry as entry using (entry_id)
    where entry.state <> 'void') as said using (event_id)
left join ledger.entry as entry using (entry_id)
left join ledger.erp_document as document using (entry_id)
where link.request_id = %s order by link.occasion, entry.entry_id
"""
OF_ENTRY = """
select distinct link.request_id from ledger.entry_event as event
join ledger.request_event as link using (event_id) where event.entry_id = %s order by 1
"""
OF_EVENT = "select request_id from ledger.request_event where event_id = %s"


def numbered(connection: psycopg.Connection[Any], number: str) -> list[dict[str, Any]]:
    """The request of a number, with all that it led to; nothing where there is none."""
    return _gathered(connection, [int(number)] if number.isdecimal() else [])


def of_entry(connection: psycopg.Connection[Any], entry_id: int) -> list[dict[str, Any]]:
    """The requests that are the evidence of an entry's events, oldest first."""
    found = rows(connection, OF_ENTRY, entry_id)
    return _gathered(connection, [row["request_id"] for row in found])


def of_event(connection: psycopg.Connection[Any], event_id: str) -> list[dict[str, Any]]:
    """The request that is the evidence of an event; nothing where a record is."""
    found = rows(connection, OF_EVENT, event_id)
    return _gathered(connection, [row["request_id"] for row in found])


def _gathered(connection: psycopg.Connection[Any], numbers: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {
            **head,
            "acts": rows(connection, ACTS, head["request_id"]),
            "lines": rows(connection, LINES, head["request_id"]),
            "effects": rows(connection, EFFECTS, head["request_id"]),
        }
        for head in rows(connection, REQUESTS, list(numbers))
    ]


def render(found: Sequence[dict[str, Any]]) -> list[str]:
    """The same content as text."""
    return [line for one in found for line in _request_lines(one)]


def _request_lines(one: dict[str, Any]) -> list[str]:
    size = f", {one['attachment_size']:,} bytes" if one["attachment_size"] else ""
    lines = [
        "",
        f"request {one['request_id']}  {one['event']}  {one['amount']:,.2f} of "
        f"{one['entity_code']}, {one['state']}; rule {one['rule']}{_manner(one)}",
        f"    asked by {one['requested_by']} {show(one['requested_at'])}, "
        f"code {one['reason_code'] or 'none'}: {show(one['reason'])}",
        f"    attachment {one['attachment_sha256'] or 'none'}{size}",
    ]
    if one["other_tender_reason"]:
        lines.append(f"    another payee or tender: {show(one['other_tender_reason'])}")
    lines += [
        f"    {act['act']} by {act['actor']} {show(act['acted_at'])}"
        + (f" under {act['limit_id']}" if act["limit_id"] else "")
        + (f": {show(act['reason'])}" if act["reason"] else "")
        for act in one["acts"]
    ]
    return [*lines, *_table_of_lines(one["lines"]), *_effect_lines(one["effects"])]


def _manner(one: dict[str, Any]) -> str:
    """How a refund is paid, or how a manual entry stands."""
    if one["payee"]:
        return f"; to {one['payee']} by {one['tender']}"
    if one["accounting_date"] is None:
        return ""
    back = f", reverses request {one['reverses_request_id']}" if one["reverses_request_id"] else ""
    again = ", reversed on the first of the next month" if one["is_auto_reversed"] else ""
    return f"; dated {one['accounting_date']}{back}{again}"


def _table_of_lines(lines: Sequence[dict[str, Any]]) -> list[str]:
    columns = ["line", "account", "facility", "payer class", "amount", "memo"]
    return table(columns, [tuple(one.values()) for one in lines], 4) if lines else []


def _effect_lines(effects: Sequence[dict[str, Any]]) -> list[str]:
    columns = ["event", "entry", "date", "class", "state", "document", "event id"]
    listed = [
        (one["occasion"], str(one["entry_id"] or ""), one["accounting_date"],
         one["approval_class"], one["state"] or "not proposed", one["document_number"],
         one["event_id"])
        for one in effects
    ]  # fmt: skip
    return table(columns, listed, 4)
