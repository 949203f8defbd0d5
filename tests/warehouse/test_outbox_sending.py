"""The outbox: exactly once, whatever the ERP or the process does in between."""

import time
from dataclasses import replace
from datetime import date, timedelta

import pytest

from billing.ledger.capabilities import Idempotency
from resources.outbox import Outbox, document_counts, reread
from resources.warehouse import ledger, sending
from tests.fixtures.books import Event, begins
from tests.fixtures.memory_erp import MemoryLedger

pytestmark = pytest.mark.promise(
    "Every entry is posted exactly once, whatever the ERP or the process does",
    "A document that changed in the ERP is found when it is read again",
)


@begins
def approved(books):
    """Three approved entries of one entity, one of another."""
    days = ("2026-08-10", "2026-09-10", "2026-09-11")
    events = [
        Event(f"e{n}", "charge.posted", "100.00", day=date.fromisoformat(d))
        for n, d in enumerate(days)
    ]
    other = Event("o", "remit.paid", "60.00", entity="NPG", facility="CLIN")
    books.demand([*events, other])
    books.propose()
    books.approve()


def run(books, erp, entity="NLH"):
    with books.database.connect("poster", autocommit=False) as connection:
        outbox = Outbox(connection, erp, entity)
        outbox.patience = timedelta(0)
        return outbox.run()


def searching(quiet, idempotency=Idempotency.SEARCH):
    """An ERP that refuses nothing twice, and may act on a request for so long."""
    erp = MemoryLedger()
    erp.capabilities = replace(erp.capabilities, idempotency=idempotency, quiescence=quiet)
    return erp


def _sleep_when_begun(step):
    if step == "BEGUN":
        time.sleep(0.05)


def states(books, entity="NLH"):
    rows = books.ask("auditor", "select state from ledger.entry where entity_code = %s"
                     " order by accounting_date", entity)  # fmt: skip
    return [row[0] for row in rows]


def test_everything_that_may_go_is_posted_once_and_matches(approved):
    erp = MemoryLedger()
    sent = run(approved, erp)
    assert (sent.posted, sent.differing, states(approved)) == (3, 0, ["posted"] * 3)
    assert run(approved, erp).posted == 0
    assert len(erp.attempts) == 3


def test_only_entries_of_its_own_entity_are_sent(approved):
    run(approved, MemoryLedger())
    assert states(approved, "NPG") == ["approved"]


def test_a_lost_answer_is_read_back_and_never_sent_again(approved):
    erp = MemoryLedger(misbehave=lambda entry: "lose the answer" if entry.entry_no == 2 else "")
    sent = run(approved, erp)
    assert (sent.posted, sent.unknown, states(approved)) == (3, 0, ["posted"] * 3)
    assert len(erp.attempts) == len(erp.documents) == 3


def test_a_lost_request_stays_in_doubt_while_the_erp_may_still_act_on_it(approved):
    erp = searching(timedelta(hours=1))
    erp.misbehave = lambda entry: "lose the request" if entry.entry_no == 1 else ""
    for posted in (2, 0):
        sent = run(approved, erp)
        assert (sent.unknown, sent.posted) == (1, posted)
    assert states(approved) == ["unknown", "posted", "posted"]
    assert len(set(erp.attempts)) == len(erp.attempts) == 3


@pytest.mark.parametrize("idempotency", [Idempotency.SEARCH, Idempotency.UNIQUE_REFERENCE])
def test_a_lost_request_goes_again_once_it_was_read_back_and_nothing_is_under_way(
    approved, idempotency
):
    erp = searching(timedelta(0), idempotency)
    erp.misbehave = lambda entry: (
        "lose the request" if entry.entry_no == 1 and entry.key not in erp.attempts[:-1] else ""
    )
    assert run(approved, erp).posted == 3
    assert states(approved) == ["posted"] * 3
    assert len(erp.documents) == 3
    assert len(erp.attempts) == 4


def test_an_entry_that_the_erp_turned_away_stays_approved(approved):
    erp = MemoryLedger(misbehave=lambda entry: "busy" if entry.entry_no == 1 else "")
    sent = run(approved, erp)
    assert (sent.busy, sent.posted, sent.has_stopped) == (1, 0, True)
    assert states(approved) == ["approved"] * 3


def test_a_document_that_awaits_the_erps_own_posting_is_polled_and_never_sent_again(approved):
    erp = searching(timedelta(0))
    erp.misbehave = lambda _: "create"
    for _ in range(3):
        run(approved, erp)
    assert states(approved)[0] == "unknown"
    erp.misbehave = lambda _: ""
    for key, document in erp.documents.items():
        erp.documents[key] = replace(document, state="posted")
    run(approved, erp)
    assert states(approved) == ["posted"] * 3
    assert len(set(erp.attempts)) == len(erp.attempts) == 3


def test_a_sender_that_was_paused_past_its_lease_sends_nothing(approved):
    erp = searching(timedelta(0))
    with approved.database.connect("poster", autocommit=False) as connection:
        outbox = Outbox(connection, erp, "NLH", timedelta(seconds=0.01), _sleep_when_begun)
        sent = outbox.run()
    assert (sent.unknown, sent.posted, erp.attempts) == (2, 0, [])


def test_run_stops_at_the_second_lost_document(approved):
    erp = MemoryLedger(misbehave=lambda _: "lose the request")
    assert run(approved, erp).has_stopped
    assert len(erp.attempts) == 2
    assert states(approved) == ["unknown", "unknown", "approved"]


def test_a_rejection_is_kept_with_its_reason_and_the_rest_goes_on(approved):
    erp = MemoryLedger(misbehave=lambda entry: "reject" if entry.entry_no == 1 else "")
    sent = run(approved, erp)
    assert (sent.rejected, sent.posted) == (1, 2)
    reason = approved.one(
        "auditor", "select state_reason from ledger.entry where state = 'rejected'"
    )
    assert reason == ("PERIOD_CLOSED",)


def test_a_sender_that_died_before_the_erp_had_it_is_taken_up_under_the_same_key(approved):
    erp = MemoryLedger()
    with approved.database.connect("poster", autocommit=False) as connection:
        journal = sending.begin(connection, ledger.sendable(connection)[0]).journal
        connection.commit()
    assert states(approved)[0] == "sending"
    run(approved, erp)
    assert states(approved) == ["posted"] * 3
    assert erp.find("NLH", journal.key) is not None
    assert erp.attempts.count(journal.key) == 1


def test_a_sender_that_died_after_the_erp_had_it_is_only_read_back(approved):
    erp = MemoryLedger(misbehave=lambda _: "die")
    with pytest.raises(KeyboardInterrupt):
        run(approved, erp)
    assert states(approved)[0] == "sending"
    erp.misbehave = lambda _: ""
    run(approved, erp)
    assert states(approved) == ["posted"] * 3
    assert len(erp.attempts) == len(erp.documents) == 3


def test_without_a_unique_reference_an_interrupted_entry_is_waited_out_first(approved):
    erp = searching(timedelta(hours=1))
    with approved.database.connect("poster", autocommit=False) as connection:
        lease = sending.begin(connection, ledger.sendable(connection)[0], quiet=timedelta(hours=1))
        connection.commit()
    run(approved, erp)
    assert states(approved) == ["unknown", "posted", "posted"]
    assert lease.journal.key not in erp.attempts


def test_an_entry_that_comes_to_be_held_after_it_was_listed_is_not_sent(approved):
    def close_september(_):
        approved.database.admin().execute(
            "update ledger.period set erp_status = 'closed' where period_start = '2026-09-01'"
        )
        return ""

    erp = MemoryLedger(misbehave=close_september)
    sent = run(approved, erp)
    assert (sent.posted, sent.held_at_the_gate) == (1, 2)
    assert states(approved) == ["posted", "approved", "approved"]
    assert ledger.held(approved.by("auditor"))["PERIOD"] >= 2


def test_a_document_that_changed_in_the_erp_is_found_when_it_is_read_again(approved):
    erp = MemoryLedger()
    run(approved, erp)
    approved.database.admin().execute(
        "update ledger.erp_document set read_at = read_at - interval '2 days'"
    )
    (gone, *_) = erp.documents
    del erp.documents[gone]
    with approved.database.connect("poster", autocommit=False) as connection:
        assert sorted(reread(connection, erp, "NLH")) == [False, True, True]
        assert document_counts(connection) == (3, 1)
    assert approved.ask("auditor", "select state from ledger.erp_document where not matches") == [
        ("missing",)
    ]


def test_documents_read_within_a_day_are_left_alone(approved):
    erp = MemoryLedger()
    run(approved, erp)
    with approved.database.connect("poster", autocommit=False) as connection:
        assert list(reread(connection, erp, "NLH")) == []
