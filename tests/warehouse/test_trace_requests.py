"""From an entry or event to the request behind it, and from a request to all that it led to."""

from datetime import date
from decimal import Decimal

import pytest

from billing.ledger.manual import ManualLine
from orchestration import trace_requests
from resources.warehouse import requests
from resources.warehouse.requests import AskEntry
from tests.fixtures.books import Event, begins

pytestmark = pytest.mark.promise(
    "An entry leads to the request behind it, and a request to all that it led to"
)

ENTRY = AskEntry(
    "NLH", date(2026, 9, 15), "RECLASS", "as the payer's letter says",
    (ManualLine("6230", Decimal("25.00"), Decimal(0), "k", memo="fee of the letter"),
     ManualLine("1220", Decimal(0), Decimal("25.00"), "MCR01")),
    is_auto_reversed=True, attachment_sha256="c" * 64, attachment_size=9,
    attachment_type="application/pdf",
)  # fmt: skip
DEMANDED = """
insert into marts.fct_ledger_line (line_id, event_id, event, rule, rule_version, account,
    signed_amount, entity_code, facility_code, payer_class, control_key, approval_class,
    original_date, reaches_erp, evidence_hash)
select link.event_id || account, link.event_id, 'request.entry', 'MANUAL', 'manual', account,
       signed_amount, entity_code, 'NONE', 'none', control_key, 'manual', event_date, true, 'h'
from ledger.manual_line as line
join ledger.request_event as link on link.request_id = line.request_id
    and (link.occasion = 'reversal') = (line.event_date > '2026-09-30')
"""


@begins
def decided(books):
    """An approved manual entry that reverses itself; its first entry is posted."""
    books.demand([Event("a", "charge.posted", "100.00")])
    number = requests.ask_entry(books.by("biller"), ENTRY)
    (found,) = requests.requests(books.by("auditor"), "open")
    requests.decide(books.by("manager"), number, "approved", found.content_hash)
    books.by("transform").execute(DEMANDED)
    books.propose()
    books.approve()
    (first, _) = [row for row in books.entries() if row[3] == "manual"]
    books.by("controller").execute("select ledger.approve(%s, %s)", [first[0], first[-1]])
    books.post_all()


def test_an_entry_leads_to_its_request_and_the_request_to_its_entries(decided):
    auditor = decided.by("auditor")
    first, second = [row[0] for row in decided.entries() if row[3] == "manual"]
    (one,) = trace_requests.of_entry(auditor, first)
    assert (one["event"], one["reason_code"], one["state"]) == (
        "request.entry", "RECLASS", "approved",
    )  # fmt: skip
    assert one["attachment_sha256"] == "c" * 64
    assert [act["limit_id"] for act in one["acts"]] == ["manual-approver"]
    assert [(x["occasion"], x["entry_id"], x["document_number"], x["state"])
            for x in one["effects"]] == [
        ("decided", first, f"no-{first}", "posted"), ("reversal", second, None, "proposed"),
    ]  # fmt: skip
    assert trace_requests.of_entry(auditor, second) == [one]
    assert trace_requests.of_event(auditor, one["effects"][1]["event_id"]) == [one]
    assert trace_requests.numbered(auditor, str(one["request_id"])) == [one]


def test_what_no_request_is_behind_leads_to_none(decided):
    auditor = decided.by("auditor")
    (evidenced,) = [row[0] for row in decided.entries() if row[3] == "none"]
    assert trace_requests.of_entry(auditor, evidenced) == []
    assert trace_requests.of_event(auditor, "a") == []
    for number in ("99", "x", "", "-1"):
        assert trace_requests.numbered(auditor, number) == []


def test_the_page_says_who_asked_who_decided_when_and_why(decided):
    found = trace_requests.numbered(decided.by("auditor"), "1")
    text = "\n".join(trace_requests.render(found))
    prefix = decided.database.settings.role_prefix
    for words in (f"asked by {prefix}_biller", f"approved by {prefix}_manager",
                  "under manual-approver", "code RECLASS", "c" * 64, "9 bytes",
                  "dated 2026-09-15, reversed on the first of the next month", "fee of the letter",
                  "posted", "proposed"):  # fmt: skip
        assert words in text
