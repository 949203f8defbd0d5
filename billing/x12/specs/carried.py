"""All that transactions carry beside the wide tables of claims and payments; here the premiums and
the acknowledgements. Data only; `carried` of the reader puts it into tables.

A segment that a wider table has taken is not listed twice; headers, parties and the adjudication
of a claim payment (MIA, MOA) aside.
"""

from billing.x12.specs.carried_answers import ANSWERS
from billing.x12.specs.carried_claims import CLAIMS
from billing.x12.specs.carried_common import COMMON
from billing.x12.specs.carried_parts import (
    CarriedSpec,
    as_date,
    as_money,
    as_rate,
    as_text,
    as_units,
)

_PREMIUMS = (
    CarriedSpec(
        "x12_premium",
        ("BPR",),
        {
            "reason_code": as_text(1),
            "amount": as_money(2),
            "credit_debit": as_text(3),
            "payment_method": as_text(4),
            "payment_format": as_text(5),
            "originating_bank_id": as_text(7),
            "originating_account": as_text(9),
            "reference": as_text(10),
            "receiving_bank_id": as_text(13),
            "receiving_account": as_text(15),
            "paid_date": as_date(16),
        },
    ),
    CarriedSpec(
        "x12_premium",
        ("ENT",),
        {
            "assigned_number": as_text(1),
            "entity_code": as_text(2),
            "qualifier": as_text(3),
            "reference": as_text(4),
        },
    ),
    CarriedSpec(
        "x12_premium",
        ("RMR",),
        {
            "qualifier": as_text(1),
            "reference": as_text(2),
            "action_code": as_text(3),
            "amount": as_money(4),
            "billed_amount": as_money(5),
            "discount_amount": as_money(6),
            "reason_code": as_text(7),
            "adjusted_amount": as_money(8),
        },
    ),
    CarriedSpec(
        "x12_premium",
        ("ADX",),
        {
            "amount": as_money(1),
            "reason_code": as_text(2),
            "qualifier": as_text(3),
            "reference": as_text(4),
        },
    ),
    CarriedSpec(
        "x12_premium",
        ("IT1",),
        {
            "assigned_number": as_text(1),
            "quantity": as_units(2),
            "unit_code": as_text(3),
            "unit_price": as_rate(4),
            "qualifier": as_text(6),
            "reference": as_text(7),
        },
    ),
    CarriedSpec(
        "x12_premium",
        ("SLN",),
        {
            "assigned_number": as_text(1),
            "entity_code": as_text(3),
            "quantity": as_units(4),
            "unit_code": as_text(5, 1),
            "unit_price": as_rate(6),
            "qualifier": as_text(9),
            "reference": as_text(10),
        },
    ),
)
_CONTROL = {
    "functional_code": as_text(1),
    "acknowledged_control": as_text(2),
    "guide": as_text(3),
}
_ACKNOWLEDGEMENTS = (
    CarriedSpec("x12_acknowledgement", ("AK1",), _CONTROL),
    CarriedSpec("x12_acknowledgement", ("AK2",), _CONTROL),
    CarriedSpec(
        "x12_acknowledgement",
        ("IK5", "AK5"),
        {"disposition": as_text(1), "reason_code": as_text(2, stride=1)},
        repeats=5,
    ),
    CarriedSpec(
        "x12_acknowledgement",
        ("AK9",),
        {
            "disposition": as_text(1),
            "included_count": as_units(2),
            "received_count": as_units(3),
            "accepted_count": as_units(4),
            "reason_code": as_text(5, stride=1),
        },
        repeats=5,
    ),
    CarriedSpec(
        "x12_acknowledgement",
        ("IK3", "AK3"),
        {
            "erring_segment": as_text(1),
            "erring_position": as_text(2),
            "erring_loop": as_text(3),
            "reason_code": as_text(4, stride=1),
        },
        repeats=5,
    ),
    CarriedSpec(
        "x12_acknowledgement",
        ("IK4", "AK4"),
        {
            "erring_position": as_text(1, 1),
            "erring_component": as_text(1, 2),
            "erring_repetition": as_text(1, 3),
            "element_reference": as_text(2),
            "reason_code": as_text(3),
            "erring_value": as_text(4),
        },
    ),
    CarriedSpec(
        "x12_acknowledgement",
        ("CTX",),
        {
            "context": as_text(1),
            "erring_segment": as_text(2),
            "erring_position": as_text(3),
            "erring_loop": as_text(4),
        },
    ),
    CarriedSpec(
        "x12_acknowledgement",
        ("TA1",),
        {
            "acknowledged_control": as_text(1),
            "acknowledged_date": as_date(2),
            "acknowledged_hour": as_text(3),
            "disposition": as_text(4),
            "reason_code": as_text(5),
        },
    ),
)
CARRIED = (*COMMON, *CLAIMS, *ANSWERS, *_PREMIUMS, *_ACKNOWLEDGEMENTS)
