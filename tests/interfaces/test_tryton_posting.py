"""Journal entries in a real Tryton: exactly one document per key, and nothing left of a refusal."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.ledger.erp import ErpRejected, JournalLine, Reason, compare
from resources.erp.tryton import MOVE
from resources.erp.tryton_http import TrytonRefusedError

pytestmark = pytest.mark.promise(
    "Tryton gets one document per key, equal to its entry, numbered without a gap",
    "A refusal of Tryton leaves nothing behind and repeats no value",
)


def test_a_posted_entry_reads_back_equal_line_by_line(tryton, make_entry):
    entry = make_entry()
    document = tryton.ledger().post(entry)
    assert compare(entry, document) == []
    assert document == tryton.ledger().find("NLH", entry.key)
    assert document.number.startswith("2026/")


def test_a_long_entry_keeps_the_order_of_its_lines(tryton, make_entry):
    pair = make_entry().lines[:2]
    lines = [
        replace(pair[n % 2], line_no=n + 1, description=f"JR02 {n} EAST other") for n in range(120)
    ]
    entry = replace(make_entry(), lines=tuple(lines))
    assert compare(entry, tryton.ledger().post(entry)) == []


def test_posting_a_key_again_returns_the_same_document(tryton, make_entry):
    entry = make_entry()
    first = tryton.ledger().post(entry)
    assert tryton.ledger().post(entry) == first
    assert tryton.moves(entry.key) == 1


def test_a_key_that_is_taken_by_other_lines_shows_in_the_comparison(tryton, make_entry):
    entry = make_entry(amount="10.00")
    tryton.ledger().post(entry)
    other = make_entry(key=entry.key, amount="10.01")
    document = tryton.ledger().post(other)
    assert "line 1: debit" in compare(other, document)
    assert tryton.moves(entry.key) == 1


def test_eight_at_once_with_one_key_make_one_document(tryton, make_entry):
    entry = make_entry()
    with ThreadPoolExecutor(max_workers=8) as pool:
        documents = list(pool.map(lambda _: tryton.ledger().post(entry), range(8)))
    assert len(set(documents)) == 1
    assert compare(entry, documents[0]) == []
    assert tryton.moves(entry.key) == 1


def test_eight_at_once_with_their_own_keys_are_all_posted_and_numbered_without_a_gap(
    tryton, make_entry
):
    entries = [make_entry("NPG", day=date(2025, 7, 3)) for _ in range(8)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        documents = list(pool.map(tryton.ledger().post, entries))
    numbers = sorted(int(document.number.partition("/")[2]) for document in documents)
    assert numbers == list(range(numbers[0], numbers[0] + 8))


def test_a_copy_made_in_tryton_does_not_carry_the_key(tryton, make_entry):
    entry = make_entry()
    document = tryton.ledger().post(entry)
    count = "select count(*) from account_move where description = %s and state = 'draft'"
    before = tryton.count(count, entry.description)
    tryton.ledger()._client("NLH").act(MOVE, document.reference, "copy")
    assert tryton.count(count, entry.description) == before + 1
    assert tryton.moves(entry.key) == 1
    assert tryton.ledger().find("NLH", entry.key) == document


def test_the_same_key_in_two_companies_is_two_documents(tryton, make_entry):
    entry = make_entry("NLH")
    there = tryton.ledger().post(entry)
    here = tryton.ledger().post(make_entry("NPG", key=entry.key))
    assert there.reference != here.reference


def test_a_closed_period_refuses_and_nothing_is_left(tryton, make_entry):
    entry = make_entry(day=date(2025, 3, 14))
    period = _period_of(tryton, entry)
    assert period.is_open
    tryton.accountant("NLH").close_period(period.reference)
    with pytest.raises(ErpRejected) as refusal:
        tryton.ledger().post(entry)
    assert refusal.value.reason_code == Reason.PERIOD_CLOSED
    assert tryton.moves(entry.key) == 0
    assert not _period_of(tryton, entry).is_open
    assert _period_of(tryton, replace(entry, entity="NPG")).is_open


def test_a_reopened_period_takes_entries_again(tryton, make_entry):
    entry = make_entry(day=date(2025, 4, 14))
    tryton.ledger().post(make_entry(day=entry.accounting_date))
    reference = _period_of(tryton, entry).reference
    tryton.accountant("NLH").close_period(reference)
    tryton.accountant("NLH").reopen_period(reference)
    assert compare(entry, tryton.ledger().post(entry)) == []


def test_a_date_without_a_period_is_refused_before_anything_is_sent(tryton, make_entry):
    entry = make_entry(day=date(1999, 12, 31))
    with pytest.raises(ErpRejected) as refusal:
        tryton.ledger().post(entry)
    assert refusal.value.reason_code == Reason.PERIOD_CLOSED
    assert tryton.moves(entry.key) == 0


def test_an_account_that_the_chart_lacks_is_refused_before_anything_is_sent(tryton, make_entry):
    entry = make_entry(accounts=("1110", "7777"))
    with pytest.raises(ErpRejected) as refusal:
        tryton.ledger().post(entry)
    assert refusal.value.reason_code == Reason.ACCOUNT_UNKNOWN
    assert tryton.moves(entry.key) == 0


def test_an_account_closed_behind_our_back_is_refused_by_tryton_and_nothing_is_left(
    tryton, make_entry
):
    ledger = tryton.ledger()
    ledger.post(make_entry())
    with tryton.database.connect() as connection:
        connection.execute("update account_account set closed = true where code = '6320'")
    entry = make_entry(accounts=("6320", "4010"))
    with pytest.raises(ErpRejected) as refusal:
        ledger.post(entry)
    assert refusal.value.reason_code == Reason.ACCOUNT_UNKNOWN
    assert tryton.moves(entry.key) == 0


def test_an_entry_forced_out_of_balance_is_refused_by_tryton_and_its_draft_is_withdrawn(
    tryton, make_entry
):
    entry = make_entry()
    one_sided = (JournalLine(1, "1010", Decimal("5.00"), Decimal(0), "JR01 2026-05 MAIN other"),)
    object.__setattr__(entry, "lines", one_sided)
    with pytest.raises(ErpRejected) as refusal:
        tryton.ledger().post(entry)
    assert refusal.value.reason_code == Reason.UNBALANCED
    assert tryton.moves(entry.key) == 0


def test_a_poster_may_not_close_a_period(tryton, make_entry):
    client = tryton.ledger()._client("NLH")
    period = _period_of(tryton, make_entry(day=date(2025, 9, 1)))
    with pytest.raises(TrytonRefusedError) as refusal:
        client.act("account.period", period.reference, "close")
    assert refusal.value.status == 403


def test_no_refusal_repeats_a_value_of_the_document(tryton, make_entry):
    entry = make_entry(day=date(2025, 3, 15), amount="7654.32")
    object.__setattr__(entry, "lines", entry.lines[:1])
    with pytest.raises(ErpRejected) as refusal:
        tryton.ledger().post(entry)
    assert "7654.32" not in repr(refusal.value) + str(refusal.value.__cause__)


def test_balances_move_by_exactly_what_was_posted_and_ignore_drafts(tryton, make_entry):
    ledger, day = tryton.ledger(), date(2026, 8, 20)
    before = ledger.balances("NPG", day)
    ledger.post(make_entry("NPG", day=day, amount="19.99", accounts=("1130", "4010")))
    ledger._create(make_entry("NPG", day=day, amount="500.00", accounts=("1130", "4010")))
    after = ledger.balances("NPG", day)
    moved = {account: after[account] - before[account] for account in after}
    expected = {"1130": Decimal("39.98"), "4010": Decimal("-39.98")}
    assert {account: amount for account, amount in moved.items() if amount} == expected
    assert len(after) == 50


def test_balances_run_over_year_ends_and_stop_at_the_date(tryton, make_entry):
    ledger = tryton.ledger()
    old = make_entry("NPG", day=date(2025, 12, 31), amount="1.00", accounts=("6210", "1055"))
    new = make_entry("NPG", day=date(2026, 1, 1), amount="0.25", accounts=("6210", "1055"))
    ledger.post(old)
    ledger.post(new)
    assert ledger.balances("NPG", date(2025, 12, 30))["6210"] == Decimal(0)
    assert ledger.balances("NPG", date(2025, 12, 31))["6210"] == Decimal("2.00")
    assert ledger.balances("NPG", date(2026, 1, 1))["6210"] == Decimal("2.50")


def test_periods_are_the_months_of_both_years(tryton):
    periods = tryton.ledger().periods("NPG")
    months = [(year, month) for year in (2025, 2026) for month in range(1, 13)]
    assert [(p.start.year, p.start.month) for p in periods][: len(months)] == months
    assert periods[1].end == date(2025, 2, 28)


def _period_of(tryton, entry):
    day = entry.accounting_date
    (found,) = [p for p in tryton.ledger().periods(entry.entity) if p.start <= day <= p.end]
    return found
