"""Reading from NetSuite over SuiteQL: pages that add up, periods, dimensions, literals."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.ledger.erp import ErpUnknown, Reason, compare
from resources.erp.netsuite_http import NetsuiteClient
from sandbox.erp.books import BookLine
from sandbox.erp.netsuite_errors import NetsuiteError
from tests.fixtures.erp.netsuite import netsuite

pytestmark = pytest.mark.promise("NetSuite is read over pages that add up, in our names")

FEBRUARY = date(2026, 2, 1)


@pytest.fixture
def account():
    """A NetSuite account of its own for each test."""
    with netsuite() as made:
        yield made


def test_reads_tell_no_outcome_but_unknown(account, monkeypatch):
    def busy(*_):
        raise NetsuiteError(429, "CONCURRENCY_LIMIT_EXCEEDED", "Request blocked.")

    monkeypatch.setattr(account.stub._suiteql, "rows", busy)
    ledger, day = account.ledger(), date(2026, 5, 1)
    for read in (
        lambda: ledger.find("NLH", "k"),
        lambda: ledger.periods("NLH"),
        lambda: ledger.accounts("NLH"),
        lambda: ledger.segments("NLH"),
        lambda: ledger.balances("NLH", day),
        lambda: ledger.lines_on("NLH", ["1110"], day),
    ):
        with pytest.raises(ErpUnknown):
            read()


def test_a_journal_in_another_period_than_its_date_shows_in_the_comparison(account, make_entry):
    entry = make_entry(day=FEBRUARY)
    posted = account.ledger().post(entry)
    account.stub.books.posted_in[posted.reference] = date(2026, 3, 1)
    moved = account.ledger().find("NLH", entry.key)
    assert compare(entry, moved) == ["accounting date"]
    assert moved.accounting_date == date(2026, 3, 1)


def test_lines_beyond_one_page_all_come_once(account):
    company, day = account.companies["NLH"], date(2026, 9, 1)
    for n in range(1, 1301):
        sides = [
            BookLine("11100", Decimal(n), Decimal(0)),
            BookLine("4010", Decimal(0), Decimal(n)),
        ]
        company.add(f"k{n}", day, "", sides, is_posted=True)
    found = account.ledger().lines_on("NLH", ["1110", "4010"], day)
    assert [line.debit for line in found if line.account == "1110"] == list(range(1, 1301))
    assert len(found) == 2600
    assert account.ledger().balances("NLH", day)["4010"] == -sum(range(1, 1301))


@pytest.mark.parametrize(
    ("page", "reason"),
    (
        ({"items": [], "hasMore": False, "totalResults": 1}, Reason.UNREADABLE_ANSWER),
        ({"items": [{}], "hasMore": True, "totalResults": 2}, Reason.UNREADABLE_ANSWER),
        ({"items": [], "totalResults": 0}, Reason.UNREADABLE_ANSWER),
        ({"items": [{}] * 1000, "hasMore": True, "totalResults": 100_001}, Reason.TOO_LARGE),
    ),
)
def test_rows_that_netsuite_would_leave_out_are_never_taken_for_all(
    account, monkeypatch, page, reason
):
    monkeypatch.setattr(NetsuiteClient, "_page", lambda *_: page)
    with pytest.raises(ErpUnknown) as outcome:
        account.ledger().lines_on("NLH", ["1110"], date(2026, 9, 1))
    assert outcome.value.reason_code == reason


def test_no_accounts_are_asked_for_with_no_statement(account):
    assert account.ledger().lines_on("NLH", [], date(2026, 9, 1)) == []


def test_a_key_with_a_quote_is_a_literal_and_nothing_more(account, make_entry):
    entry = make_entry(key="test-o'brien")
    assert compare(entry, account.ledger().post(entry)) == []
    assert account.ledger().find("NLH", "x' OR t.externalid LIKE '%") is None


def test_segments_go_by_our_words(account):
    found = {(s.dimension, s.value, s.is_active) for s in account.ledger().segments("NLH")}
    assert ("facility", "EAST", True) in found
    assert ("payer_class", "medicare", True) in found


def test_dimensions_are_a_matter_of_configuration(account, make_entry):
    for company in account.companies.values():
        company.segments["department"] = {"200": True, "100": True}
    ledger = account.ledger_with(dimensions={"facility": "department"})
    entry = make_entry()
    lines = tuple(replace(line, facility="EAST", payer_class="medicare") for line in entry.lines)
    back = ledger.post(replace(entry, lines=lines)).lines
    assert {(line.facility, line.payer_class) for line in back} == {("EAST", "")}
    kept = account.companies["NLH"].with_key(entry.key)[0].lines
    assert {line.segments for line in kept} == {(("department", "200"),)}
