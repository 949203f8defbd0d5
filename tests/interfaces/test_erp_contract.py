"""What every ERP adapter promises, shown against the real Tryton and against each stub.

An ERP is added by a fixture file in `tests/fixtures/erp/` and its name in HARNESSES.
"""

import importlib
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from billing.evidence.anchors import in_words
from billing.ledger.capabilities import Idempotency
from billing.ledger.erp import (
    POSTED,
    ErpBusy,
    ErpRejected,
    ErpUnknown,
    JournalLine,
    Reason,
    compare,
)
from sandbox.erp.faults import Fault

pytestmark = pytest.mark.promise(
    "Every ERP adapter posts an entry once and reads it back equal, line by line",
    "Every ERP adapter refuses a bad entry with its reason and leaves nothing behind",
    "Every ERP adapter tells unknown from busy and rejected, and finds what came late",
    "Every ERP adapter reads balances, accounts, segments and others' lines in our names",
    "No text of an ERP outcome carries a value of the document",
)

HARNESSES = (
    "tryton", "plain", "sap_s4", "journal_file", "netsuite", "business_central",
    "dynamics_finance",
)  # fmt: skip
DAY = date(2026, 5, 9)
LOST = (Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.HTML_AFTER)
NEVER_DONE = (Fault.DROP_BEFORE, Fault.ERROR_BEFORE, Fault.HTML_BEFORE)


# Which of them can be asked for what a fixture of this name stands for. The real Tryton cannot be
# asked for faults and files know no network: test_tryton_outcomes.py and
# test_erp_journal_file_faults.py have theirs.
ABLE = {
    "faulty": ("plain", "sap_s4", "netsuite", "business_central", "dynamics_finance"),
    "dimensioned": tuple(name for name in HARNESSES if name not in ("tryton", "plain")),
    "limited": ("sap_s4", "netsuite", "business_central"),
    "posting_later": ("journal_file", "dynamics_finance"),
}
MOST_LINES = 5000


def pytest_generate_tests(metafunc):
    """Run each test with every ERP that can do what it asks for."""
    if "harness" in metafunc.fixturenames:
        asked = [names for fixture, names in ABLE.items() if fixture in metafunc.fixturenames]
        names = asked[0] if asked else HARNESSES
        metafunc.parametrize("harness", names, indirect=True, scope="module")


@pytest.fixture(scope="module")
def harness(request):
    """Start the ERP under test."""
    module = importlib.import_module(f"tests.fixtures.erp.{request.param}")
    with ExitStack() as stack:
        yield stack.enter_context(module.harness(request))


@pytest.fixture
def faulty(harness):
    """An ERP that breaks on request."""
    return harness


@pytest.fixture
def dimensioned(harness):
    """An ERP that carries dimensions of ours."""
    return harness


@pytest.fixture
def limited(harness):
    """An ERP with a limit of lines that a test can reach."""
    return harness


@pytest.fixture
def posting_later(harness):
    """An ERP in which posting is a later act of its own."""
    return harness


def posted(harness, entry):
    """Post an entry; where posting is the ERP's own later act, have it do that and ask again."""
    ledger = harness.ledger()
    try:
        return ledger.post(entry)
    except ErpUnknown as unknown:
        if ledger.capabilities.confirms_posting or unknown.reason_code != Reason.AWAITING_POST:
            raise
    harness.run_batch()
    return harness.ledger().post(entry)


def settled(harness, entry):
    """Do what the outbox does with an unknown outcome: read back, and send again only then."""
    found = harness.ledger().find(entry.entity, entry.key)
    return found if found is not None and found.state == POSTED else posted(harness, entry)


def test_a_posted_entry_reads_back_equal_line_by_line(harness, make_entry):
    entry = make_entry()
    document = posted(harness, entry)
    assert compare(entry, document) == []
    assert compare(entry, harness.ledger().find("NLH", entry.key)) == []
    assert harness.documents("NLH", entry.key) == 1


ANCHORED = f"Tieout NLH 1234567: manual+controller, 1.1; {in_words('123456789:' + 'f' * 64)}"


@pytest.mark.promise("Heads of the audit are kept outside of the database by default")
def test_text_with_an_anchor_is_taken_and_comes_back_whole_or_not_at_all(harness, make_entry):
    entry = replace(make_entry(), description=ANCHORED)
    document = posted(harness, entry)
    assert compare(entry, document) == []
    gives_text_back = harness.ledger().name in {"tryton", "netsuite", "journal_file"}
    assert document.description == (ANCHORED if gives_text_back else "")
    assert posted(harness, entry) == document


def test_a_long_entry_keeps_its_lines_and_their_order(harness, make_entry):
    pair = make_entry().lines[:2]
    count = min(150, harness.ledger().capabilities.max_lines // 2 * 2)
    lines = tuple(replace(pair[n % 2], line_no=n + 1) for n in range(count))
    entry = replace(make_entry(), lines=lines)
    assert compare(entry, posted(harness, entry)) == []


def test_amounts_of_any_size_come_back_to_the_cent(harness, make_entry):
    for amount in ("0.01", "0.10", "12345678.90", "999999999.99"):
        entry = make_entry(amount=amount)
        assert compare(entry, posted(harness, entry)) == []


def test_a_key_that_was_never_sent_is_not_found(harness):
    assert harness.ledger().find("NLH", "test-0000000000000000000000000") is None


def test_posting_a_key_again_returns_the_same_document(harness, make_entry):
    entry = make_entry()
    first = posted(harness, entry)
    assert harness.ledger().post(entry).reference == first.reference
    assert harness.documents("NLH", entry.key) == 1


def test_a_key_that_is_taken_by_other_lines_shows_in_the_comparison(harness, make_entry):
    entry = make_entry(amount="10.00")
    posted(harness, entry)
    other = make_entry(key=entry.key, amount="10.01")
    assert "line 1: debit" in compare(other, harness.ledger().post(other))
    assert harness.documents("NLH", entry.key) == 1


def test_entities_do_not_see_each_others_documents(harness, make_entry):
    entry = make_entry("NPG")
    posted(harness, entry)
    assert harness.ledger().find("NLH", entry.key) is None
    assert harness.documents("NPG", entry.key) == 1


def test_documents_of_two_entities_never_share_a_reference(harness, make_entry):
    found = [posted(harness, make_entry(entity)) for entity in ("NLH", "NPG") * 3]
    assert len({document.reference for document in found}) == 6


def test_a_closed_period_refuses_and_nothing_is_left(harness, make_entry):
    entry = make_entry(day=date(2026, 2, 11))
    assert next(p for p in harness.ledger().periods("NLH") if p.start == date(2026, 2, 1)).is_open
    harness.close_period("NLH", date(2026, 2, 1))
    with pytest.raises(ErpRejected) as refusal:
        harness.ledger().post(entry)
    assert refusal.value.reason_code == Reason.PERIOD_CLOSED
    assert harness.ledger().find("NLH", entry.key) is None
    closed = next(p for p in harness.ledger().periods("NLH") if p.start == date(2026, 2, 1))
    assert (closed.is_open, closed.end) == (False, date(2026, 2, 28))


def test_an_account_that_is_not_there_refuses_and_nothing_is_left(harness, make_entry):
    entry = make_entry(accounts=("1110", "7777"))
    with pytest.raises(ErpRejected) as refusal:
        harness.ledger().post(entry)
    assert refusal.value.reason_code == Reason.ACCOUNT_UNKNOWN
    assert harness.documents("NLH", entry.key) == 0


def test_an_account_that_was_closed_is_told_and_refuses(harness, make_entry):
    harness.close_account("NLH", "6320")
    (account,) = [a for a in harness.ledger().accounts("NLH") if a.account == "6320"]
    assert not account.is_active
    with pytest.raises(ErpRejected) as refusal:
        harness.ledger().post(make_entry(accounts=("6320", "4010")))
    assert refusal.value.reason_code == Reason.ACCOUNT_UNKNOWN


def test_accounts_go_by_our_numbers(harness):
    active = {a.account for a in harness.ledger().accounts("NLH") if a.is_active}
    assert {"1010", "1050", "1110", "4010"} <= active


def test_segments_go_by_our_names(harness):
    ledger = harness.ledger()
    told = {(s.dimension, s.value) for s in ledger.segments("NLH") if s.is_active}
    carried = ledger.capabilities.dimensions
    expected = {("facility", "MAIN"), ("payer_class", "commercial"), ("payer_class", "medicare")}
    assert {one for one in expected if one[0] in carried} <= told
    assert {dimension for dimension, _ in told} == set(carried)


def test_balances_are_the_sums_of_posted_documents_as_of_a_day(harness, make_entry):
    day = date(2026, 7, 7)
    ledger = harness.ledger()
    before = [ledger.balances("NPG", d).get("1110", Decimal(0)) for d in (day, date(2026, 7, 8))]
    posted(harness, make_entry("NPG", day=date(2026, 7, 8), amount="7.25"))
    after = [ledger.balances("NPG", d).get("1110", Decimal(0)) for d in (day, date(2026, 7, 8))]
    assert [b - a for a, b in zip(before, after, strict=True)] == [Decimal(0), Decimal("14.50")]


def test_what_somebody_else_posts_on_our_accounts_is_seen(harness, make_entry):
    day = date(2026, 9, 3)
    entry = make_entry(day=day)
    posted(harness, entry)
    harness.enter_by_hand("NLH", day, "1110", "4010", "3.33")
    found = [r for r in harness.ledger().lines_on("NLH", ["1110"], day) if r.accounting_date == day]
    assert {line.account for line in found} == {"1110"}
    assert sorted(r.debit for r in found if r.key != entry.key) == [Decimal("3.33")]
    assert sum(r.debit for r in found if r.key == entry.key) == Decimal("160.50")
    later = harness.ledger().lines_on("NLH", ["1110"], day + timedelta(days=1))
    assert all(line.accounting_date > day for line in later)


def test_dimensions_that_the_erp_carries_come_back(dimensioned, make_entry):
    carried = dimensioned.ledger().capabilities.dimensions
    lines = tuple(
        replace(line, facility="EAST", payer_class="medicare") for line in make_entry().lines
    )
    entry = replace(make_entry(), lines=lines)
    back = posted(dimensioned, entry).lines
    for dimension in carried:
        assert {getattr(line, dimension) for line in back} == {getattr(lines[0], dimension)}


def test_a_dimension_without_a_segment_is_refused_before_anything_is_sent(dimensioned, make_entry):
    lines = tuple(replace(line, facility="MOON", payer_class="moon") for line in make_entry().lines)
    entry = replace(make_entry(), lines=lines)
    with pytest.raises(ErpRejected) as refusal:
        dimensioned.ledger().post(entry)
    assert refusal.value.reason_code == Reason.MAPPING
    assert dimensioned.documents("NLH", entry.key) == 0


def test_an_entry_with_more_lines_than_a_document_takes_is_refused(limited, make_entry):
    most = limited.ledger().capabilities.max_lines
    pair = make_entry().lines[:2]
    count = most // 2 * 2 + 2
    lines = tuple(replace(pair[n % 2], line_no=n + 1) for n in range(count))
    entry = replace(make_entry(), lines=lines)
    with pytest.raises(ErpRejected) as refusal:
        limited.ledger().post(entry)
    assert refusal.value.reason_code == Reason.TOO_LARGE


def test_the_table_of_capabilities_is_filled_in(harness):
    row = harness.ledger().capabilities
    assert row.read_back_key
    assert row.period_error
    assert row.max_lines > 1
    assert row.quiescence >= timedelta(0)


def test_what_an_erp_is_asked_for_here_is_what_it_can(harness):
    row = harness.ledger().capabilities
    can = {
        "dimensioned": bool(row.dimensions),
        "limited": row.max_lines <= MOST_LINES,
        "posting_later": not row.confirms_posting,
    }
    assert can == {fixture: harness.name in ABLE[fixture] for fixture in can}


@pytest.mark.parametrize("fault", LOST, ids=lambda f: f.name)
def test_a_lost_answer_is_unknown_and_reading_back_leaves_one_document(faulty, make_entry, fault):
    entry = make_entry()
    faulty.fault(fault)
    with pytest.raises(ErpUnknown):
        faulty.ledger().post(entry)
    assert compare(entry, settled(faulty, entry)) == []
    assert faulty.documents("NLH", entry.key) == 1


@pytest.mark.parametrize("fault", NEVER_DONE, ids=lambda f: f.name)
def test_an_answer_that_says_nothing_is_unknown_too(faulty, make_entry, fault):
    entry = make_entry()
    faulty.fault(fault)
    with pytest.raises(ErpUnknown):
        faulty.ledger().post(entry)
    assert compare(entry, settled(faulty, entry)) == []
    assert faulty.documents("NLH", entry.key) == 1


def test_a_throttled_entry_is_busy_and_nothing_was_taken(faulty, make_entry):
    entry = make_entry()
    faulty.fault(Fault.THROTTLED)
    with pytest.raises(ErpBusy) as busy:
        faulty.ledger().post(entry)
    assert busy.value.reason_code == Reason.THROTTLED
    assert faulty.ledger().find("NLH", entry.key) is None
    assert compare(entry, posted(faulty, entry)) == []


def test_a_slow_answer_is_waited_for(faulty, make_entry):
    entry = make_entry()
    faulty.fault(Fault.SLOW)
    assert compare(entry, posted(faulty, entry)) == []


def test_a_document_that_comes_after_we_gave_up_is_found_later(faulty, make_entry):
    entry = make_entry()
    faulty.fault(Fault.LATE)
    with pytest.raises(ErpUnknown):
        faulty.ledger(answer_seconds=faulty.faults.late_seconds / 2).post(entry)
    for _ in range(20):  # what takes several requests never comes by itself
        if faulty.ledger().find("NLH", entry.key) is not None:
            break
        time.sleep(faulty.faults.late_seconds / 10)
    assert compare(entry, settled(faulty, entry)) == []
    assert faulty.documents("NLH", entry.key) == 1


def test_an_erp_that_cannot_be_reached_is_busy(faulty, make_entry, monkeypatch):
    ledger = faulty.ledger()
    monkeypatch.setattr("socket.socket.connect", _refused)
    with pytest.raises(ErpBusy) as busy:
        ledger.post(make_entry())
    assert busy.value.reason_code == Reason.UNAVAILABLE


def test_an_erp_that_posts_later_says_what_is_waiting(posting_later, make_entry):
    entry = make_entry()
    for _ in range(2):
        with pytest.raises(ErpUnknown) as unknown:
            posting_later.ledger().post(entry)
        assert unknown.value.reason_code == Reason.AWAITING_POST
    created = posting_later.ledger().find("NLH", entry.key)
    assert compare(entry, created) == ["the document is not posted"]
    assert posting_later.documents("NLH", entry.key) == 0
    posting_later.run_batch()
    assert compare(entry, posting_later.ledger().find("NLH", entry.key)) == []
    assert posting_later.documents("NLH", entry.key) == 1


def test_an_erp_that_cannot_search_says_so(harness):
    row = harness.ledger().capabilities
    assert row.can_read_back or row.idempotency is Idempotency.NOTHING


def _refused(*_: object) -> None:
    raise ConnectionRefusedError


def test_no_text_of_an_outcome_carries_a_value_of_the_document(harness, make_entry):
    entry = make_entry(accounts=("1110", "7777"), amount="4711.07")
    with pytest.raises(ErpRejected) as refusal:
        harness.ledger().post(entry)
    assert "4711" not in str(refusal.value)
    assert entry.key not in str(refusal.value)


def test_lines_without_a_dimension_are_posted_without_one(harness, make_entry):
    entry = make_entry()
    assert all(not line.facility for line in entry.lines)
    lines = posted(harness, entry).lines
    assert {(line.facility, line.payer_class) for line in lines} == {("", "")}
    assert all(isinstance(line, JournalLine) for line in lines)
