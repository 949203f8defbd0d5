"""The outbox's side of the ledger: numbers, outcomes, read-back, periods and balances."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from threading import Event

import pytest

from billing.ledger.erp import ErpDocument, ErpPeriod, compare
from resources.warehouse import ledger
from resources.warehouse.ledger import LedgerRefusedError

DAY = date(2026, 9, 15)


@pytest.fixture
def approved(books, ledger_line):
    """Return the books with two approved entries, one per entity."""
    books.demand(
        [
            ledger_line("a", "charge.posted", "100.00"),
            ledger_line("b", "remit.paid", "60.00", entity="NPG", facility="CLIN"),
        ]
    )
    books.propose()
    books.approve()
    return books


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
    entry = ledger.begin_sending(poster, ledger.sendable(poster)[0])
    assert (entry.entity, entry.entry_no, entry.accounting_date) == ("NLH", 1, DAY)
    assert [(x.account, x.debit, x.credit, x.description) for x in entry.lines] == [
        ("1110", Decimal("100.00"), Decimal("0.00"), "JR01 2026-09 MAIN commercial"),
        ("4010", Decimal("0.00"), Decimal("100.00"), "JR01 2026-09 MAIN commercial"),
    ]
    assert "claim" not in repr(entry)


def test_a_document_equal_to_its_entry_is_posted_and_matches(approved):
    poster = approved.by("poster")
    (entry_id, _) = ledger.sendable(poster)
    entry = ledger.begin_sending(poster, entry_id)
    document = document_of(entry)
    assert compare(entry, document) == []
    assert ledger.record_posted(poster, entry_id, document, "tryton")
    assert approved.one(
        "auditor", "select erp, document_ref, document_number, matches from ledger.erp_document"
    ) == ("tryton", "move,1", "000001", True)


def test_a_document_that_differs_in_one_line_is_recorded_as_not_matching(approved):
    poster = approved.by("poster")
    (entry_id, _) = ledger.sendable(poster)
    entry = ledger.begin_sending(poster, entry_id)
    assert not ledger.record_posted(
        poster, entry_id, document_of(entry, lines=entry.lines[:1]), "tryton"
    )


def test_a_document_changed_in_the_erp_is_found_when_it_is_read_again(approved):
    poster = approved.by("poster")
    (entry_id, _) = ledger.sendable(poster)
    entry = ledger.begin_sending(poster, entry_id)
    ledger.record_posted(poster, entry_id, document_of(entry), "tryton")
    assert ledger.record_read_back(poster, entry_id, document_of(entry))
    assert not ledger.record_read_back(poster, entry_id, document_of(entry, lines=()))
    assert approved.one("auditor", "select count(*) from ledger.audit where action = 'read back'")[
        0
    ]


def test_numbers_have_no_gap_within_an_entity_even_when_sending_was_rolled_back(books, ledger_line):
    books.demand(
        [ledger_line(str(n), "remit.paid", "1.00", day=date(2026, 9, n)) for n in range(1, 6)]
    )
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


def test_the_oldest_accounting_date_goes_first(books, ledger_line):
    days = [date(2026, 9, 20), date(2026, 8, 1), date(2026, 10, 3)]
    books.demand([ledger_line(str(d), "remit.paid", "1.00", day=d) for d in days])
    books.propose()
    books.approve()
    by_id = {row[0]: row[2] for row in books.entries()}
    assert [by_id[entry_id] for entry_id in books.sendable()] == sorted(days)


def test_a_rejected_entry_is_parked_and_goes_out_as_the_next_generation_once_released(approved):
    poster = approved.by("poster")
    entry_id = ledger.sendable(poster)[0]
    first = ledger.begin_sending(poster, entry_id)
    ledger.record_rejected(poster, entry_id, "ACCOUNT_UNKNOWN")
    assert {hold.code for hold in ledger.hold_reasons(poster, entry_id)} == {"PARKED"}
    approved.propose()
    approved.approve()
    assert [row[0] for row in approved.entries("rejected")] == [entry_id]
    ledger.release(approved.by("controller"), entry_id)
    approved.propose()
    approved.approve()
    again = ledger.begin_sending(poster, ledger.sendable(poster)[0])
    assert again.key != first.key
    assert [(x.account, x.debit) for x in again.lines] == [
        (x.account, x.debit) for x in first.lines
    ]
    assert again.entry_no == 2


def test_a_rejected_entry_with_new_evidence_gives_way_to_its_next_generation(approved, ledger_line):
    poster = approved.by("poster")
    entry_id = ledger.sendable(poster)[0]
    ledger.begin_sending(poster, entry_id)
    ledger.record_rejected(poster, entry_id, "PERIOD_CLOSED")
    approved.demand([ledger_line("a", "charge.posted", "130.00")])
    assert approved.propose()[1] == 1
    assert [(row[4], row[6]) for row in approved.entries() if row[1] == "NLH"] == [
        (1, "void"),
        (2, "proposed"),
    ]


def test_an_unknown_outcome_counts_as_recorded_and_is_read_back_never_sent_again(approved):
    poster = approved.by("poster")
    entry_id = ledger.sendable(poster)[0]
    entry = ledger.begin_sending(poster, entry_id)
    ledger.record_unknown(poster, entry_id, "TIMEOUT")
    assert ledger.count_unread(poster) == 1
    assert approved.propose()[0] == 0
    for again in (ledger.begin_sending, ledger.resume_sending):
        with pytest.raises(LedgerRefusedError, match="STATE"):
            again(poster, entry_id)
    assert ledger.record_posted(poster, entry_id, document_of(entry), "tryton")
    assert ledger.count_unread(poster) == 0


def test_an_entry_whose_sender_died_is_taken_up_under_the_same_number_and_key(approved):
    poster = approved.by("poster")
    entry_id = ledger.sendable(poster)[0]
    first = ledger.begin_sending(poster, entry_id)
    assert ledger.resume_sending(poster, entry_id) == first
    assert [entry.entry_id for entry in ledger.entries(poster, "sending")] == [entry_id]


def test_periods_of_the_erp_are_mirrored_and_must_not_overlap(books):
    poster = books.by("poster")
    ledger.mirror_period(
        poster, ErpPeriod("NLH", date(2027, 1, 1), date(2027, 1, 31), "7", is_open=True)
    )
    assert books.one(
        "auditor", "select erp_status, own_status from ledger.period where erp_period_ref = '7'"
    ) == ("open", "open")
    with pytest.raises(LedgerRefusedError, match="PERIOD"):
        ledger.mirror_period(
            poster, ErpPeriod("NLH", date(2027, 1, 15), date(2027, 2, 15), "8", is_open=True)
        )


def test_reopening_a_period_voids_the_certificates_that_closed_it(books, ledger_line):
    controller = books.by("controller")
    october = date(2026, 10, 1)
    ledger.set_period(controller, "NLH", october, is_open=False, reason="closed")
    books.demand([ledger_line("a", "charge.posted", "100.00")])
    books.propose()
    books.approve()
    assert len(books.sendable()) == 1
    ledger.set_period(controller, "NLH", october, is_open=True, reason="late remittance")
    assert books.sendable() == []
    assert books.holds(books.entries()[0][0]) == {"CERTIFICATE"}
    with pytest.raises(LedgerRefusedError, match="REASON"):
        ledger.set_period(controller, "NLH", october, is_open=False, reason="")
    with pytest.raises(LedgerRefusedError, match="NOT_A_PERSON"):
        ledger.set_period(books.by("policy"), "NLH", october, is_open=False, reason="x")


def test_a_cut_off_is_recorded_once_and_keeps_its_watermark(books):
    preparer = books.by("preparer")
    assert ledger.record_cutoff(preparer, "NLH", date(2026, 10, 31))
    before = books.ask("auditor", "select * from ledger.cutoff")
    assert not ledger.record_cutoff(preparer, "NLH", date(2026, 10, 31))
    assert books.ask("auditor", "select * from ledger.cutoff") == before


def test_the_balances_that_the_erp_reports_replace_the_former_ones(books):
    poster, as_of = books.by("poster"), date(2026, 10, 31)
    first = {"1010": Decimal("10.00"), "1110": Decimal("-0.01")}
    assert ledger.record_erp_balances(poster, "NLH", as_of, first) == 2
    assert ledger.record_erp_balances(poster, "NLH", as_of, {"1010": Decimal("12.34")}) == 1
    assert books.ask("auditor", "select account, balance_amount from ledger.erp_balance") == [
        ("1010", Decimal("12.34"))
    ]


def test_proposing_approving_and_sending_at_once_do_not_block_each_other(books, ledger_line):
    events = [
        ledger_line(f"{n}", "remit.paid", "1.00", day=date(2026, 9, n), entity=entity)
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
                    sent = ledger.begin_sending(poster, entry.entry_id)
                    document = document_of(sent, reference=sent.key)
                    ledger.record_posted(poster, entry.entry_id, document, "tryton")

    def approve():
        policy = books.database.connect("policy")
        while not stopped.is_set():
            build = policy.execute("select max(build_id) from ledger.entry").fetchone()[0]
            ledger.approve_by_policy(policy, build)

    stopped = Event()
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
    assert ledger.problems(books.by("auditor")) == []


def test_holds_are_counted_by_their_code(approved):
    approved.propose(approved.build(passes=False))
    assert ledger.held(approved.by("poster")) == {"CERTIFICATE": 2}
    assert ledger.count_sendable(approved.by("poster")) == 0


def test_the_ledger_reports_no_problem_after_a_whole_run(approved):
    approved.post_all()
    assert ledger.problems(approved.by("auditor")) == []
