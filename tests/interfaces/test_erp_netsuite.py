"""What is particular to posting to NetSuite: jobs, idempotency keys, drafts, refusals, pages."""

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest

from billing.ledger.erp import (
    ErpBusy,
    ErpRejected,
    ErpUnknown,
    Reason,
    compare,
)
from resources.erp.netsuite import NetsuiteLedger, capabilities_of
from resources.erp.netsuite_journals import ATTEMPTS, idempotency_key
from sandbox.erp.faults import Fault
from sandbox.erp.netsuite_errors import NetsuiteError, user_error
from tests.fixtures.erp.netsuite import netsuite, raised

pytestmark = pytest.mark.promise(
    "Posting to NetSuite makes one journal, wherever an attempt breaks off",
    "A refusal of NetSuite is told from a failure, and from what is under way",
)

FEBRUARY = date(2026, 2, 1)
LOST = (Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.HTML_AFTER)


@pytest.fixture
def account():
    """A NetSuite account of its own for each test."""
    with netsuite() as made:
        yield made


def keys_of(account):
    return list(account.stub.jobs.keys)


def test_an_idempotency_key_is_a_uuid_computed_from_key_and_attempt_alone():
    assert idempotency_key("test-1", 0) == idempotency_key("test-1", 0)
    assert len({idempotency_key(f"test-{n}", m) for n in range(500) for m in range(4)}) == 2000


def test_a_job_that_takes_too_long_is_unknown_and_found_once_it_is_done(account, make_entry):
    entry = make_entry()
    account.stub.jobs.is_held = True
    assert raised(ErpUnknown, account.ledger_with(0.2), entry) == Reason.TIMEOUT
    assert account.ledger().find("NLH", entry.key) is None
    account.stub.jobs.release()
    assert compare(entry, account.ledger().find("NLH", entry.key)) == []


def test_sending_again_follows_the_job_that_is_still_at_work(account, make_entry):
    entry = make_entry()
    account.stub.jobs.is_held = True
    account.fault(Fault.DROP_AFTER)
    assert raised(ErpUnknown, account.ledger(), entry) == Reason.CONNECTION
    assert raised(ErpUnknown, account.ledger_with(0.2), entry) == Reason.TIMEOUT
    assert len(account.stub.jobs.jobs) == 1
    account.stub.jobs.release()
    assert compare(entry, account.ledger().post(entry)) == []
    assert account.documents("NLH", entry.key) == 1


def test_senders_at_the_same_time_make_one_journal(account, make_entry):
    entry = make_entry()
    account.stub.jobs.pending_polls = 3
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(account.ledger().post(entry).reference))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert account.documents("NLH", entry.key) == 1


def test_a_rejected_entry_is_posted_once_the_reason_is_gone(account, make_entry, monkeypatch):
    entry = make_entry(day=FEBRUARY)
    open_periods = account.ledger().periods("NLH")
    account.close_period("NLH", FEBRUARY)
    with monkeypatch.context() as patch:  # closed between our look and NetSuite's
        patch.setattr(NetsuiteLedger, "_periods", lambda *_: open_periods)
        assert raised(ErpRejected, account.ledger(), entry) == Reason.PERIOD_CLOSED
    assert account.ledger().find("NLH", entry.key) is None
    account.companies["NLH"].closed.clear()
    assert compare(entry, account.ledger().post(entry)) == []
    assert keys_of(account) == [idempotency_key(entry.key, attempt) for attempt in (0, 1)]


def test_attempts_under_one_key_come_to_an_end(account, make_entry, monkeypatch):
    entry = make_entry(day=FEBRUARY)
    open_periods = account.ledger().periods("NLH")
    account.close_period("NLH", FEBRUARY)
    account.stub.jobs.pending_polls = 0
    monkeypatch.setattr(NetsuiteLedger, "_periods", lambda *_: open_periods)
    for _ in range(ATTEMPTS):
        assert raised(ErpRejected, account.ledger(), entry) == Reason.PERIOD_CLOSED
    assert raised(ErpRejected, account.ledger(), entry) == Reason.OTHER


def test_an_account_that_closes_after_our_look_is_refused_by_netsuite(account, make_entry):
    ledger = account.ledger()
    ledger.post(make_entry())
    account.close_account("NLH", "1110")
    entry = make_entry()
    assert raised(ErpRejected, ledger, entry) == Reason.ACCOUNT_UNKNOWN
    assert account.ledger().find("NLH", entry.key) is None


def test_a_segment_that_is_inactive_is_told_before_anything_is_sent(account, make_entry):
    account.companies["NLH"].segments["class"]["MC"] = False
    entry = make_entry()
    lines = tuple(replace(line, payer_class="medicare") for line in entry.lines)
    assert raised(ErpRejected, account.ledger(), replace(entry, lines=lines)) == Reason.MAPPING
    assert account.stub.jobs.jobs == []


def test_a_locked_period_counts_as_closed(account, make_entry):
    account.stub.books.locked.add(FEBRUARY)
    entry = make_entry(day=FEBRUARY)
    assert raised(ErpRejected, account.ledger(), entry) == Reason.PERIOD_CLOSED
    assert account.stub.jobs.jobs == []


def test_more_lines_than_the_account_takes_are_refused_by_netsuite_too(account, make_entry):
    pair = make_entry().lines[:2]
    lines = tuple(replace(pair[n % 2], line_no=n + 1) for n in range(202))
    ledger = account.ledger_with(max_lines=1000)
    assert raised(ErpRejected, ledger, replace(make_entry(), lines=lines)) == Reason.TOO_LARGE
    account.stub.books.max_lines = 1000
    assert len(ledger.post(replace(make_entry(), lines=lines)).lines) == 202


def test_the_external_id_keeps_a_second_journal_out_when_no_key_is_remembered(
    account, make_entry, monkeypatch
):
    entry = make_entry()
    first = account.ledger().post(entry)
    account.stub.jobs.forget_keys()
    looks = iter([None])
    find = NetsuiteLedger._find
    monkeypatch.setattr(NetsuiteLedger, "_find", lambda *args: next(looks, find(*args)))
    assert account.ledger().post(entry).reference == first.reference
    assert account.documents("NLH", entry.key) == 1


def test_a_key_that_another_subsidiary_uses_is_unknown_not_posted(account, make_entry):
    entry = make_entry("NPG")
    account.ledger().post(entry)
    account.stub.jobs.forget_keys()
    other = make_entry("NLH", key=entry.key)
    assert raised(ErpUnknown, account.ledger(), other) == Reason.DUPLICATE
    assert account.documents("NLH", entry.key) == 0


def test_a_script_that_fails_after_saving_does_not_make_a_rejection(
    account, make_entry, monkeypatch
):
    journals = account.stub._journals
    create = journals.create

    def saved_and_refused(*args, **more):
        create(*args, **more)
        raise user_error("A user event script failed.")

    monkeypatch.setattr(journals, "create", saved_and_refused)
    entry = make_entry()
    assert compare(entry, account.ledger().post(entry)) == []


def test_lines_that_a_script_takes_away_show_in_the_comparison(account, make_entry):
    entry = make_entry()
    account.fault(Fault.PARTIAL)
    assert compare(entry, account.ledger().post(entry)) == ["4 lines sent, 2 there"]


def test_a_throttled_question_for_a_job_is_asked_again(account, make_entry, monkeypatch):
    status, busy = account.stub.jobs.status, [True]

    def throttled_once(*args):
        if busy and busy.pop():
            raise NetsuiteError(429, "CONCURRENCY_LIMIT_EXCEEDED", "Request blocked.")
        return status(*args)

    monkeypatch.setattr(account.stub.jobs, "status", throttled_once)
    entry = make_entry()
    assert compare(entry, account.ledger().post(entry)) == []


def test_throttling_after_the_journal_was_sent_is_unknown_not_busy(
    account, make_entry, monkeypatch
):
    rows = account.stub._suiteql.rows

    def throttled(query):
        if account.stub.jobs.jobs:
            raise NetsuiteError(429, "CONCURRENCY_LIMIT_EXCEEDED", "Request blocked.")
        return rows(query)

    with monkeypatch.context() as patch:
        patch.setattr(account.stub._suiteql, "rows", throttled)
        entry = make_entry()
        assert raised(ErpUnknown, account.ledger(), entry) == Reason.THROTTLED
    assert account.documents("NLH", entry.key) == 1


@pytest.mark.parametrize("fault", LOST, ids=lambda f: f.name)
def test_without_jobs_a_lost_answer_is_unknown_and_leaves_one_journal(account, make_entry, fault):
    entry = make_entry()
    ledger = account.ledger_with(is_async=False)
    account.fault(fault)
    with pytest.raises(ErpUnknown):
        ledger.post(entry)
    assert compare(entry, ledger.post(entry)) == []
    assert account.documents("NLH", entry.key) == 1
    assert account.stub.jobs.jobs == []


def test_without_jobs_netsuites_refusals_are_told_at_once(account, make_entry, monkeypatch):
    open_periods = account.ledger().periods("NLH")
    account.close_period("NLH", FEBRUARY)
    monkeypatch.setattr(NetsuiteLedger, "_periods", lambda *_: open_periods)
    ledger = account.ledger_with(is_async=False)
    assert raised(ErpRejected, ledger, make_entry(day=FEBRUARY)) == Reason.PERIOD_CLOSED
    account.fault(Fault.THROTTLED)
    assert raised(ErpBusy, ledger, make_entry()) == Reason.THROTTLED


def test_quiescence_is_that_of_a_request_or_of_the_queue(account):
    waits = [capabilities_of(replace(account.settings, is_async=one)) for one in (False, True)]
    assert [row.quiescence for row in waits] == [timedelta(minutes=15), timedelta(days=1)]
