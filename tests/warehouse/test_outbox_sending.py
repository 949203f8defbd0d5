"""The outbox: exactly once, whatever the ERP or the process does in between."""

from dataclasses import replace
from datetime import date

import pytest

from billing.ledger.capabilities import Idempotency
from resources.outbox import Outbox, document_counts, reread
from resources.warehouse import ledger
from tests.fixtures.memory_erp import MemoryLedger


@pytest.fixture
def approved(books, ledger_line):
    """Three approved entries of one entity, one of another."""
    days = ("2026-08-10", "2026-09-10", "2026-09-11")
    events = [
        ledger_line(f"e{n}", "charge.posted", "100.00", day=date.fromisoformat(d))
        for n, d in enumerate(days)
    ]
    other = ledger_line("o", "remit.paid", "60.00", entity="NPG", facility="CLIN")
    books.demand([*events, other])
    books.propose()
    books.approve()
    return books


def run(books, erp, entity="NLH"):
    with books.database.connect("poster", autocommit=False) as connection:
        return Outbox(connection, erp, entity).run()


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
    first = run(approved, erp)
    assert first.has_stopped
    assert states(approved) == ["posted", "unknown", "approved"]
    erp.misbehave = lambda _: ""
    second = run(approved, erp)
    assert (second.posted, states(approved)) == (2, ["posted"] * 3)
    assert len(erp.attempts) == len(erp.documents) == 3


def test_a_lost_request_stays_in_doubt_and_is_not_sent_again(approved):
    erp = MemoryLedger(misbehave=lambda entry: "lose the request" if entry.entry_no == 1 else "")
    run(approved, erp)
    erp.misbehave = lambda _: ""
    again = run(approved, erp)
    assert (again.unknown, again.posted) == (1, 2)
    assert states(approved) == ["unknown", "posted", "posted"]
    assert len(set(erp.attempts)) == len(erp.attempts) == 3


def test_nothing_more_is_sent_once_one_outcome_is_unknown(approved):
    erp = MemoryLedger(misbehave=lambda _: "lose the request")
    run(approved, erp)
    assert len(erp.attempts) == 1
    assert states(approved) == ["unknown", "approved", "approved"]


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
        journal = ledger.begin_sending(connection, ledger.sendable(connection)[0])
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


def test_without_a_unique_reference_an_interrupted_entry_waits_for_a_person(approved):
    erp = MemoryLedger()
    erp.capabilities = replace(erp.capabilities, idempotency=Idempotency.SEARCH)
    with approved.database.connect("poster", autocommit=False) as connection:
        journal = ledger.begin_sending(connection, ledger.sendable(connection)[0])
        connection.commit()
    run(approved, erp)
    assert states(approved) == ["unknown", "posted", "posted"]
    assert journal.key not in erp.attempts


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
