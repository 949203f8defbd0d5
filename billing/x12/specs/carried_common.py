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
    CarriedSpec("x12_code", ("AAA",), {"qualifier": as_text(4), "code": as_text(3)}),
    CarriedSpec("x12_code", ("CL1",), {"code": as_text(1, stride=1)}, repeats=3),
)
