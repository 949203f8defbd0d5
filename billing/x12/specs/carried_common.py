"""What every set carries beside its claims: headers, levels, parties, contacts, references, dates,
amounts, quantities, codes and notes. Data only.
"""

from billing.x12.specs.carried_parts import (
    CarriedSpec,
    Column,
    as_date,
    as_money,
    as_rate,
    as_text,
    as_units,
)
from billing.x12.specs.parts import of, own

_ADDRESS = {
    "address": Column(of("N3", 1)),
    "address_2": Column(of("N3", 2)),
    "city": Column(of("N4", 1)),
    "state": Column(of("N4", 2)),
    "postal_code": Column(of("N4", 3)),
    "country": Column(of("N4", 4)),
    "country_subdivision": Column(of("N4", 7)),
    "birth_date": Column(of("DMG", 2), "date"),
    "gender_code": Column(of("DMG", 3)),
    "provider_code": Column(of("PRV", 1)),
    "taxonomy_code": Column(of("PRV", 3)),
}


def _dates(segment: str, element: int, period: int | None = None) -> CarriedSpec:
    """One date or a range in `element`, or a range in the element `period`."""
    other = None if period is None else own(period)
    columns = {
        "qualifier": as_text(1),
        "format_code": as_text(2 if period is None else 5),
        "from_date": Column(own(element), "date", otherwise=other),
        "to_date": Column(own(element), "last_date", otherwise=other),
        "written": as_text(element),
        **({} if period is None else {"hour": as_text(3), "period": as_text(period)}),
    }
    return CarriedSpec("x12_date", (segment,), columns)


_PLACES = (
    CarriedSpec(
        "x12_header",
        ("BHT",),
        {
            "structure_code": as_text(1),
            "purpose_code": as_text(2),
            "reference": as_text(3),
            "created_date": as_date(4),
            "created_hour": as_text(5),
            "type_code": as_text(6),
        },
        is_complete=True,
    ),
    CarriedSpec(
        "x12_level",
        ("HL",),
        {
            "level_number": as_text(1),
            "parent_number": as_text(2),
            "level_code": as_text(3),
            "child_code": as_text(4),
        },
    ),
    CarriedSpec("x12_level", ("LX",), {"level_number": as_text(1)}),
)
_PARTIES = (
    CarriedSpec(
        "x12_party",
        ("NM1",),
        {
            "entity_code": as_text(1),
            "entity_type": as_text(2),
            "name": as_text(3),
            "first_name": as_text(4),
            "middle_name": as_text(5),
            "prefix": as_text(6),
            "suffix": as_text(7),
            "id_qualifier": as_text(8),
            "party_id": as_text(9),
            "related_entity_code": as_text(10),
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
    # Of a level and not of a party: the billing provider of 2000A, the patient of a 276.
    CarriedSpec("x12_party", ("PRV",), {"provider_code": as_text(1), "taxonomy_code": as_text(3)}),
    CarriedSpec("x12_party", ("DMG",), {"birth_date": as_date(2), "gender_code": as_text(3)}),
    CarriedSpec(
        "x12_contact",
        ("PER",),
        {
            "function_code": as_text(1),
            "name": as_text(2),
            "qualifier_1": as_text(3),
            "number_1": as_text(4),
            "qualifier_2": as_text(5),
            "number_2": as_text(6),
            "qualifier_3": as_text(7),
            "number_3": as_text(8),
        },
    ),
    CarriedSpec(
        "x12_contact",
        ("RDM",),
        {"function_code": as_text(1), "name": as_text(2), "number_1": as_text(3)},
    ),
)
_FIGURES = (
    CarriedSpec(
        "x12_reference",
        ("REF",),
        {
            "qualifier": as_text(1),
            "reference": as_text(2),
            "description": as_text(3),
            "other_qualifier": as_text(4, 1),
            "other_reference": as_text(4, 2),
        },
    ),
    CarriedSpec(
        "x12_reference",
        ("TRN",),
        {
            "qualifier": as_text(1),
            "reference": as_text(2),
            "originator_id": as_text(3),
            "other_reference": as_text(4),
        },
    ),
    _dates("DTM", 2, period=6),
    _dates("DTP", 3),
    CarriedSpec(
        "x12_amount",
        ("AMT",),
        {"qualifier": as_text(1), "amount": as_money(2), "credit_debit": as_text(3)},
    ),
    CarriedSpec(
        "x12_currency",
        ("CUR",),
        {"entity_code": as_text(1), "currency_code": as_text(2), "exchange_rate": as_rate(3)},
    ),
    CarriedSpec(
        "x12_quantity",
        ("QTY",),
        {"qualifier": as_text(1), "quantity": as_units(2), "unit_code": as_text(3, 1)},
    ),
    CarriedSpec(
        "x12_quantity",
        ("MEA",),
        {
            "category_code": as_text(1),
            "qualifier": as_text(2),
            "quantity": as_units(3),
            "unit_code": as_text(4, 1),
        },
    ),
    CarriedSpec(
        "x12_delivery",
        ("HSD",),
        {
            "quantity_qualifier": as_text(1),
            "quantity": as_units(2),
            "unit_code": as_text(3),
            "sample_ratio": as_rate(4),
            "period_code": as_text(5),
            "period_count": as_units(6),
            "pattern_code": as_text(7),
            "time_code": as_text(8),
        },
    ),
)
_CODES = (
    CarriedSpec(
        "x12_code",
        ("HI",),
        {
            "qualifier": as_text(1, 1, stride=1),
            "code": as_text(1, 2, stride=1),
            "date_format": as_text(1, 3, stride=1),
            "code_date": as_date(1, 4, stride=1),
            "code_to_date": Column(own(1, 4), "last_date", stride=1),
            "amount": as_money(1, 5, stride=1),
            "quantity": as_units(1, 6, stride=1),
            "version": as_text(1, 7, stride=1),
            "last_code": as_text(1, 8, stride=1),
            "present_on_admission": as_text(1, 9, stride=1),
        },
        repeats=12,
    ),
    CarriedSpec("x12_code", ("LQ",), {"qualifier": as_text(1), "code": as_text(2)}),
    CarriedSpec(
        "x12_code",
        ("AAA",),
        {"answer": as_text(1), "qualifier": as_text(4), "code": as_text(3)},
    ),
    CarriedSpec("x12_code", ("CL1",), {"code": as_text(1, stride=1)}, repeats=3),
    CarriedSpec(
        "x12_code",
        ("CRC",),
        {"qualifier": as_text(1), "answer": as_text(2), "code": as_text(3, stride=1)},
        repeats=5,
    ),
    CarriedSpec(
        "x12_code",
        ("III",),
        {
            "qualifier": as_text(1),
            "code": as_text(2),
            "category_code": as_text(3),
            "description": as_text(4),
        },
    ),
)
_NOTES = (
    CarriedSpec("x12_note", ("NTE",), {"qualifier": as_text(1), "note": as_text(2)}),
    *(CarriedSpec("x12_note", (segment,), {"note": as_text(1)}) for segment in ("MSG", "K3")),
    CarriedSpec(
        "x12_attachment",
        ("PWK",),
        {
            "report_type": as_text(1),
            "transmission_code": as_text(2),
            "copies": as_text(3),
            "entity_code": as_text(4),
            "id_qualifier": as_text(5),
            "control_number": as_text(6),
            "description": as_text(7),
        },
    ),
)
COMMON = (*_PLACES, *_PARTIES, *_FIGURES, *_CODES, *_NOTES)
