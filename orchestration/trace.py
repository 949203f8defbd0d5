"""`tieout trace`: from an ERP document to what is behind it, and from a claim or request onwards.

Only here does an account number meet its keyed hash: the caller knows it and gives it.
"""

from decimal import Decimal
from typing import Any

import psycopg

from billing.keys import account_key
from orchestration import trace_requests
from orchestration.excerpts import Excerpts
from orchestration.status import rows
from orchestration.tables import table
from resources.archive import Archive
from resources.settings import Settings

ON_SCREEN = 3
MOST_DIGITS = 19  # of a number of the database's
DOCUMENTS = """
select d.erp, d.document_number, d.document_ref, d.state, d.posted_on, d.matches, e.entry_id,
       e.state as entry_state, e.entity_code, e.accounting_date, e.approval_class, e.entry_no,
       e.erp_key, e.content_hash,
       r.rule_set_hash, r.code_hash, r.author, r.approver, r.deployer, r.is_released
from ledger.entry e left join ledger.erp_document d using (entry_id)
join ledger.entry_release r using (entry_id)
where (d.document_number = %(text)s or d.document_ref = %(text)s or e.erp_key = %(text)s
       or e.entry_id = %(entry)s)
  and (%(entity)s::text is null or e.entity_code = %(entity)s)
order by e.entity_code, e.entry_id
"""
LINES = """
select l.line_no, l.account, l.rule, l.original_period, l.facility_code, l.payer_class,
       case when d.entry_id is null then l.debit_amount else x.debit_amount end as debit_amount,
       case when d.entry_id is null then l.credit_amount else x.credit_amount end as credit_amount,
       count(v.*)::int as event_count, coalesce(sum(v.signed_amount), 0) as events_amount
from ledger.entry_line l
left join ledger.erp_document d using (entry_id)
left join ledger.erp_document_line x using (entry_id, line_no)
left join ledger.entry_event v using (entry_id, line_no)
where l.entry_id = %s
group by l.entry_id, l.line_no, d.entry_id, x.debit_amount, x.credit_amount order by l.line_no
"""
EVENTS = """
select v.event, v.rule, v.signed_amount as amount, v.original_date, v.event_id, f.name as file,
       v.segment, f.sha256, f.kind, f.received_at, q.request_id
from ledger.entry_event v left join ops.received_file f using (file_id)
left join ledger.request_event q using (event_id)
where v.entry_id = %s and v.line_no = %s
order by abs(v.signed_amount) desc, v.event_id limit %s
"""
CLAIM = """
select b.event_date, b.event, b.amount, b.entity_code, l.rule, l.account, l.signed_amount,
       coalesce(e.state, case when l.line_id is null then 'memo' else 'not proposed' end) as state,
       d.document_number, f.name as file, b.segment, f.sha256, f.kind, f.received_at, b.event_id,
       q.request_id
from marts.fct_billing_event b
left join marts.fct_ledger_line l using (event_id)
left join ledger.entry_event v using (line_id)
left join ledger.entry e on e.entry_id = v.entry_id and e.state <> 'void'
left join ledger.erp_document d on d.entry_id = e.entry_id
left join ops.received_file f on f.file_id = b.file_id
left join ledger.request_event q on q.event_id = b.event_id
where b.account_key = any(%s) and (v.line_id is null or e.entry_id is not null)
order by b.event_date, b.event_id, l.account
"""


def gather(
    connection: psycopg.Connection[Any], settings: Settings, reference: str, limit: int | None
) -> dict[str, Any]:
    """What `reference` names: ERP documents first, else a claim or account number.

    `NLH:2026/12` keeps to one entity; `request:5`, `entry:12` and `event:HASH` name just that.
    Gives the largest `limit` events per line, all when None; sums are over all of them.
    """
    entity, _, number = reference.rpartition(":")
    if entity == "request":
        return {"requests": trace_requests.numbered(connection, number)}
    if entity == "event":
        return {"requests": trace_requests.of_event(connection, number)}
    values: dict[str, Any] = {"text": number, "entity": entity or None, "entry": None}
    if entity == "entry":
        values = {"text": None, "entity": None, "entry": _number(number)}
    excerpts = Excerpts(Archive(settings.archive_folder))
    found = _named(connection, DOCUMENTS, values)
    if found or entity == "entry":
        return {"documents": [_document(connection, one, limit, excerpts) for one in found]}
    return {"claim": _claim(connection, settings, number, excerpts)}


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < MOST_DIGITS else None


def _named(
    connection: psycopg.Connection[Any], query: str, values: dict[str, Any]
) -> list[dict[str, Any]]:
    found = connection.execute(query.encode(), values)
    names = [column.name for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found]


def _document(
    connection: psycopg.Connection[Any], head: dict[str, Any], limit: int | None, excerpts: Excerpts
) -> dict[str, Any]:
    lines = rows(connection, LINES, head["entry_id"])
    for line in lines:
        amount = (line["debit_amount"] or Decimal(0)) - (line["credit_amount"] or Decimal(0))
        line["difference"] = amount - line["events_amount"]
        events = rows(connection, EVENTS, head["entry_id"], line["line_no"], limit)
        line["events"] = [_with_excerpt(event, excerpts) for event in events]
    requests = trace_requests.of_entry(connection, head["entry_id"])
    return {**head, "lines": lines, "requests": requests}


def _claim(
    connection: psycopg.Connection[Any], settings: Settings, number: str, excerpts: Excerpts
) -> dict[str, Any]:
    entities = [
        row["entity_code"] for row in rows(connection, "select entity_code from ops.entity")
    ]
    keys = [account_key(one, number, settings.hash_key) for one in entities]
    found = [_with_excerpt(one, excerpts) for one in rows(connection, CLAIM, keys)]
    balances: dict[str, Decimal] = {}
    for one in found:
        if one["account"]:
            balances[one["account"]] = balances.get(one["account"], Decimal(0))
            balances[one["account"]] += one["signed_amount"]
    return {"events": found, "balances": dict(sorted(balances.items()))}


def _with_excerpt(event: dict[str, Any], excerpts: Excerpts) -> dict[str, Any]:
    sha256, kind = event.pop("sha256"), event.pop("kind")
    has_place = sha256 is not None and event["segment"] is not None
    event["excerpt"] = excerpts.piece(sha256, kind, event["segment"]) if has_place else None
    return event


def is_empty(found: dict[str, Any]) -> bool:
    """Whether nothing was found at all."""
    shown = (found.get("documents"), found.get("requests"), found.get("claim", {}).get("events"))
    return not any(shown)


def render(found: dict[str, Any]) -> list[str]:
    """The same content as text."""
    if is_empty(found):
        if "claim" in found:
            return ["No ERP document, claim or account of that number."]
        return ["No request, entry or decided event of that name."]
    if "requests" in found:
        return trace_requests.render(found["requests"])
    if "documents" in found:
        return [line for one in found["documents"] for line in _document_lines(one)]
    return _claim_lines(found["claim"])


def _document_lines(document: dict[str, Any]) -> list[str]:
    lines = [*_head_lines(document), _made_by(document)]
    for one in document["lines"]:
        amount = one["events_amount"] + one["difference"]
        lines += [
            "",
            f"line {one['line_no']}  {one['account']}  {amount:,.2f}  rule {one['rule']}  "
            f"{one['facility_code'] or ''} {one['payer_class'] or ''} "
            f"{one['original_period']:%Y-%m}  = {_events(one['event_count'])}, "
            f"difference {one['difference']:,.2f}",
            *_event_lines(one["events"]),
            *_left_out(one["event_count"] - len(one["events"])),
        ]
    return [*lines, *trace_requests.render(document["requests"])]


def _head_lines(document: dict[str, Any]) -> list[str]:
    if document["document_number"] is None and document["document_ref"] is None:
        return [
            f"entry {document['entry_id']} of {document['entity_code']}, "
            f"{document['entry_state']}, dated {document['accounting_date']}, "
            f"class {document['approval_class']}; no ERP document"
        ]
    return [
        f"{document['erp']} document {document['document_number']} of {document['entity_code']}, "
        f"{document['state']}, dated {document['accounting_date']}; entry {document['entry_no']}, "
        f"class {document['approval_class']}, key {document['erp_key']}",
        "read back line by line: " + ("equal" if document["matches"] else "DIFFERENT"),
    ]


RELEASED_BY = "written by {}, approved by {}, deployed by {}"


def _made_by(document: dict[str, Any]) -> str:
    """Rules and code of the entry, and who stands behind them."""
    if document["rule_set_hash"] is None:
        return "rules and code: not stated when it was proposed"
    who = "released by nobody"
    if document["is_released"]:
        names = [document[name] for name in ("author", "approver", "deployer")]
        who = "released by setting up, deployed by {2}" if names[0] is None else RELEASED_BY
        who = who.format(*names)
    return f"rules {document['rule_set_hash'][:12]}, code {document['code_hash'][:12]}: {who}"


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count:,} events"


def _left_out(count: int) -> list[str]:
    return [f"    ... and {count:,} smaller; --limit shows more"] if count else []


def _event_lines(events: list[dict[str, Any]]) -> list[str]:
    rows_of_events = [
        (one["original_date"], one["event"], one["amount"], _source(one), one["segment"],
         one["excerpt"])
        for one in events
    ]  # fmt: skip
    return table(["date", "event", "amount", "file", "segment", "masked"], rows_of_events, 4)


def _source(event: dict[str, Any]) -> str | None:
    """The file that proves an event, or the request that decided it."""
    return f"request {event['request_id']}" if event["request_id"] else event["file"]


def _claim_lines(claim: dict[str, Any]) -> list[str]:
    columns = ["date", "event", "account", "amount", "rule", "state", "document", "file", "masked"]
    listed = [
        (one["event_date"], one["event"], one["account"], one["signed_amount"], one["rule"],
         one["state"], one["document_number"], _source(one), one["excerpt"])
        for one in claim["events"]
    ]  # fmt: skip
    return [*table(columns, listed), "", *table(["account", "balance"], claim["balances"].items())]
