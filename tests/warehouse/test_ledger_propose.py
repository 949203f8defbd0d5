"""Proposing: entries are the difference between what evidence demands and what is recorded."""

from datetime import date
from decimal import Decimal

import psycopg
import pytest

from tests.fixtures.books import Event, demanded

pytestmark = pytest.mark.promise(
    "Entries are exactly the difference between evidence and what is recorded",
    "An entry is dated into an open period, never after the as-of date",
    "A line sums one rule, account, dimension and sign, and never nets",
)

AUGUST, SEPTEMBER, OCTOBER = date(2026, 8, 20), date(2026, 9, 15), date(2026, 10, 5)


def lines_of(books, entry_id):
    return books.ask(
        "auditor",
        "select line_no, rule, account, facility_code, payer_class, original_period,"
        " debit_amount, credit_amount from ledger.entry_line where entry_id = %s order by line_no",
        entry_id,
    )


def amounts_of(books, entry_id):
    return [(row[2], row[6], row[7]) for row in lines_of(books, entry_id)]


def close_in_erp(books, entity, day, status="closed"):
    start, end = books.one(
        "poster",
        "select period_start, period_end from ledger.period"
        " where entity_code = %s and %s between period_start and period_end",
        entity,
        day,
    )
    books.by("poster").execute(
        "select ledger.mirror_period(%s, %s, %s, %s, %s)", [entity, start, end, "ref", status]
    )


def test_one_entry_per_entity_accounting_date_and_approval_class(books):
    books.demand(
        [
            Event("a", "charge.posted", "100.00"),
            Event("b", "remit.paid", "60.00"),
            Event("c", "remit.paid", "40.00", entity="NPG", facility="CLIN"),
            Event("d", "remit.paid", "30.00", day=OCTOBER),
            Event("e", "credit.reclass.patient", "20.00"),
        ]
    )
    assert books.propose() == (4, 0, 0)
    grains = [(row[1], row[2], row[3]) for row in books.entries()]
    assert sorted(grains) == [
        ("NLH", SEPTEMBER, "close-preparer"),
        ("NLH", SEPTEMBER, "none"),
        ("NLH", OCTOBER, "none"),
        ("NPG", SEPTEMBER, "none"),
    ]


def test_a_line_sums_one_rule_account_dimension_and_sign_and_never_nets(books):
    books.demand(
        [
            Event("a", "remit.paid", "100.00"),
            Event("b", "remit.paid", "20.00"),
            Event("c", "remit.paid", "-30.00"),
            Event("d", "remit.paid", "5.00", facility="EAST"),
        ]
    )
    books.propose()
    ((entry_id, *_),) = books.entries()
    assert [(row[3], row[2], row[6], row[7]) for row in lines_of(books, entry_id)] == [
        ("EAST", "1050", Decimal("5.00"), Decimal("0.00")),
        ("MAIN", "1050", Decimal("120.00"), Decimal("0.00")),
        ("MAIN", "1050", Decimal("0.00"), Decimal("30.00")),
        ("EAST", "1110", Decimal("0.00"), Decimal("5.00")),
        ("MAIN", "1110", Decimal("30.00"), Decimal("0.00")),
        ("MAIN", "1110", Decimal("0.00"), Decimal("120.00")),
    ]


def test_a_reclass_whose_total_is_zero_is_still_posted_gross(books):
    posted = books.run(
        [
            Event("a", "credit.reclass.payer", "50.00", day=SEPTEMBER),
            Event("b", "remit.cas.patient_resp", "50.00"),
            Event("c", "remit.cas.patient_resp", "-50.00"),
        ]
    )
    assert len(posted) == 1  # the reclass waits for a person
    assert len(lines_of(books, posted[0])) == 4


def test_a_replay_proposes_nothing(books):
    events = [Event("a", "charge.posted", "100.00"), Event("b", "remit.paid", "60.00")]
    assert len(books.run(events)) == 1
    books.demand(reversed(events))
    assert books.propose() == (0, 0, 0)


def test_a_correction_proposes_exactly_its_difference(books):
    books.run([Event("a", "charge.posted", "100.00"), Event("b", "remit.paid", "9.00")])
    books.demand([Event("a", "charge.posted", "80.00"), Event("b", "remit.paid", "9.00")])
    assert books.propose() == (1, 0, 0)
    entry = books.entries("proposed")[0]
    assert entry[4] == 2  # the second generation of the same day
    assert amounts_of(books, entry[0]) == [
        ("1110", Decimal("0.00"), Decimal("20.00")),
        ("4010", Decimal("20.00"), Decimal("0.00")),
    ]


def test_an_event_that_vanishes_is_taken_back(books):
    kept = Event("a", "charge.posted", "100.00")
    books.run([kept, Event("b", "payer.receipt.unidentified", "70.00")])
    books.run([kept])
    assert books.recorded() == demanded([kept])


def test_a_memo_stays_in_the_sub_ledger(books):
    books.demand([Event("a", "opening.receivable.payer", "100.00")])
    assert books.propose() == (0, 0, 0)


def test_an_open_proposal_that_says_the_same_is_kept_and_stamped(books):
    events = [Event("a", "charge.posted", "100.00")]
    books.demand(events)
    books.propose()
    before = books.entries()
    build_id = books.build()
    assert books.propose(build_id) == (0, 0, 1)
    assert books.entries() == before
    assert books.one("auditor", "select build_id from ledger.entry") == (build_id,)


def test_new_evidence_replaces_an_open_proposal_and_voids_its_signatures(books):
    books.demand([Event("a", "denial.expected.reserve", "100.00")])  # needs two people
    books.propose()
    ((entry_id, *_, content),) = books.entries()
    books.by("controller").execute("select ledger.approve(%s, %s)", [entry_id, content])
    books.demand([Event("a", "denial.expected.reserve", "120.00")])
    assert books.propose() == (1, 1, 0)
    old, new = books.entries()
    assert (old[4], old[6]) == (1, "void")
    assert (new[4], new[6]) == (2, "proposed")
    assert books.one("auditor", "select count(*) from ledger.approval where voided_at is null") == (
        0,
    )


def test_an_event_of_a_closed_period_goes_to_the_first_open_day_and_keeps_its_month(books):
    close_in_erp(books, "NLH", AUGUST)
    books.demand([Event("a", "charge.posted", "100.00", day=AUGUST)])
    books.propose()
    ((entry_id, _, accounting_date, *_),) = books.entries()
    assert accounting_date == date(2026, 9, 1)
    assert {row[5] for row in lines_of(books, entry_id)} == {date(2026, 8, 1)}
    assert books.ask("auditor", "select distinct correction_class from ledger.entry_line") == [
        ("new_information",)
    ]


def test_the_stricter_of_our_status_and_the_erps_counts(books):
    books.build()
    books.decide("close", date(2026, 8, 1))
    books.demand([Event("a", "charge.posted", "100.00", day=AUGUST)])
    books.propose()
    assert books.entries()[0][2] == date(2026, 9, 1)


def test_without_an_open_day_up_to_the_as_of_date_the_line_waits_held_by_its_period(books):
    for day in (SEPTEMBER, OCTOBER):
        close_in_erp(books, "NLH", day)
    books.demand([Event("a", "charge.posted", "100.00", day=SEPTEMBER)])
    books.propose()
    ((entry_id, _, accounting_date, *_),) = books.entries()
    assert accounting_date == date(2026, 10, 31)
    assert books.holds(entry_id) == {"PERIOD", "APPROVAL"}
    assert books.approve() == 0
    close_in_erp(books, "NLH", SEPTEMBER, "open")
    assert books.propose() == (1, 1, 0)
    assert books.entries("proposed")[0][2] == SEPTEMBER


def test_nothing_is_dated_after_the_as_of_date(books):
    books.demand([Event("a", "charge.posted", "100.00", day=OCTOBER)])
    books.as_owner().execute("update ops.installation set as_of_date = '2026-09-30'")
    books.propose(books.build(as_of=date(2026, 9, 30)))
    assert books.entries()[0][2] == date(2026, 9, 30)


def test_a_move_to_another_entity_takes_back_in_one_and_posts_in_the_other(books):
    books.run([Event("a", "charge.posted", "100.00")])
    moved = [Event("a", "charge.posted", "100.00", entity="NPG", facility="CLIN")]
    books.run(moved)
    assert books.recorded() == demanded(moved)


def test_a_move_to_another_date_stays_balanced_on_both_days(books):
    books.run([Event("a", "charge.posted", "100.00", day=AUGUST)])
    moved = [Event("a", "charge.posted", "100.00", day=OCTOBER)]
    books.run(moved)
    assert books.recorded() == demanded(moved)


def test_a_new_version_of_a_rule_alone_changes_nothing(books):
    books.run([Event("a", "charge.posted", "100.00")])
    books.demand([Event("a", "charge.posted", "100.00", version="v2")])
    assert books.propose() == (0, 0, 0)


def test_a_rule_changed_under_recorded_evidence_is_a_restatement_for_two_people(books):
    books.run([Event("a", "charge.posted", "100.00")])
    changed = Event("a", "charge.posted", "100.00", version="v2", accounts=("1120", "4010"))
    books.demand([changed])
    books.propose()
    books.order_restatement("JR01")
    books.propose()
    ((entry_id, _, _, approval_class, *_),) = books.entries("proposed")
    assert approval_class == "restatement"
    assert books.approve() == 0
    assert amounts_of(books, entry_id) == [
        ("1110", Decimal("0.00"), Decimal("100.00")),
        ("1120", Decimal("100.00"), Decimal("0.00")),
    ]


def test_evidence_behind_a_line_is_copied_and_adds_up_to_it(books):
    books.run([Event(f"e{n}", "remit.paid", f"{n}.11") for n in range(1, 6)])
    books.by("transform").execute("drop table marts.fct_ledger_line")
    rows = books.ask(
        "auditor",
        "select line_no, debit_amount - credit_amount, sum(signed_amount), count(*),"
        " count(evidence_hash) from ledger.entry_line join ledger.entry_event using"
        " (entry_id, line_no) group by 1, 2",
    )
    assert len(rows) == 2
    assert all(line == events for _, line, events, _, _ in rows)
    assert all(count == hashes == 5 for *_, count, hashes in rows)


def test_the_erp_key_depends_on_the_generation_and_not_on_the_content(books):
    event = Event("a", "charge.posted", "100.00")
    for events in ([event], [], [event]):
        books.run(events)
    keys = books.ask("auditor", "select erp_key, content_hash from ledger.entry order by entry_id")
    assert len({key for key, _ in keys}) == 3
    assert keys[0][1] == keys[2][1]


def test_an_entry_goes_in_balanced_parts_where_the_erp_limits_lines(books):
    books.database.admin().execute("update ledger.installation set entry_lines = 4")
    events = [
        Event("a", "charge.posted", "100.00"),
        Event("b", "remit.paid", "60.00"),
        Event("c", "remit.cas.contractual", "40.00"),
    ]
    assert len(books.run(events)) == 2
    assert [(row[4], row[5]) for row in books.entries("posted")] == [(1, 1), (1, 2)]
    assert books.recorded() == demanded(events)
    assert books.propose() == (0, 0, 0)


def test_a_rule_too_long_for_one_document_is_held(books):
    books.database.admin().execute("update ledger.installation set entry_lines = 3")
    books.demand([Event(f, "remit.paid", "1.00", facility=f) for f in ("MAIN", "EAST")])
    books.propose()
    assert books.approve() == 0
    assert "LIMIT" in books.holds(books.entries()[0][0])


def test_a_build_that_was_never_opened_proposes_nothing(books):
    with pytest.raises(psycopg.errors.RaiseException, match="TIEOUT NO_BUILD"):
        books.propose("no such build")
