"""Conversion lists: read whole or not at all, and a problem says where and which rule."""

from datetime import date
from decimal import Decimal

import pytest

from billing.ledger.opening import (
    KINDS,
    Known,
    OpeningError,
    OpeningLine,
    StatedBalance,
    read_balances,
    read_opening,
)

pytestmark = pytest.mark.promise(
    "A conversion list is read whole or refused by file, line and rule"
)

KNOWN = Known({"NLH": frozenset({"MAIN", "NONE"})}, frozenset({"medicare", "self_pay"}))
HEADING = "entity,account_kind,account_number,payer_class,facility,amount,cutover_date"
GOOD = "NLH,payer_receivable,A-100,medicare,MAIN,500.00,2026-08-31"


def read(*lines, heading=HEADING):
    return read_opening("list.csv", "\n".join([heading, *lines]).encode(), KNOWN)


def problems(act):
    with pytest.raises(OpeningError) as found:
        act()
    return found.value.problems


def test_a_line_is_read_with_its_place_in_the_file():
    assert read(GOOD) == [OpeningLine(2, "NLH", "payer_receivable", "A-100", "medicare", "MAIN",
                                      Decimal("500.00"), date(2026, 8, 31))]  # fmt: skip


def test_the_mark_of_a_spreadsheet_at_the_beginning_is_no_problem():
    content = b"\xef\xbb\xbf" + f"{HEADING}\r\n{GOOD}\r\n".encode()
    assert len(read_opening("list.csv", content, KNOWN)) == 1


@pytest.mark.parametrize(("place", "value", "rule"), [
    (0, "XYZ", "ENTITY"), (1, "receivable", "KIND"), (2, "", "ACCOUNT"), (3, "vip", "CLASS"),
    (4, "EAST", "FACILITY"), (5, "0.00", "AMOUNT"), (5, "-5.00", "AMOUNT"), (5, "1.005", "AMOUNT"),
    (5, "1e3", "AMOUNT"), (5, "NaN", "AMOUNT"), (6, "31.08.2026", "DATE"),
    (6, "2026-02-30", "DATE"),
])  # fmt: skip
def test_a_bad_value_is_named_by_file_line_and_rule(place, value, rule):
    values = GOOD.split(",")
    values[place] = value
    found = problems(lambda: read(GOOD.replace("A-100", "A-1"), ",".join(values)))
    assert [one.split(": ")[:2] for one in found if f" {rule}: " in one] == [
        ["list.csv, line 3", rule]]  # fmt: skip


def test_every_problem_is_named_and_no_account():
    found = problems(lambda: read("XYZ,none,SECRET-7,vip,EAST,x,y"))
    assert [one.split(": ")[1] for one in found] == [
        "ENTITY", "KIND", "CLASS", "FACILITY", "AMOUNT", "DATE"]  # fmt: skip
    assert "SECRET" not in "".join(found)


def test_an_account_stands_once_under_a_kind():
    assert problems(lambda: read(GOOD, GOOD)) == ["list.csv, line 3: TWICE: the account of line 2"]
    assert len(read(GOOD, GOOD.replace("payer_receivable", "patient_receivable"))) == 2


def test_an_entity_has_one_cutover():
    (found,) = problems(
        lambda: read(GOOD, GOOD.replace("A-100,", "A-2,").replace("08-31", "07-31"))
    )
    assert "line 3: CUTOVER" in found


@pytest.mark.parametrize(("content", "rule"), [
    (b"entity,amount\nNLH,1\n", "HEADING"), (b"", "HEADING"), (HEADING.encode(), "EMPTY"),
    (b"\xff\xfe", "ENCODING"), (f"{HEADING}\nNLH,payer_receivable".encode(), "FORMAT"),
    (f'{HEADING}\n"NLH'.encode(), "FORMAT"),
], ids=["heading", "nothing", "no line", "encoding", "short", "quote"])  # fmt: skip
def test_what_is_no_list_is_said_to_be_none(content, rule):
    (found,) = problems(lambda: read_opening("list.csv", content, KNOWN))
    assert f"{rule}: " in found


def test_a_long_list_of_problems_is_cut():
    with pytest.raises(OpeningError, match="and 10 more"):
        read(*(["XYZ" + GOOD[3:].replace("MAIN", "NONE")] * 15))


def test_what_the_erp_held_is_read_debit_positive():
    content = b"entity,account,balance\nNLH,1110,500.00\nNLH,2125,-20.00\n"
    assert read_balances("held.csv", content, KNOWN) == [
        StatedBalance("NLH", "1110", Decimal("500.00")),
        StatedBalance("NLH", "2125", Decimal("-20.00")),
    ]


@pytest.mark.parametrize(
    ("line", "rule"),
    [("XYZ,1110,1.00", "ENTITY"), ("NLH,1010,1.00", "ACCOUNT"), ("NLH,1110,one", "AMOUNT")],
)
def test_a_bad_balance_is_named_too(line, rule):
    content = f"entity,account,balance\n{line}\n".encode()
    (found,) = problems(lambda: read_balances("held.csv", content, KNOWN))
    assert found.startswith(f"held.csv, line 2: {rule}")


def test_a_balance_is_stated_once():
    content = b"entity,account,balance\nNLH,1110,1.00\nNLH,1110,1.00\n"
    (found,) = problems(lambda: read_balances("held.csv", content, KNOWN))
    assert "line 3: TWICE" in found


def test_each_kind_is_of_one_account():
    assert len(set(KINDS.values())) == len(KINDS) == 4
