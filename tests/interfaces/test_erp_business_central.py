"""What is particular to Business Central: journals, fences, digests of keys, pages."""

from dataclasses import replace
from datetime import date

import pytest

from billing.ledger.erp import DRAFT, ErpBusy, ErpRejected, ErpUnknown, Reason, compare
from resources.erp.business_central import BusinessCentralLedger
from resources.erp.business_central_answers import SAME_KEY, draft_name, refusal_of
from resources.erp.business_central_client import Operation, RefusedError
from resources.erp.business_central_names import (
    journal_code,
)
from sandbox.erp.faults import Fault
from tests.fixtures.erp.business_central import IDS, environment

pytestmark = pytest.mark.promise(
    "Posting to Business Central makes one document, wherever an attempt breaks off",
    "A refusal of Business Central leaves nothing behind and is told from a failure",
)

WRITES = ("the journal", "its lines", "their dimensions", "the posting")


@pytest.fixture
def bc():
    with environment() as made:
        yield made


@pytest.fixture
def entry(make_entry):
    """An entry whose lines have both dimensions: four writes, one after another."""
    lines = tuple(
        replace(line, facility="EAST", payer_class="medicare") for line in make_entry().lines
    )
    return replace(make_entry(), lines=lines)


def drafts_left(bc):
    return [one for of in bc.stub.journals.values() for one in of.all.values() if one.lines]


def journals(bc, entity="NLH"):
    return list(bc.stub.journals[IDS[entity]].all.values())


NLH = f"companies({IDS['NLH']})"


# Interrupted attempts


@pytest.mark.parametrize("fault", [Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.ERROR_AFTER])
@pytest.mark.parametrize("write", range(len(WRITES)), ids=WRITES)
def test_an_attempt_that_breaks_off_anywhere_is_taken_up(bc, entry, write, fault):
    bc.harness.faults.slow_seconds = 0
    bc.harness.fault(*[Fault.SLOW] * write, fault)
    with pytest.raises(ErpUnknown):
        bc.ledger().post(entry)
    assert bc.ledger().post(entry).lines == entry.lines
    assert bc.harness.documents("NLH", entry.key) == 1
    assert drafts_left(bc) == []


@pytest.mark.parametrize("write", range(len(WRITES)), ids=WRITES)
def test_an_attempt_that_is_throttled_anywhere_is_taken_up(bc, entry, write):
    bc.harness.faults.slow_seconds = 0
    bc.harness.fault(*[Fault.SLOW] * write, Fault.THROTTLED)
    with pytest.raises(ErpBusy):
        bc.ledger().post(entry)
    assert bc.harness.documents("NLH", entry.key) == 0
    assert compare(entry, bc.ledger().post(entry)) == []
    assert bc.harness.documents("NLH", entry.key) == 1


def test_a_complete_draft_is_found_as_a_draft_and_then_posted(bc, entry):
    bc.harness.faults.slow_seconds = 0
    bc.harness.fault(*[Fault.SLOW] * 3, Fault.DROP_BEFORE)
    with pytest.raises(ErpUnknown):
        bc.ledger().post(entry)
    draft = bc.ledger().find("NLH", entry.key)
    assert (draft.state, draft.lines) == (DRAFT, entry.lines)
    assert bc.ledger().post(entry).number == draft.number


def test_a_draft_that_says_something_else_is_replaced(bc, entry, make_entry):
    bc.harness.faults.slow_seconds = 0
    bc.harness.fault(*[Fault.SLOW] * 2, Fault.DROP_BEFORE)
    with pytest.raises(ErpUnknown):
        bc.ledger().post(make_entry(key=entry.key, amount="1.00"))
    assert len(drafts_left(bc)) == 1
    assert compare(entry, bc.ledger().post(entry)) == []
    assert bc.harness.documents("NLH", entry.key) == 1


def test_of_two_senders_at_once_one_posts_and_both_see_it(bc, entry, monkeypatch):
    first, second = bc.ledger(), bc.ledger()
    post = first._drafts.post

    def late(*args):
        second.post(entry)
        return post(*args)

    monkeypatch.setattr(first._drafts, "post", late)
    assert first.post(entry) == second.find("NLH", entry.key)
    assert bc.harness.documents("NLH", entry.key) == 1


def test_lines_that_come_late_find_the_fence_moved_and_leave_nothing(bc, entry):
    ledger = bc.ledger()
    ledger._drafts._create(entry)
    seen = ledger._drafts._journal("NLH", entry.key)
    bc.ledger().post(entry)
    late = Operation("POST", f"{NLH}/journals({seen.id})/journalLines", {"lineNumber": 1})
    with pytest.raises(RefusedError) as refused:
        ledger._drafts._fenced(entry, seen, [late])
    assert refused.value.refusal.code == "Request_EntityChanged"
    assert drafts_left(bc) == []


def test_a_posting_that_comes_late_does_not_post_what_was_written_since(bc, entry):
    ledger = bc.ledger()
    seen = ledger._drafts.written(entry)
    bc.ledger().post(entry)
    assert ledger._drafts.post(entry, seen) is Reason.DUPLICATE
    assert bc.harness.documents("NLH", entry.key) == 1


def test_a_journal_that_somebody_else_writes_to_is_left_to_him(bc, entry, monkeypatch):
    ledger = bc.ledger()
    post = ledger._drafts.post

    def late(*args):
        (journal,) = journals(bc)
        journal.version += 1
        return post(*args)

    monkeypatch.setattr(ledger._drafts, "post", late)
    with pytest.raises(ErpUnknown) as unknown:
        ledger.post(entry)
    assert unknown.value.reason_code == Reason.DUPLICATE
    assert bc.ledger().find("NLH", entry.key).lines == entry.lines


def test_a_journal_that_says_posted_without_entries_is_for_a_person_to_look_at(bc, entry):
    bc.ledger().post(entry)
    bc.harness.companies["NLH"].documents.clear()
    with pytest.raises(ErpUnknown) as unknown:
        bc.ledger().post(entry)
    assert unknown.value.reason_code == Reason.NOT_FOUND_AFTER_POSTING


def test_somebody_elses_journal_of_the_same_code_is_left_alone(bc, entry):
    content = {"code": journal_code(entry.key), "displayName": "accruals of May"}
    bc.raw("POST", f"{NLH}/journals", json=content)
    with pytest.raises(ErpRejected) as refusal:
        bc.ledger().post(entry)
    assert refusal.value.reason_code == Reason.DUPLICATE
    assert [one.name for one in journals(bc)] == ["accruals of May"]


# Refusals that the lists did not foretell


def spoil_period(bc):
    bc.harness.close_period("NLH", date(2026, 5, 1))


def spoil_account(bc):
    bc.harness.close_account("NLH", "1110")


def spoil_segment(bc):
    bc.harness.companies["NLH"].segments["FACILITY"]["200"] = False


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (spoil_period, Reason.PERIOD_CLOSED),
        (spoil_account, Reason.ACCOUNT_UNKNOWN),
        (spoil_segment, Reason.MAPPING),
    ],
)
def test_a_refusal_of_the_erp_itself_leaves_nothing(bc, entry, monkeypatch, spoil, reason):
    monkeypatch.setattr(BusinessCentralLedger, "_check_books", lambda *_: None)
    spoil(bc)
    with pytest.raises(ErpRejected) as refusal:
        bc.ledger().post(entry)
    assert refusal.value.reason_code == reason
    assert journals(bc) == []
    assert bc.ledger().find("NLH", entry.key) is None


@pytest.mark.parametrize(
    ("code", "message", "reason"),
    [
        ("Application_DialogException", "Posting Date is not within your range of allowed posting"
         " dates  CorrelationId:  x.", Reason.PERIOD_CLOSED),
        ("Application_DialogException", "Document No. G1 is out of balance by 5.",
         Reason.UNBALANCED),
        ("Application_DialogException", "The lines in 01/02/26 are out of balance by 5.",
         Reason.UNBALANCED),
        ("Application_FieldValidationException", "Blocked must be equal to 'No'  in G/L Account",
         Reason.ACCOUNT_UNKNOWN),
        ("Application_FieldValidationException", "Direct Posting must be equal to 'Yes'  in G/L",
         Reason.ACCOUNT_UNKNOWN),
        ("Internal_InvalidTableRelation", "The field Account No. of table Gen. Journal Line"
         " contains a value (1) that cannot be found in the related table (G/L Account).",
         Reason.ACCOUNT_UNKNOWN),
        ("Application_DialogException", 'The "valueCode" does not match to a Dimension Value.',
         Reason.MAPPING),
        ("Application_StringExceededLength", "The length of the string is 57, but it must be less"
         " than or equal to 50 characters.", Reason.TOO_LARGE),
        ("Authorization_RequestDenied", "", Reason.ACCESS),
        (SAME_KEY, "The Gen. Journal Batch already exists.", Reason.DUPLICATE),
        ("Unknown", "Something that nobody has seen yet.", Reason.OTHER),
    ],
)  # fmt: skip
def test_refusals_are_told_apart_by_code_and_text(code, message, reason):
    assert refusal_of(400, {"error": {"code": code, "message": message}}).reason is reason


def test_a_failure_inside_the_erp_is_no_refusal():
    failed = {"error": {"code": "Internal_ServerError", "message": "Cannot establish"}}
    assert refusal_of(400, failed).is_unclear
    with pytest.raises(ErpUnknown):
        refusal_of(400, {"message": "a proxy speaks"})


def test_the_name_of_a_draft_tells_its_key_and_its_writes(bc, entry):
    bc.ledger()._drafts.written(entry)
    assert [one.name for one in journals(bc)] == [draft_name(entry.key, 2)]
