"""Lines of a manual entry from a file: whole, balanced, and errors that tell no content."""

from decimal import Decimal

import pytest

from billing.ledger.manual import ManualEntryError, ManualLine, read_lines

pytestmark = pytest.mark.promise(
    "A manual entry's file is read whole and balanced, or refused by rule"
)

GOOD = """account,debit,credit,key,memo
6230,25.00,,k-1,fee
1220,,25.00,MCR01,
"""


def test_a_file_becomes_typed_lines():
    assert read_lines(GOOD) == (
        ManualLine("6230", Decimal("25.00"), Decimal(0), "k-1", memo="fee"),
        ManualLine("1220", Decimal(0), Decimal("25.00"), "MCR01"),
    )


def test_a_byte_order_mark_and_missing_columns_are_no_obstacle():
    text = "\ufeffaccount,credit,debit\n1010,5,\n6230,,5\n"
    assert [one.debit - one.credit for one in read_lines(text)] == [Decimal(-5), Decimal(5)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("account,debit", "account,amount", "the columns are"),
        ("key,memo", "key,patient", "the columns are"),
        ("25.00,,k-1", "25.00,25.00,k-1", "either a debit or a credit"),
        ("25.00,,k-1", ",,k-1", "either a debit or a credit"),
        ("25.00,,k-1", "-25.00,,k-1", "not negative"),
        ("25.00,,k-1", "25.001,,k-1", "whole cents"),
        ("25.00,,k-1", "NaN,,k-1", "not negative"),
        ("25.00,,k-1", "1e3,,k-1", "debits less credits"),
        ("25.00,,k-1", "1e30,,k-1", "at most 12 digits"),
        ("25.00,,k-1", "1e999999999,,k-1", "at most 12 digits"),
        ("25.00,,k-1", "1000000000000,,k-1", "at most 12 digits"),
        ("25.00,,k-1", "9" * 5000 + ",,k-1", "an amount is a number"),
        ("25.00,,k-1", "CANARY,,k-1", "an amount is a number"),
        ("25.00,,k-1", "26.00,,k-1", "debits less credits are 1.00"),
        ("1220,,25.00,MCR01,\n", "", "at least two lines"),
        ("1220,,25.00,MCR01,\n", "1220,,25.00\n", "as many fields"),
        ("1220,,25.00,MCR01,\n", "1220,,25.00,MCR01,,CANARY\n", "as many fields"),
        (",fee", "," + "x" * 101, "at most 100"),
        (",fee", ',"CANARY', "no CSV|fields"),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused_by_the_rule(old, new, said):
    with pytest.raises(ManualEntryError, match=said) as refusal:
        read_lines(GOOD.replace(old, new))
    assert "CANARY" not in str(refusal.value)


def test_a_line_has_a_key_or_an_account_number():
    text = "account,debit,credit,key,account_number\n1120,5,,k,A1\n6230,,5,k,\n"
    with pytest.raises(ManualEntryError, match="not both"):
        read_lines(text)
