"""The outbox's side of the ledger: numbers, leases, outcomes and read-back."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import psycopg
import pytest

from billing.ledger.erp import ErpDocument, compare
from resources.warehouse import ledger, sending, verification
from resources.warehouse.ledger import LedgerRefusedError
from tests.fixtures.books import Event, begins

pytestmark = pytest.mark.promise(
    "Numbers have no gap, and the oldest entry of an entity goes first",
    "An unknown outcome is not sent again while it may still come",
    "A rejected entry is parked and goes again as its next generation",
    "A fenced or late sender cannot record an outcome or a second document unseen",
)

DAY = date(2026, 9, 15)


@begins
def approved(books):
    """Return the books with two approved entries, one per entity."""
    books.demand(
        [
            Event("a", "charge.posted", "100.00"),
            Event("b", "remit.paid", "60.00", entity="NPG", facility="CLIN"),
        ]
    )
    books.propose()
    books.approve()


NONE = timedelta(0)
SHORT = timedelta(seconds=0.01)


def refused(act, code):
    with pytest.raises(LedgerRefusedError) as refusal, ledger.refusals():
        act()
    assert refusal.value.code == code


def document_of(entry, **changes):
    facts = {
        "reference": f"move,{entry.entry_no}",
        "number": f"{entry.entry_no:06}",
        "key": entry.key,
        "state": "posted",
        "accounting_date": entry.accounting_date,
        "lines": entry.lines,
    }
    return ErpDocument(**{**facts, **changes})


def test_an_entry_goes_out_with_its_key_number_and_lines_that_name_no_patient(approved):
    poster = approved.by("poster")
    entry = sending.begin(poster, ledger.sendable(poster)[0]).journal
    assert (entry.entity, entry.entry_no, entry.accounting_date) == ("NLH", 1, DAY)
    assert [(x.account, x.debit, x.credit, x.description) for x in entry.lines] == [
        ("1110", Decimal("100.00"), Decimal("0.00"), "JR01 2026-09 MAIN commercial"),
        ("4010", Decimal("0.00"), Decimal("100.00"), "JR01 2026-09 MAIN commercial"),
    ]
    assert "claim" not in repr(entry)


def test_a_document_equal_to_its_entry_is_posted_and_matches(approved):
    poster = approved.by("poster")
    (entry_id, _) = ledger.sendable(poster)
    entry = sending.begin(poster, entry_id).journal
    document = document_of(entry)
    assert compare(entry, document) == []
    assert sending.record_posted(poster, entry_id, document, "tryton")
    assert approved.one(
        "auditor", "select erp, document_ref, document_number, matches from ledger.erp_document"
    ) == ("tryton", "move,1", "000001", True)


def test_a_document_that_differs_in_one_line_is_recorded_as_not_matching(approved):
    poster = approved.by("poster")
    (entry_id, _) = ledger.sendable(poster)
    entry = sending.begin(poster, entry_id).journal
    assert not sending.record_posted(
        poster, entry_id, document_of(entry, lines=entry.lines[:1]), "tryton"
    )


def test_a_document_changed_in_the_erp_is_found_when_it_is_read_again(approved):
    poster = approved.by("poster")
    (entry_id, _) = ledger.sendable(poster)
    entry = sending.begin(poster, entry_id).journal
    sending.record_posted(poster, entry_id, document_of(entry), "tryton")
    assert sending.record_read_back(poster, entry_id, document_of(entry))
    assert not sending.record_read_back(poster, entry_id, document_of(entry, lines=()))
    assert approved.one("auditor", "select count(*) from ledger.audit where action = 'read back'")[
        0
    ]


def test_numbers_have_no_gap_within_an_entity_even_when_sending_was_rolled_back(books):
    books.demand([Event(str(n), "remit.paid", "1.00", day=date(2026, 9, n)) for n in range(1, 6)])
    books.propose()
    books.approve()
    undecided = books.database.connect("poster", autocommit=False)
    for entry_id in ledger.sendable(undecided):
        undecided.execute("select ledger.begin_sending(%s)", [entry_id])
        undecided.rollback()
        books.send(entry_id)
    numbers = books.ask("auditor", "select entry_no from ledger.entry order by accounting_date")
    assert numbers == [(1,), (2,), (3,), (4,), (5,)]


def test_each_entity_counts_for_itself(approved):
    assert [approved.send(entry_id) for entry_id in approved.sendable()] == [1, 1]


def test_the_oldest_accounting_date_goes_first(books):
    days = [date(2026, 9, 20), date(2026, 8, 1), date(2026, 10, 3)]
    books.demand([Event(str(d), "remit.paid", "1.00", day=d) for d in days])
    books.propose()
    books.approve()
    by_id = {row[0]: row[2] for row in books.entries()}
    assert [by_id[entry_id] for entry_id in books.sendable()] == sorted(days)


def test_a_rejected_entry_is_parked_and_goes_out_as_the_next_generation_once_released(approved):
    poster = approved.by("poster")
    entry_id = ledger.sendable(poster)[0]
    lease = sending.begin(poster, entry_id)
    first = lease.journal
    sending.record_rejected(poster, lease, "ACCOUNT_UNKNOWN")
    assert {hold.code for hold in ledger.hold_reasons(poster, entry_id)} == {"PARKED"}
    approved.propose()
    approved.approve()
    assert [row[0] for row in approved.entries("rejected")] == [entry_id]
    ledger.release(approved.by("controller"), entry_id)
    approved.propose()
    approved.approve()
    again = sending.begin(poster, ledger.sendable(poster)[0]).journal
    assert again.key != first.key
    assert [(x.account, x.debit) for x in again.lines] == [
        (x.account, x.debit) for x in first.lines
    ]
    assert again.entry_no == 2


def test_a_rejected_entry_with_new_evidence_gives_way_to_its_next_generation(approved):
    poster = approved.by("poster")
    entry_id = ledger.sendable(poster)[0]
    sending.record_rejected(poster, sending.begin(poster, entry_id), "PERIOD_CLOSED")
    approved.demand([Event("a", "charge.posted", "130.00")])
    assert approved.propose()[1] == 1
    assert [(row[4], row[6]) for row in approved.entries() if row[1] == "NLH"] == [
        (1, "void"),
        (2, "proposed"),
    ]


def test_two_rejected_entries_of_one_day_wait_together_and_the_next_build_says_their_sum(approved):
    poster = approved.by("poster")
    other = Event("b", "remit.paid", "60.00", entity="NPG", facility="CLIN")
    approved.demand([Event("a", "charge.posted", "130.00"), other])
    approved.propose()
    approved.approve()
    for row in approved.entries("approved"):
        if row[1] == "NLH":
            sending.record_rejected(poster, sending.begin(poster, row[0]), "PERIOD_CLOSED")
    states = [(row[4], row[6]) for row in approved.entries() if row[1] == "NLH"]
    assert states == [(1, "rejected"), (2, "rejected")]
    assert approved.propose() == (1, 2, 0)
    approved.approve()
    ((entry_id, *_),) = [row for row in approved.entries("approved") if row[1] == "NLH"]
    assert {line["debit"] for line in json.loads(approved.lines_of(entry_id))} == {"130.00", "0.00"}


def test_an_unknown_outcome_counts_as_recorded_and_is_not_sent_again_while_it_may_come(approved):
    poster = approved.by("poster")
    entry_id = ledger.sendable(poster)[0]
    lease = sending.begin(poster, entry_id)
    sending.record_unknown(poster, lease, "TIMEOUT")
    assert ledger.count_unread(poster) == 1
    assert approved.propose()[0] == 0
    refused(lambda: sending.begin(poster, entry_id), "STATE")
    refused(lambda: sending.resume(poster, entry_id), "LEASED")
    refused(lambda: sending.reject_unsent(poster, entry_id, "HELD"), "LEASED")
    assert sending.record_posted(poster, entry_id, document_of(lease.journal), "tryton")
    assert ledger.count_unread(poster) == 0


def test_after_its_quiet_time_an_unknown_entry_goes_again_behind_a_new_fence(approved):
    poster = approved.by("poster")
    entry_id = ledger.sendable(poster)[0]
    first = sending.begin(poster, entry_id, quiet=NONE)
    sending.record_unknown(poster, first, "TIMEOUT")
    again = sending.resume(poster, entry_id)
    assert again.journal == first.journal
    assert again.fence == first.fence + 1
    assert [entry.entry_id for entry in ledger.entries(poster, "sending")] == [entry_id]


def test_who_was_fenced_out_can_say_neither_rejected_nor_busy_nor_unknown(approved):
    poster = approved.by("poster")
    entry_id = ledger.sendable(poster)[0]
    old = sending.begin(poster, entry_id, lease=SHORT, quiet=NONE)
    poster.execute("select pg_sleep(0.02)")
    sending.resume(poster, entry_id)
    refused(lambda: sending.record_rejected(poster, old, "OTHER"), "FENCED")
    refused(lambda: sending.record_unknown(poster, old, "TIMEOUT"), "FENCED")
    refused(lambda: sending.record_busy(poster, old, "THROTTLED", None), "FENCED")


def test_a_lease_that_another_session_holds_is_not_taken_even_where_references_are_unique(approved):
    poster = approved.by("poster")
    entry_id = ledger.sendable(poster)[0]
    with approved.database.connect("poster") as other:
        sending.begin(other, entry_id)
        refused(lambda: sending.resume(poster, entry_id, is_unique=True), "LEASED")
    while not poster.execute("select ledger.sender_is_gone(%s)", [entry_id]).fetchone()[0]:
        pass  # until the server has noticed that the session is gone
    assert sending.resume(poster, entry_id, is_unique=True).fence == 2


def test_an_entry_whose_sender_died_is_taken_up_under_the_same_number_and_key(approved):
    poster = approved.by("poster")
    entry_id = ledger.sendable(poster)[0]
    first = sending.begin(poster, entry_id)
    assert sending.resume(poster, entry_id, is_unique=True).journal == first.journal
    assert [entry.entry_id for entry in ledger.entries(poster, "sending")] == [entry_id]


def test_an_entry_that_the_erp_turned_away_waits_and_goes_out_under_the_same_number(approved):
    poster = approved.by("poster")
    entry_id = ledger.sendable(poster)[0]
    first = sending.begin(poster, entry_id)
    sending.record_busy(poster, first, "THROTTLED", 3600.0)
    assert {hold.code for hold in ledger.hold_reasons(poster, entry_id)} == {"WAIT"}
    assert entry_id not in ledger.sendable(poster)
    refused(lambda: sending.begin(poster, entry_id), "HELD")
    approved.database.admin().execute("update ledger.sending set not_before = null")
    again = sending.begin(poster, entry_id)
    assert again.journal == first.journal


def test_an_entry_that_is_tried_too_often_is_parked(approved):
    poster = approved.by("poster")
    entry_id = ledger.sendable(poster)[0]
    approved.database.admin().execute("update ledger.installation set most_attempts = 2")
    sending.record_busy(poster, sending.begin(poster, entry_id), "THROTTLED", None)
    approved.database.admin().execute("update ledger.sending set not_before = null")
    lease = sending.begin(poster, entry_id, quiet=NONE)
    sending.record_unknown(poster, lease, "TIMEOUT")
    refused(lambda: sending.resume(poster, entry_id), "POISON")
    sending.reject_unsent(poster, entry_id, "POISON")
    assert [(e.state, e.state_reason) for e in ledger.entries(poster, "rejected")] == [
        ("rejected", "POISON")
    ]


def test_an_unknown_entry_does_not_go_again_into_a_period_that_was_closed_since(approved):
    poster = approved.by("poster")
    entry_id = ledger.sendable(poster)[0]
    sending.record_unknown(poster, sending.begin(poster, entry_id, quiet=NONE), "TIMEOUT")
    approved.database.admin().execute("update ledger.period set erp_status = 'closed'")
    refused(lambda: sending.resume(poster, entry_id), "HELD")


def test_a_document_that_a_late_sender_brings_counts_though_others_had_settled_the_entry(approved):
    poster = approved.by("poster")
    entry_id = ledger.sendable(poster)[0]
    late = sending.begin(poster, entry_id, lease=SHORT, quiet=NONE)
    poster.execute("select pg_sleep(0.02)")
    sending.record_busy(poster, sending.resume(poster, entry_id), "THROTTLED", 60.0)
    assert sending.record_posted(poster, entry_id, document_of(late.journal), "tryton")
    assert [entry.entry_id for entry in ledger.entries(poster, "posted")] == [entry_id]


def test_an_entry_that_was_never_sent_is_not_posted_by_word_of_mouth(approved):
    poster = approved.by("poster")
    entry_id = ledger.sendable(poster)[0]
    refused(lambda: approved.record_posted(entry_id), "STATE")


def test_a_second_document_of_an_entry_is_recorded_beside_the_first_and_audited(approved):
    poster = approved.by("poster")
    entry_id = ledger.sendable(poster)[0]
    journal = sending.begin(poster, entry_id).journal
    assert sending.record_posted(poster, entry_id, document_of(journal), "tryton")
    assert sending.record_posted(poster, entry_id, document_of(journal), "tryton")
    twin = document_of(journal, reference="move,999")
    assert not sending.record_posted(poster, entry_id, twin, "tryton")
    assert approved.ask("auditor", "select document_ref from ledger.second_document") == [
        ("move,999",)
    ]
    assert verification.problems(approved.by("auditor")) == []


def test_proposing_approving_and_sending_at_once_do_not_block_each_other(books):
    events = [
        Event(f"{n}", "remit.paid", "1.00", day=date(2026, 9, n), entity=entity)
        for n in range(1, 29)
        for entity in ("NLH", "NPG")
    ]
    books.demand([replace(event, event_id=f"{event.entity}{event.event_id}") for event in events])
    books.propose()

    def send(entity):
        poster = books.database.connect("poster")
        while not stopped.is_set():
            for entry in ledger.entries(poster, "approved"):
                if entry.entity_code == entity:
                    sent = sending.begin(poster, entry.entry_id).journal
                    document = document_of(sent, reference=sent.key)
                    sending.record_posted(poster, entry.entry_id, document, "tryton")

    def approve():
        policy = books.database.connect("policy")
        while not stopped.is_set():
            build = policy.execute("select max(build_id) from ledger.entry").fetchone()[0]
            ledger.approve_by_policy(policy, build)

    stopped = threading.Event()
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(send, "NLH"), pool.submit(send, "NPG"), pool.submit(approve)]
        try:
            for _ in range(8):
                books.propose()
            while len(books.entries("posted")) < len(events) and not any(r.done() for r in running):
                books.propose()
        finally:
            stopped.set()
        for done in running:
            done.result()
    assert len(books.entries("posted")) == len(events)
    assert verification.problems(books.by("auditor")) == []


def test_holds_are_counted_by_their_code(approved):
    approved.propose(approved.build(passes=False))
    assert ledger.held(approved.by("poster")) == {"CERTIFICATE": 2}
    assert ledger.count_sendable(approved.by("poster")) == 0


def test_the_ledger_reports_no_problem_after_a_whole_run(approved):
    approved.post_all()
    assert verification.problems(approved.by("auditor")) == []


@pytest.mark.promise("A sender cannot shorten the lease or the quiet time of the installation")
def test_sender_gets_no_less_than_the_lease_and_quiet_time_of_the_erp(posted, refused):
    admin = posted.database.admin()
    admin.execute("select ledger.keep_sending_rules(600, 900, false)")
    (entry_id,) = posted.sendable()[:1]
    poster = posted.by("poster")
    poster.execute("select ledger.begin_sending(%s, 0.001, 0)", [entry_id])
    query = "select leased_until > now() + interval '9 minutes', quiet_seconds from ledger.sending"
    assert posted.one("auditor", f"{query} where entry_id = %s", entry_id) == (True, 900)
    posted.one("poster", "select ledger.record_unknown(%s, 'TIMEOUT')", entry_id)
    resume = "select ledger.resume_sending(%s, 0.001, 0, true)"
    refused(poster, resume, entry_id, code="LEASED")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        poster.execute("select ledger.keep_sending_rules(0, 0, true)")
