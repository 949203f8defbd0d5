"""What every set carries beside its claims: headers, levels, parties, references, dates, amounts,
quantities and codes. Data only.
"""

from billing.x12.specs.carried_parts import (
    CarriedSpec,
    Column,
    as_date,
    as_money,
    as_text,
    as_units,
)
from billing.x12.specs.parts import of, own

_ADDRESS = {
    "address": Column(of("N3", 1)),
    "city": Column(of("N4", 1)),
    "state": Column(of("N4", 2)),
    "postal_code": Column(of("N4", 3)),
    "birth_date": Column(of("DMG", 2), "date"),
    "gender_code": Column(of("DMG", 3)),
    "taxonomy_code": Column(of("PRV", 3)),
}


def _dates(segment: str, element: int, period: int | None = None) -> CarriedSpec:
    """One date or a range in `element`, or a range in the element `period`."""
    other = None if period is None else own(period)
    columns = {
        "qualifier": as_text(1),
        "from_date": Column(own(element), "date", otherwise=other),
        "to_date": Column(own(element), "last_date", otherwise=other),
        "written": as_text(element),
    }
    return CarriedSpec("x12_date", (segment,), columns)


def _remarks(segment: str, first: int, repeats: int) -> CarriedSpec:
    return CarriedSpec("x12_code", (segment,), {"code": as_text(first, stride=1)}, repeats)


# What a payer says of the price of a claim beside its remarks (X221 2100 MIA and MOA).
_MIA = {
    "covered_days": as_units(1),
    "outlier_amount": as_money(2),
    "lifetime_days": as_units(3),
    "drg_amount": as_money(4),
    "disproportionate_share_amount": as_money(6),
    "pass_through_amount": as_money(7),
    "capital_amount": as_money(8),
    "indirect_teaching_amount": as_money(18),
    "nonpayable_professional_amount": as_money(19),
}
_MOA = {
    "reimbursement_rate": as_units(1),
    "payable_amount": as_money(2),
    "esrd_amount": as_money(8),
    "nonpayable_professional_amount": as_money(9),
}

COMMON = (
    CarriedSpec(
        "x12_header",
        ("BHT",),
        {
            "structure_code": as_text(1),
            "purpose_code": as_text(2),
            "reference": as_text(3),
            "created_date": as_date(4),
            "type_code": as_text(6),
        },
        is_complete=True,
    ),
    CarriedSpec(
        "x12_level",
        ("HL",),
        {"level_number": as_text(1), "parent_number": as_text(2), "level_code": as_text(3)},
    ),
    CarriedSpec(
        "x12_party",
        ("NM1",),
        {
            "entity_code": as_text(1),
            "entity_type": as_text(2),
            "name": as_text(3),
            "first_name": as_text(4),
            "middle_name": as_text(5),
            "suffix": as_text(7),
            "id_qualifier": as_text(8),
            "party_id": as_text(9),
            **_ADDRESS,
        },
        is_complete=True,
    ),
    CarriedSpec(
        "x12_party",
        ("N1",),
        {
            "entity_code": as_text(1),
            "name": as_text(2),
            "id_qualifier": as_text(3),
            "party_id": as_text(4),
            **_ADDRESS,
        },
        is_complete=True,
    ),
    CarriedSpec(
        "x12_reference",
        ("REF",),
        {"qualifier": as_text(1), "reference": as_text(2), "description": as_text(3)},
    ),
    CarriedSpec(
        "x12_reference",
        ("TRN",),
        {"qualifier": as_text(1), "reference": as_text(2), "description": as_text(3)},
    ),
    _dates("DTM", 2, period=6),
    _dates("DTP", 3),
    CarriedSpec("x12_amount", ("AMT",), {"qualifier": as_text(1), "amount": as_money(2)}),
    CarriedSpec("x12_quantity", ("QTY",), {"qualifier": as_text(1), "quantity": as_units(2)}),
    CarriedSpec(
        "x12_code",
        ("HI",),
        {
            "qualifier": as_text(1, 1, stride=1),
            "code": as_text(1, 2, stride=1),
            "code_date": Column(own(1, 4), "date", stride=1),
            "amount": Column(own(1, 5), "money", stride=1),
            "present_on_admission": as_text(1, 9, stride=1),
        },
        repeats=12,
    ),
    CarriedSpec("x12_code", ("LQ",), {"qualifier": as_text(1), "code": as_text(2)}),
    _remarks("MOA", first=3, repeats=5),
    _remarks("MIA", first=20, repeats=4),
    CarriedSpec("x12_code", ("AAA",), {"qualifier": as_text(4), "code": as_text(3)}),
    CarriedSpec("x12_code", ("CL1",), {"code": as_text(1, stride=1)}, repeats=3),
    CarriedSpec("x12_code", ("III", "TOO"), {"qualifier": as_text(1), "code": as_text(2)}),
    CarriedSpec(
        "x12_code",
        ("CRC",),
        {"qualifier": as_text(1), "answer": as_text(2), "code": as_text(3, stride=1)},
        repeats=5,
    ),
    *(
        CarriedSpec("x12_amount", (segment,), {"qualifier": as_text(1), "amount": as_money(2)})
        for segment in ("HCP", "CN1")
    ),
    CarriedSpec("x12_quantity", ("HSD",), {"qualifier": as_text(1), "quantity": as_units(2)}),
    CarriedSpec(
        "x12_drug",
        ("LIN",),
        {
            "qualifier": as_text(2),
            "drug_code": as_text(3),
            "quantity": Column(of("CTP", 4), "units"),
            "unit_code": Column(of("CTP", 5, component=1)),
        },
    ),
    CarriedSpec(
        "x12_attachment",
        ("PWK",),
        {
            "report_type": as_text(1),
            "transmission_code": as_text(2),
            "id_qualifier": as_text(5),
            "control_number": as_text(6),
        },
    ),
    CarriedSpec("x12_adjudicated_amounts", ("MIA",), _MIA, is_complete=True),
    CarriedSpec("x12_adjudicated_amounts", ("MOA",), _MOA, is_complete=True),
    CarriedSpec(
        "x12_provider_summary",
        ("TS3",),
        {
            "provider_id": as_text(1),
            "facility_type_code": as_text(2),
            "fiscal_period_date": as_date(3),
            "claim_count": as_units(4),
            "charge_amount": as_money(5),
        },
    ),
)
