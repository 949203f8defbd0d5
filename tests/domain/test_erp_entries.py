"""What an ERP may be sent at all, and the comparison of what was sent with what is there."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.ledger.erp import (
    POSTED,
    ErpDocument,
    InvalidEntryError,
    JournalEntry,
    JournalLine,
    compare,
)

pytestmark = pytest.mark.promise(
    "Only a balanced, complete entry can be sent to an ERP",
    "A difference between what was sent and what the ERP has is named by line",
)

TEN, NOTHING = Decimal("10.00"), Decimal(0)
DEBIT = JournalLine(1, "1010", TEN, NOTHING, "JR11 2026-05 MAIN commercial")
CREDIT = JournalLine(2, "1050", NOTHING, TEN, "JR11 2026-05 MAIN commercial")


def entry_of(*lines: JournalLine, **changed: object) -> JournalEntry:
    facts = {
        "entity": "NLH",
        "key": "k1",
        "entry_no": 1,
        "accounting_date": date(2026, 5, 9),
        "description": "Tieout entry 1",
        "lines": lines or (DEBIT, CREDIT),
    }
    return JournalEntry(**{**facts, **changed})


def document_of(entry: JournalEntry, **changed: object) -> ErpDocument:
    document = ErpDocument("7", "2026/1", entry.key, POSTED, entry.accounting_date, entry.lines)
    return replace(document, **changed)


def test_a_balanced_entry_is_built_and_knows_its_total():
    assert entry_of().debit_total == TEN


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param((DEBIT, replace(CREDIT, credit=Decimal("9.99"))), id="a cent off"),
        pytest.param((DEBIT,), id="one side only"),
        pytest.param((DEBIT, replace(CREDIT, debit=-TEN, credit=NOTHING)), id="negative debit"),
        pytest.param(
            (replace(DEBIT, debit=Decimal("10.001")), replace(CREDIT, credit=Decimal("10.001"))),
            id="finer than a cent",
        ),
        pytest.param((DEBIT, CREDIT, replace(DEBIT, line_no=3, debit=NOTHING)), id="nothing"),
        pytest.param(
            (replace(DEBIT, credit=TEN), replace(CREDIT, debit=TEN)), id="both sides of a line"
        ),
        pytest.param((DEBIT, replace(CREDIT, line_no=3)), id="a gap in the numbers"),
        pytest.param((CREDIT, DEBIT), id="numbers out of order"),
        pytest.param((replace(DEBIT, account=""), CREDIT), id="no account"),
        pytest.param((replace(DEBIT, description="two\nlines"), CREDIT), id="line break"),
        pytest.param((replace(DEBIT, description=" blank"), CREDIT), id="blank at the start"),
        pytest.param((replace(DEBIT, debit=Decimal("NaN")), CREDIT), id="not a number"),
        pytest.param((replace(DEBIT, debit=10.0), CREDIT), id="a float"),
    ],
)
def test_an_entry_that_no_erp_may_be_sent_cannot_be_built(lines):
    with pytest.raises(InvalidEntryError):
        entry_of(*lines)


@pytest.mark.parametrize("changed", [{"key": ""}, {"entity": ""}, {"key": "k "}, {"lines": ()}])
def test_an_entry_needs_an_entity_a_key_and_lines(changed):
    with pytest.raises(InvalidEntryError):
        entry_of(**changed)


def test_a_refused_line_is_named_by_its_number_and_never_by_its_values():
    with pytest.raises(InvalidEntryError) as refusal:
        entry_of(DEBIT, replace(CREDIT, credit=Decimal("9.999")))
    assert str(refusal.value) == "line 2: amounts are whole cents from zero to 9999999999999999.99"


def test_an_equal_document_has_no_differences_whatever_the_scale_of_its_amounts():
    entry = entry_of()
    lines = (replace(DEBIT, debit=Decimal("10.0")), replace(CREDIT, debit=Decimal("0.00")))
    assert compare(entry, document_of(entry, lines=lines)) == []


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        ({"state": "draft"}, "the document is not posted"),
        ({"key": "k2"}, "key"),
        ({"accounting_date": date(2026, 5, 10)}, "accounting date"),
        ({"lines": (DEBIT,)}, "2 lines sent, 1 there"),
        ({"lines": (DEBIT, replace(CREDIT, account="1055"))}, "line 2: account"),
        ({"lines": (replace(DEBIT, debit=Decimal("10.01")), CREDIT)}, "line 1: debit"),
        ({"lines": (DEBIT, replace(CREDIT, credit=Decimal("9.99")))}, "line 2: credit"),
        ({"lines": (replace(DEBIT, description="JR11"), CREDIT)}, "line 1: description"),
    ],
)
def test_each_difference_is_named(changed, difference):
    entry = entry_of()
    assert compare(entry, document_of(entry, **changed)) == [difference]


def test_swapped_lines_are_a_difference():
    entry = entry_of()
    swapped = (replace(CREDIT, line_no=1), replace(DEBIT, line_no=2))
    assert "line 1: account" in compare(entry, document_of(entry, lines=swapped))
