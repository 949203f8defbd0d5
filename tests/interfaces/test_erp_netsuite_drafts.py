"""Journals that wait for approval in NetSuite: taken up, replaced, left alone; never doubled."""

from dataclasses import replace
from datetime import date

import pytest

from billing.ledger.erp import CREATED, DRAFT, POSTED, ErpRejected, ErpUnknown, Reason, compare
from resources.erp.netsuite import NetsuiteLedger, capabilities_of
from resources.erp.netsuite_journals import idempotency_key
from sandbox.erp.netsuite_errors import user_error
from tests.fixtures.erp.netsuite import netsuite, raised

pytestmark = pytest.mark.promise(
    "A NetSuite journal that awaits approval is taken up or replaced, never doubled"
)

FEBRUARY = date(2026, 2, 1)


@pytest.fixture
def account():
    """A NetSuite account of its own for each test."""
    with netsuite() as made:
        yield made


def test_a_journal_that_awaits_approval_is_approved_later_not_doubled(account, make_entry):
    entry = make_entry()
    books = account.stub.books
    books.requires_approval, books.may_approve = True, False
    assert raised(ErpUnknown, account.ledger(), entry) == Reason.AWAITING_POST
    draft = account.ledger().find("NLH", entry.key)
    assert draft.state == DRAFT
    assert raised(ErpUnknown, account.ledger(), entry) == Reason.AWAITING_POST
    books.may_approve = True
    posted = account.ledger().post(entry)
    assert (posted.reference, posted.state) == (draft.reference, POSTED)
    assert account.documents("NLH", entry.key) == 1


def left_behind(account, entry):
    """Leave a draft of an entry behind, as an account that requires approvals does."""
    account.stub.books.requires_approval = True
    ledger = account.ledger_with(approves=False)
    assert raised(ErpUnknown, ledger, entry) == Reason.AWAITING_POST
    return ledger.find(entry.entity, entry.key)


@pytest.mark.parametrize("change", ({"description": "other"}, {"facility": "EAST"}), ids=str)
def test_a_draft_that_says_something_else_is_replaced(account, make_entry, change):
    entry = make_entry()
    lines = tuple(replace(line, **change) for line in entry.lines)
    draft = left_behind(account, replace(entry, lines=lines))
    posted = account.ledger().post(entry)
    assert compare(entry, posted) == []
    assert {line.facility for line in posted.lines} == {""}
    assert posted.reference != draft.reference
    assert draft.reference in account.stub.books.deleted
    assert list(account.stub.jobs.keys) == [
        idempotency_key(entry.key, attempt) for attempt in (0, 1)
    ]


def test_a_draft_that_netsuite_will_not_post_does_not_stay_behind(account, make_entry, monkeypatch):
    entry = make_entry(day=FEBRUARY)
    draft = left_behind(account, entry)

    def refused(*_):
        raise user_error("You must enter at least one line item for this transaction.")

    monkeypatch.setattr(account.stub._journals, "change", refused)
    assert raised(ErpRejected, account.ledger(), entry) == Reason.OTHER
    assert account.ledger().find("NLH", entry.key) is None
    assert draft.reference in account.stub.books.deleted


def test_a_draft_of_an_entry_that_is_rejected_now_does_not_stay_behind(account, make_entry):
    entry = make_entry(accounts=("1110", "6320"))
    draft = left_behind(account, entry)
    account.close_account("NLH", "6320")
    assert raised(ErpUnknown, account.ledger_with(approves=False), entry) == Reason.AWAITING_POST
    assert raised(ErpRejected, account.ledger(), entry) == Reason.ACCOUNT_UNKNOWN
    assert account.ledger().find("NLH", entry.key) is None
    assert draft.reference in account.stub.books.deleted


def test_a_draft_that_cannot_be_deleted_is_told(account, make_entry, monkeypatch):
    entry = make_entry()
    left_behind(account, replace(entry, lines=entry.lines[:2]))

    def refused(*_):
        raise user_error("This record cannot be deleted because it has dependent records.")

    monkeypatch.setattr(account.stub._journals, "delete", refused)
    assert raised(ErpUnknown, account.ledger(), entry) == Reason.DRAFT_LEFT


def test_a_journal_that_was_approved_meanwhile_is_never_deleted(account, make_entry, monkeypatch):
    entry = make_entry()
    other = replace(entry, lines=entry.lines[:2])
    draft = left_behind(account, other)
    check = NetsuiteLedger._says_the_same

    def approved_meanwhile(*args):
        account.stub.books.document(draft.reference)[1].is_posted = True
        return check(*args)

    monkeypatch.setattr(NetsuiteLedger, "_says_the_same", approved_meanwhile)
    posted = account.ledger().post(entry)
    assert posted.reference == draft.reference
    assert compare(entry, posted) == ["4 lines sent, 2 there"]


def test_where_a_person_approves_the_table_says_so_and_nothing_is_approved(account, make_entry):
    row = capabilities_of(replace(account.settings, approves=False))
    assert (row.is_post_atomic, row.confirms_posting) == (False, False)
    entry = make_entry()
    waiting = left_behind(account, entry)
    assert waiting.state == CREATED
    assert compare(entry, waiting) == ["the document is not posted"]
    ledger = account.ledger_with(approves=False)
    assert raised(ErpUnknown, ledger, entry) == Reason.AWAITING_POST
    assert account.documents("NLH", entry.key) == 0
    account.stub.books.document(waiting.reference)[1].is_posted = True
    assert compare(entry, ledger.post(entry)) == []
