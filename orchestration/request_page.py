"""Requests as text: one line each, and the lines of manual entries. Nothing is asked for here."""

from collections.abc import Sequence

from orchestration.tables import table
from resources.warehouse.requests import Request, RequestLine

COLUMNS = ("request", "state", "entity", "event", "subject", "amount", "signatures", "asked by",
           "content", "code", "attachment", "reason")  # fmt: skip
LINE_COLUMNS = ("line", "account", "facility", "payer class", "debit", "credit", "key", "memo")


def listed(found: Sequence[Request]) -> list[str]:
    """One line per request; subject, content and attachment by the beginning of their hash."""
    if not found:
        return ["No request waits."]
    rows = [
        (one.request_id, one.state, one.entity_code, _event(one), one.subject_key[:12], one.amount,
         f"{one.approvals} of {one.needed}", one.requested_by.rpartition("_")[2],
         one.content_hash[:12], one.reason_code, (one.attachment_sha256 or "")[:12], _why(one))
        for one in found
    ]  # fmt: skip
    return table(COLUMNS, rows)


def entry_lines(lines: Sequence[RequestLine]) -> list[str]:
    """The lines of a manual entry; nothing for another request."""
    rows = [
        (one.line_no, one.account, one.facility_code, one.payer_class,
         max(one.signed_amount, 0) or None, max(-one.signed_amount, 0) or None,
         (one.claim_key or one.account_key or one.control_key or "")[:12], one.memo)
        for one in lines
    ]  # fmt: skip
    return table(LINE_COLUMNS, rows, 4) if rows else []


def _event(one: Request) -> str:
    """The event, and when and how a manual entry stands."""
    if one.accounting_date is None:
        return f"{one.event} to {one.payee} by {one.tender}" if one.payee else one.event
    reversal = f", reverses {one.reverses_request_id}" if one.reverses_request_id else ""
    again = ", reversed next month" if one.is_auto_reversed else ""
    return f"{one.event} of {one.accounting_date}{reversal}{again}"


def _why(one: Request) -> str:
    other = f"; other tender: {one.other_tender_reason}" if one.other_tender_reason else ""
    return one.reason + other
