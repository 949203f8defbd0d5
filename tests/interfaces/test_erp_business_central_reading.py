"""What is read from Business Central: over all pages, in our names, and whose lines they are."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.ledger.erp import ErpUnknown, compare
from resources.erp.business_central_names import document_number
from sandbox.erp.books import BookLine
from tests.fixtures.erp.business_central import environment

pytestmark = pytest.mark.promise(
    "Business Central is read over all pages, in our names, ours and theirs told apart"
)


@pytest.fixture
def bc():
    with environment() as made:
        yield made


@pytest.fixture
def entry(make_entry):
    return make_entry()


def test_a_line_with_a_copied_description_is_not_ours(bc, entry):
    bc.ledger().post(entry)
    ours = bc.harness.companies["NLH"].documents[0].lines[0].text
    lines = [
        BookLine("11100", Decimal(1), Decimal(0), ours),
        BookLine("4010", Decimal(0), Decimal(1)),
    ]
    bc.harness.companies["NLH"].add("FOREIGN", date(2026, 5, 9), "", lines, is_posted=True)
    found = bc.ledger().lines_on("NLH", ["1110"], date(2026, 5, 1))
    assert [line.key for line in found] == [entry.key, entry.key, ""]


def test_everything_is_read_over_all_pages(bc, entry):
    before = bc.ledger()
    before.post(entry)
    whole = (
        before.find("NLH", entry.key), before.accounts("NLH"), before.periods("NLH"),
        before.balances("NLH", date(2026, 12, 31)),
        before.lines_on("NLH", ["1110", "4010"], date(2026, 1, 1)),
    )  # fmt: skip
    bc.stub.page_size = 2
    after = bc.ledger()
    assert whole == (
        after.find("NLH", entry.key), after.accounts("NLH"), after.periods("NLH"),
        after.balances("NLH", date(2026, 12, 31)),
        after.lines_on("NLH", ["1110", "4010"], date(2026, 1, 1)),
    )  # fmt: skip


def test_lines_of_an_account_have_their_side(bc, entry):
    bc.ledger().post(entry)
    found = bc.ledger().lines_on("NLH", ["1110", "4010"], date(2026, 5, 1))
    sides = {(one.account, one.debit, one.credit) for one in found}
    value, nothing = Decimal("80.25"), Decimal(0)
    assert sides == {("1110", value, nothing), ("4010", nothing, value)}
    document = bc.ledger().find("NLH", entry.key)
    assert {one.reference for one in found} == {document.reference}


def test_a_next_page_somewhere_else_is_not_asked_for(bc, monkeypatch):
    real = bc.stub._rows

    def elsewhere(*args):
        reply = real(*args)
        reply.body["@odata.nextLink"] = "https://elsewhere.example/page"
        return reply

    monkeypatch.setattr(bc.stub, "_rows", elsewhere)
    with pytest.raises(ErpUnknown):
        bc.ledger().accounts("NLH")


def test_the_allowed_range_is_what_makes_a_period_open(bc):
    bc.harness.close_period("NLH", date(2026, 3, 1))
    is_open = {one.start: one.is_open for one in bc.ledger().periods("NLH")}
    assert (is_open[date(2026, 3, 1)], is_open[date(2026, 4, 1)]) == (False, True)
    assert max(is_open) == date(2027, 12, 1)


def test_a_heading_is_no_account_to_post_to(bc):
    (heading,) = [one for one in bc.ledger().accounts("NLH") if one.account == "1000"]
    assert not heading.is_active


def test_segments_are_the_values_of_the_named_dimensions(bc):
    found = {(one.dimension, one.value) for one in bc.ledger().segments("NLH")}
    assert found == {("facility", "MAIN"), ("facility", "EAST"), ("payer_class", "commercial"),
                     ("payer_class", "medicare"), ("payer_class", "other")}  # fmt: skip


def test_a_reversal_under_the_same_number_shows_in_the_comparison(bc, entry):
    bc.ledger().post(entry)
    company = bc.harness.companies["NLH"]
    back = [replace(one, debit=one.credit, credit=one.debit) for one in company.documents[0].lines]
    company.add(document_number(entry.key), entry.accounting_date, "", back, is_posted=True)
    found = bc.ledger().post(entry)
    assert compare(entry, found) == ["4 lines sent, 8 there"]
