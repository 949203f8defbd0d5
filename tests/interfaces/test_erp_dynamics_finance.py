"""What is particular to Dynamics 365 Finance: numbers of its own, changesets, posting later."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.ledger.erp import (
    CREATED,
    DRAFT,
    POSTED,
    ErpBusy,
    ErpRejected,
    ErpUnknown,
    Reason,
    compare,
)
from resources.erp.dynamics_finance import DynamicsFinanceLedger
from resources.erp.dynamics_finance_answers import description_of, reason_of
from resources.erp.dynamics_finance_batch import CONTENT_TYPE, answers, changeset
from sandbox.erp.faults import Fault
from tests.fixtures.erp.dynamics_finance import environment

pytestmark = pytest.mark.promise(
    "Posting to Dynamics 365 Finance makes one document, wherever an attempt breaks off",
    "A refusal of Dynamics 365 Finance leaves no journal and is told from a failure",
)

WRITES = ("the journal", "its lines")


@pytest.fixture
def d365():
    with environment() as made:
        yield made


@pytest.fixture
def entry(make_entry):
    lines = tuple(
        replace(line, facility="EAST", payer_class="medicare") for line in make_entry().lines
    )
    return replace(make_entry(), lines=lines)


def journals(d365, area="nlh"):
    return list(d365.stub.journals[area].all.values())


def waits(ledger, entry):
    with pytest.raises(ErpUnknown) as unknown:
        ledger.post(entry)
    return unknown.value.reason_code == Reason.AWAITING_POST


def is_there_once(d365, entry):
    """Whether the entry is complete in one journal, and posted once by the batch job."""
    assert waits(d365.ledger(), entry)
    d365.stub.run_batch()
    assert d365.ledger().post(entry).lines == entry.lines
    return d365.harness.documents("NLH", entry.key) == 1


def header(d365, description):
    content = {"dataAreaId": "nlh", "JournalName": "TIEOUT", "Description": description}
    made = d365.raw("POST", "LedgerJournalHeaders?cross-company=true", json=content)
    return made.json()["JournalBatchNumber"]


def test_texts_of_sixty_characters_are_kept_and_longer_ones_refused(d365, entry):
    sixty = replace(entry, lines=tuple(replace(one, description="x" * 60) for one in entry.lines))
    assert is_there_once(d365, sixty)
    longer = tuple(replace(one, description="x" * 61) for one in entry.lines)
    for wrong in (replace(entry, lines=longer), replace(entry, key="any*")):
        with pytest.raises(ErpRejected) as refusal:
            d365.ledger().post(wrong)
        assert refusal.value.reason_code == Reason.TOO_LARGE


# Interrupted attempts


@pytest.mark.parametrize("fault", [Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.ERROR_AFTER])
@pytest.mark.parametrize("write", range(len(WRITES)), ids=WRITES)
def test_an_attempt_that_breaks_off_anywhere_is_taken_up(d365, entry, write, fault):
    d365.harness.faults.slow_seconds = 0
    d365.harness.fault(*[Fault.SLOW] * write, fault)
    assert not waits(d365.ledger(), entry)
    assert is_there_once(d365, entry)
    assert len(journals(d365)) == 1


def test_a_throttled_entry_is_told_how_long_to_wait(d365, entry):
    d365.harness.faults.slow_seconds = 0
    d365.harness.fault(Fault.SLOW, Fault.THROTTLED)
    with pytest.raises(ErpBusy) as busy:
        d365.ledger().post(entry)
    assert busy.value.wait_seconds == 1
    assert is_there_once(d365, entry)


def test_lines_that_come_late_find_their_journal_gone(d365, entry):
    ledger = d365.ledger()
    late = ledger._journals._create_header(entry)
    assert waits(d365.ledger(), entry)
    lines = [ledger._journals._line(entry, late, line) for line in entry.lines]
    body = changeset("LedgerJournalLines?cross-company=true", lines)
    answer = d365.raw("POST", "$batch", data=body, headers={"Content-Type": CONTENT_TYPE})
    ((status, _),) = answers(answer.headers["Content-Type"], answer.content)
    assert status == 400
    assert is_there_once(d365, entry)


def test_a_journal_that_comes_late_is_empty_and_goes_with_the_next_attempt(d365, entry):
    header(d365, description_of(entry))
    assert d365.ledger().find("NLH", entry.key) is None
    assert is_there_once(d365, entry)
    header(d365, description_of(entry))
    assert d365.ledger().find("NLH", entry.key).state == POSTED


def test_a_created_journal_that_says_something_else_is_replaced(d365, entry, make_entry):
    assert waits(d365.ledger(), make_entry(key=entry.key, amount="1.00"))
    assert d365.ledger().find("NLH", entry.key).state == CREATED
    assert is_there_once(d365, entry)


def test_a_journal_with_fewer_lines_than_it_names_is_a_draft_and_is_replaced(d365, entry):
    half = replace(entry, lines=entry.lines[:2])
    assert waits(d365.ledger(), half)
    journals(d365)[0].description = description_of(entry)
    assert d365.ledger().find("NLH", entry.key).state == DRAFT
    assert is_there_once(d365, entry)


def test_journals_that_name_no_key_of_ours_are_not_ours(d365, entry):
    for description in ("accruals of May", entry.key, f"{entry.key} many", f"{entry.key}0 4"):
        header(d365, description)
    assert is_there_once(d365, entry)
    assert len(journals(d365)) == 5
    assert d365.ledger().lines_on("NLH", ["1110"], date(2026, 5, 1))[0].key == entry.key


def test_two_journals_of_one_key_are_for_a_person_to_look_at(d365, entry):
    ledger = d365.ledger()
    for _ in range(2):
        ledger._journals.create(entry)
    with pytest.raises(ErpUnknown) as unknown:
        ledger.post(entry)
    assert unknown.value.reason_code == Reason.DUPLICATE


def test_what_is_posted_and_whose_journal_was_cleaned_up_is_not_sent_again(d365, entry):
    assert is_there_once(d365, entry)
    d365.stub.journals["nlh"].all.clear()
    with pytest.raises(ErpUnknown) as unknown:
        d365.ledger().post(entry)
    assert unknown.value.reason_code == Reason.DUPLICATE
    assert d365.harness.documents("NLH", entry.key) == 1


def test_a_journal_that_is_posted_while_it_would_be_replaced_stays_the_only_one(
    d365, entry, make_entry, monkeypatch
):
    assert waits(d365.ledger(), make_entry(key=entry.key, amount="1.00"))
    monkeypatch.setattr(DynamicsFinanceLedger, "_check_books", lambda *_: d365.stub.run_batch())
    with pytest.raises(ErpUnknown) as unknown:
        d365.ledger().post(entry)
    assert unknown.value.reason_code == Reason.DUPLICATE
    assert "line 1: debit" in compare(entry, d365.ledger().post(entry))
    assert d365.harness.documents("NLH", entry.key) == 1


# What the ERP refuses, at once or by its batch job


def test_a_period_that_closes_before_the_batch_job_runs_keeps_the_entry_waiting(d365, entry):
    assert waits(d365.ledger(), entry)
    d365.harness.close_period("NLH", date(2026, 5, 1))
    d365.stub.run_batch()
    assert journals(d365)[0].log == "The period for the date is not open."
    assert waits(d365.ledger(), entry)
    d365.harness.companies["NLH"].closed.clear()
    assert is_there_once(d365, entry)


def test_a_journal_name_that_gives_each_line_a_voucher_is_refused(d365, entry):
    d365.stub.journals["nlh"].many_vouchers = True
    with pytest.raises(ErpRejected) as refusal:
        d365.ledger().post(entry)
    assert refusal.value.reason_code == Reason.OTHER
    assert journals(d365) == []


def without_account(company):
    del company.accounts["11100"]


def without_segment(company):
    del company.segments["Facility"]["200"]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [(without_account, Reason.ACCOUNT_UNKNOWN), (without_segment, Reason.MAPPING)],
)
def test_a_refused_line_leaves_no_journal(d365, entry, monkeypatch, spoil, reason):
    monkeypatch.setattr(DynamicsFinanceLedger, "_check_books", lambda *_: None)
    spoil(d365.harness.companies["NLH"])
    with pytest.raises(ErpRejected) as refusal:
        d365.ledger().post(entry)
    assert refusal.value.reason_code == reason
    assert journals(d365) == []


def test_an_unknown_journal_name_is_refused(d365, entry):
    with pytest.raises(ErpRejected):
        d365.ledger(journal_name="NONE").post(entry)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Period 5 is not open for the ledger.", Reason.PERIOD_CLOSED),
        ("The fiscal period is on hold.", Reason.PERIOD_CLOSED),
        ("The period has been permanently closed.", Reason.PERIOD_CLOSED),
        ("The transactions on voucher V1 do not balance as per 5/9/2026.", Reason.UNBALANCED),
        ("The transactions on a specific voucher don't balance.", Reason.UNBALANCED),
        ("Main account 1110 does not exist.", Reason.ACCOUNT_UNKNOWN),
        ("Account 1110 is suspended.", Reason.ACCOUNT_UNKNOWN),
        ("The dimension value 9 is not valid.", Reason.MAPPING),
        ("Access denied: you do not have sufficient authorization.", Reason.ACCESS),
        ("Something that nobody has seen yet.", Reason.OTHER),
    ],
)
def test_refusals_are_told_apart_by_their_text(message, reason):
    inner = {"error": {"message": "An error has occurred.", "innererror": {"message": message}}}
    assert reason_of(inner) is reason
    assert reason_of({"error": {"code": "", "message": message}}) is reason


def test_what_is_no_error_body_is_no_refusal():
    with pytest.raises(ErpUnknown):
        reason_of("<html>")


# Reading


def test_everything_is_read_over_all_pages(d365, entry):
    assert is_there_once(d365, entry)

    def seen():
        ledger = d365.ledger()
        return (
            ledger.find("NLH", entry.key), ledger.accounts("NLH"), ledger.periods("NLH"),
            ledger.segments("NLH"), ledger.balances("NLH", date(2026, 12, 31)),
            ledger.lines_on("NLH", ["1110", "4010"], date(2026, 1, 1)),
        )  # fmt: skip

    whole = seen()
    d365.stub.page_size = 3
    assert seen() == whole


def test_lines_of_an_account_have_their_side(d365, entry):
    assert is_there_once(d365, entry)
    found = d365.ledger().lines_on("NLH", ["1110", "4010"], date(2026, 5, 1))
    sides = {(one.account, one.debit, one.credit) for one in found}
    value, nothing = Decimal("80.25"), Decimal(0)
    assert sides == {("1110", value, nothing), ("4010", nothing, value)}
    document = d365.ledger().find("NLH", entry.key)
    assert {(one.key, one.reference) for one in found} == {(entry.key, document.reference)}


def test_a_created_journal_with_other_dimensions_is_replaced(d365, entry):
    lines = tuple(replace(one, facility="MAIN") for one in entry.lines)
    assert waits(d365.ledger(), replace(entry, lines=lines))
    assert is_there_once(d365, entry)


def test_a_suspended_value_of_a_dimension_is_told(d365):
    d365.harness.companies["NLH"].segments["Facility"]["200"] = False
    found = {one.value: one.is_active for one in d365.ledger().segments("NLH")}
    assert (found["MAIN"], found["EAST"]) == (True, False)
