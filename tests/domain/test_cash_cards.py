"""Pages of a card processor's lists: minor units become exact amounts, references become ids."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.cash.cards import read_card_list

pytestmark = pytest.mark.promise(
    "A card list becomes exact amounts and ids; what cannot be read is a placed finding"
)

UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
CREATED = 1_790_000_000
AT = datetime.fromtimestamp(CREATED, UTC)
CHARGE = {
    "id": "ch_1", "object": "charge", "amount": 12_345, "amount_captured": 12_345,
    "captured": True, "currency": "usd", "status": "succeeded", "created": CREATED,
    "metadata": {"account": "A100", "entity": "NLH"}, "balance_transaction": "txn_1",
}  # fmt: skip
REFUND = {
    "id": "re_1", "object": "refund", "amount": 45, "currency": "usd", "status": "succeeded",
    "charge": {"id": "ch_1", "object": "charge"}, "created": CREATED,
    "balance_transaction": {"id": "txn_2"},
}  # fmt: skip
PAYOUT = {
    "id": "po_1", "object": "payout", "amount": 11_900, "currency": "usd", "status": "paid",
    "arrival_date": CREATED, "created": CREATED, "metadata": {"entity": "NLH"},
    "trace_id": {"status": "supported", "value": "T77"},
}  # fmt: skip
MOVEMENT = {
    "id": "txn_1", "object": "balance_transaction", "amount": 12_345, "fee": 388, "net": 11_957,
    "currency": "usd", "type": "charge", "source": "ch_1", "payout": "po_1", "created": CREATED,
}  # fmt: skip


def page(*elements: object) -> bytes:
    return json.dumps({"object": "list", "data": elements, "has_more": False}).encode()


def rows(table: str, *elements: object) -> list[dict]:
    return read_card_list(page(*elements)).tables[f"card_{table}"].to_pylist()


def test_a_charge_names_its_account_and_merchant():
    (row,) = rows("charge", CHARGE)
    assert (row["account_number"], row["merchant"]) == ("A100", "NLH")
    assert (row["amount"], row["captured_at"]) == (Decimal("123.45"), AT)
    assert row["balance_transaction_id"] == "txn_1"


def test_a_declined_charge_took_nothing_and_was_never_captured():
    declined = {**CHARGE, "captured": False, "amount_captured": 0, "status": "failed"}
    (row,) = rows("charge", declined)
    assert (row["amount"], row["captured_at"], row["status"]) == (Decimal("0.00"), None, "failed")


def test_an_expanded_reference_is_its_id():
    (row,) = rows("refund", REFUND)
    assert (row["charge_id"], row["balance_transaction_id"]) == ("ch_1", "txn_2")
    assert (row["amount"], row["refunded_at"]) == (Decimal("0.45"), AT)


def test_a_payout_carries_the_banks_trace():
    (row,) = rows("payout", PAYOUT)
    assert (row["trace_number"], row["merchant"]) == ("T77", "NLH")
    assert row["arrival_date"] == date(2026, 9, 21)


def test_a_movement_has_its_fee_and_its_payout():
    (row,) = rows("balance_transaction", MOVEMENT)
    assert (row["fee_amount"], row["net_amount"]) == (Decimal("3.88"), Decimal("119.57"))
    assert (row["source_id"], row["payout_id"]) == ("ch_1", "po_1")


def test_kinds_may_be_mixed_and_keep_their_places():
    parsed = read_card_list(page(CHARGE, REFUND, PAYOUT, MOVEMENT))
    places = {name: table["segment"].to_pylist() for name, table in parsed.tables.items()}
    assert places == {
        "card_charge": [1],
        "card_refund": [2],
        "card_payout": [3],
        "card_balance_transaction": [4],
    }
    assert parsed.records == 4


def test_an_element_that_cannot_be_read_is_one_finding_with_its_place():
    parsed = read_card_list(page(CHARGE, {"object": "dispute", "id": "dp_1"}, 7, PAYOUT))
    assert parsed.records == 2
    assert [(f.code, f.segment) for f in parsed.findings] == [
        ("UNREADABLE_ELEMENT", 2),
        ("UNREADABLE_ELEMENT", 3),
    ]


def test_an_amount_that_is_no_whole_number_is_null_and_a_finding():
    odd = {**CHARGE, "amount_captured": None, "amount": 12.5}
    parsed = read_card_list(page(odd))
    assert parsed.tables["card_charge"]["amount"].to_pylist() == [None]
    assert [f.code for f in parsed.findings] == ["AMOUNT_UNREADABLE"]


def test_yen_have_no_minor_unit():
    (row,) = rows("payout", {**PAYOUT, "currency": "jpy"})
    assert row["amount"] == Decimal("11900.00")


def test_no_finding_holds_a_value_of_the_page():
    odd = {**CHARGE, "id": "SECRET-1", "amount_captured": "SECRET-2"}
    parsed = read_card_list(page({**odd, "amount": "SECRET-3"}, {"object": "SECRET-4"}))
    assert len(parsed.findings) == 2
    assert "SECRET" not in repr(parsed.findings)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
shapes = st.sampled_from([CHARGE, REFUND, PAYOUT, MOVEMENT])


@UNTIMED
@given(shapes, st.dictionaries(st.sampled_from(sorted(CHARGE | MOVEMENT)), json_values))
def test_a_field_of_any_type_never_raises(shape, changes):
    parsed = read_card_list(page({**shape, **changes}))
    assert parsed.records + len(parsed.findings) >= 1


@UNTIMED
@given(st.binary(max_size=200))
def test_any_bytes_end_as_rows_or_findings(content):
    parsed = read_card_list(content)
    assert parsed.records or parsed.findings
