"""Whole rows of bank, ACH and card files, worked out by hand: every column of every kind."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from billing.cash.ach import read_nacha
from billing.cash.ach_controls import direction
from billing.cash.bai2 import read_bai2
from billing.cash.fields import cleaned, from_minor_units
from billing.cash.reassociation import find_trace
from billing.intake import FileKind
from tests.domain.test_cash_ach import ach_file, batch
from tests.domain.test_cash_ach import entry as ach_entry
from tests.domain.test_cash_bai2 import bank_file, statement, transactions
from tests.domain.test_cash_cards import AT, CHARGE, MOVEMENT, PAYOUT, REFUND, rows

pytestmark = pytest.mark.promise(
    "Every column of a bank, ACH and card row says what the format's guide says"
)


MADE_AT = datetime.fromisoformat("2026-10-01T05:30")  # the bank's own time, no zone


def test_card_rows_have_every_column():
    assert rows("charge", CHARGE) == [{
        "segment": 1, "charge_id": "ch_1", "account_number": "A100", "merchant": "NLH",
        "amount": Decimal("123.45"), "currency": "usd", "status": "succeeded", "captured_at": AT,
        "balance_transaction_id": "txn_1",
    }]  # fmt: skip
    assert rows("refund", REFUND) == [{
        "segment": 1, "refund_id": "re_1", "charge_id": "ch_1", "amount": Decimal("0.45"),
        "currency": "usd", "status": "succeeded", "refunded_at": AT,
        "balance_transaction_id": "txn_2",
    }]  # fmt: skip
    assert rows("payout", PAYOUT) == [{
        "segment": 1, "payout_id": "po_1", "merchant": "NLH", "amount": Decimal("119.00"),
        "currency": "usd", "status": "paid", "arrival_date": AT.date(), "trace_number": "T77",
        "created_at": AT,
    }]  # fmt: skip
    assert rows("balance_transaction", {**MOVEMENT, "metadata": {"entity": "NLH"}}) == [{
        "segment": 1, "balance_transaction_id": "txn_1", "type": "charge", "source_id": "ch_1",
        "payout_id": "po_1", "merchant": "NLH", "amount": Decimal("123.45"),
        "fee_amount": Decimal("3.88"), "net_amount": Decimal("119.57"), "currency": "usd",
        "created_at": AT,
    }]  # fmt: skip


def test_charge_that_states_no_captured_amount_has_its_amount():
    (row,) = rows("charge", {k: v for k, v in CHARGE.items() if k != "amount_captured"})
    assert row["amount"] == Decimal("123.45")


def test_bank_statement_has_every_column():
    read = read_bai2(bank_file(statement("16,165,1500,Z,BR1,CR1,TEXT/")))
    (row,) = read.tables["bank_statement"].to_pylist()
    assert len(row.pop("content_hash")) == 64
    assert row == {
        "segment": 3, "statement_no": 1, "bank_id": "BANK", "bank_account": "4410001001",
        "as_of_date": date(2026, 9, 30), "currency": "USD", "opening_amount": Decimal("10.00"),
        "closing_amount": Decimal("35.00"), "finding_code": None,
        "file_made_at": MADE_AT, "file_number": 1,
    }  # fmt: skip
    assert (read.kind, read.records, read.segments) == (FileKind.BAI2, 1, 7)


def test_second_statement_is_numbered_two():
    read = read_bai2(bank_file(statement("16,165,1,Z,,,/"), statement("16,165,2,Z,,,/")))
    assert [row["statement_no"] for row in transactions(read)] == [1, 2]
    numbers = read.tables["bank_statement"]["statement_no"].to_pylist()
    assert numbers == [1, 2]


AVAILABILITY = {
    "S,500,1000,0,BR,CR,TEXT": ("S", date(2026, 9, 30)),
    "V,261002,2359,BR,CR,TEXT": ("V", date(2026, 10, 2)),
    "D,2,0,100,1,200,BR,CR,TEXT": ("D", date(2026, 9, 30)),
    "0,BR,CR,TEXT": ("0", date(2026, 9, 30)),
    ",BR,CR,TEXT": (None, date(2026, 9, 30)),
}


@pytest.mark.parametrize("text", AVAILABILITY)
def test_references_follow_the_fields_of_each_availability(text):
    (row,) = transactions(read_bai2(bank_file(statement(f"16,165,700,{text}, WITH COMMA/"))))
    funds_type, value_date = AVAILABILITY[text]
    assert row == {
        "segment": 4, "statement_no": 1, "transaction_no": 1, "type_code": "165",
        "direction": "credit", "amount": Decimal("7.00"), "value_date": value_date,
        "funds_type": funds_type, "bank_reference": "BR", "customer_reference": "CR",
        "description": "TEXT, WITH COMMA", "trace_number": None, "originator_id": None,
    }  # fmt: skip


def test_summary_with_availability_leaves_the_closing_balance_readable():
    """The opening of 10.00 says when it is available; the closing of 35.00 follows it."""
    plain = bank_file(statement("16,165,700,Z,,,/")).decode()
    told = plain.replace("010,1000,,,015,3500,,/", "010,1000,,D,2,0,300,1,700,015,3500,,S,1,2,3/")
    (row,) = read_bai2(told.encode()).tables["bank_statement"].to_pylist()
    assert (row["opening_amount"], row["closing_amount"]) == (Decimal("10.00"), Decimal("35.00"))


SIDES = {
    "credit": ("100", "399", "700", "759", "920", "959"),
    "debit": ("400", "699", "760", "799", "960", "999"),
}


@pytest.mark.parametrize("side", SIDES)
def test_type_codes_at_the_ends_of_their_ranges_name_a_side(side):
    lines = [f"16,{code},100,Z,,,/" for code in SIDES[side]]
    read = read_bai2(bank_file(statement(*lines)))
    assert [row["direction"] for row in transactions(read)] == [side] * len(lines)
    assert read.findings == ()


def test_information_line_is_silent_only_without_an_amount():
    lines = ["16,890,0,Z,,,/", "16,890,5,Z,,,/", "16,099,5,Z,,,/"]
    read = read_bai2(bank_file(statement(*lines)))
    assert [(one.code, one.severity, one.segment, one.amount, one.record_kind)
            for one in read.findings] == [
        ("UNKNOWN_TYPE_CODE", "warning", 5, Decimal("0.05"), "bank_transaction"),
        ("UNKNOWN_TYPE_CODE", "warning", 6, Decimal("0.05"), "bank_transaction"),
    ]  # fmt: skip


def test_account_in_yen_has_no_minor_unit():
    content = bank_file(statement("16,165,700,Z,,,/")).replace(b"4410001001,USD", b"4410001001,JPY")
    read = read_bai2(content)
    assert transactions(read)[0]["amount"] == Decimal("700.00")
    (row,) = read.tables["bank_statement"].to_pylist()
    assert (row["currency"], row["closing_amount"]) == ("JPY", Decimal("3500.00"))


def test_ach_entry_has_every_column():
    read = read_nacha(ach_file(batch([ach_entry(150_000, 1)])))
    assert read.tables["ach_entry"].to_pylist() == [{
        "segment": 3, "batch_no": 1, "entry_no": 1, "sec_code": "CCD",
        "company_id": "1520000001", "company_name": "FEDERAL SENIOR",
        "company_description": "HCCLAIMPMT", "transaction_code": "22", "direction": "credit",
        "amount": Decimal("1500.00"), "effective_date": date(2026, 9, 30),
        "ach_trace": "102000070000001", "trace_number": "E99",
        "originator_id": "1520000001", "finding_code": None,
    }]  # fmt: skip


def test_transaction_codes_name_the_side_of_the_receivers_account():
    side_of = {f"{code:02}": direction(f"{code:02}") for code in range(100)}
    raised = {f"{kind}{last}" for kind in "2345" for last in "1234"}
    raised |= {f"8{last}" for last in "13579"}
    lowered = {f"{kind}{last}" for kind in "2345" for last in "56789"}
    lowered |= {f"8{last}" for last in "2468"}
    assert {code for code, side in side_of.items() if side == "credit"} == raised
    assert {code for code, side in side_of.items() if side == "debit"} == lowered
    assert (direction("2"), direction("222"), direction("2x")) == (None, None, None)


def test_text_of_a_bank_is_cleaned_and_minor_units_are_dollars():
    assert (cleaned(" A\x00B "), cleaned("\x00 "), cleaned("")) == ("AB", None, None)
    assert from_minor_units(1234) == from_minor_units(1234, "usd") == Decimal("12.34")
    assert (from_minor_units(1234, "JPY"), from_minor_units(None)) == (Decimal(1234), None)


def test_trace_is_found_once_or_not_at_all():
    assert find_trace(["TRN*1*E99*1520000001~"]) == ("E99", "1520000001")
    assert find_trace(["TRN*1*E99"])[0] == "E99"
    assert find_trace(["CHEQUE 77"]) == (None, None)
