"""What the single sets carry: other payers of an 837, statuses, benefits, authorisations, premiums
and acknowledgements. Data only; `carried` reads it into tables.

A segment that a wider table has taken is not listed twice, parties aside.
"""

from billing.x12.document import Source
from billing.x12.specs.carried_common import COMMON
from billing.x12.specs.carried_parts import (
    CarriedSpec,
    Column,
    as_date,
    as_money,
    as_text,
    as_units,
)
from billing.x12.specs.parts import qualified

_CLAIM_STATUS = ("2200D", "2200E")


def _of_claim(segment: str, qualifier: str) -> Source:
    """What a REF or TRN says of the claim that a status is about, or whose line it is about."""
    return Source(2, segment, qualified(qualifier), None, _CLAIM_STATUS, _CLAIM_STATUS)


def _status_code(number: int, element: int) -> dict[str, Column]:
    names = (f"category_code_{number}", f"status_code_{number}", f"entity_code_{number}")
    return {name: as_text(element, part) for part, name in enumerate(names, start=1)}


CARRIED = (
    *COMMON,
    CarriedSpec(
        "x12_adjustment",
        ("CAS",),
        {
            "group_code": as_text(1),
            "reason_code": as_text(2, stride=3),
            "amount": as_money(3, stride=3),
            "quantity": as_units(4, stride=3),
        },
        repeats=6,
    ),
    CarriedSpec(
        "x12_coverage",
        ("SBR",),
        {
            "payer_sequence": as_text(1),
            "relationship_code": as_text(2),
            "group_number": as_text(3),
            "group_name": as_text(4),
            "insurance_type": as_text(5),
            "claim_filing_code": as_text(9),
        },
    ),
    CarriedSpec("x12_coverage", ("INS",), {"relationship_code": as_text(2)}),
    CarriedSpec("x12_coverage", ("PAT",), {"relationship_code": as_text(1)}),
    CarriedSpec(
        "x12_adjudication",
        ("SVD",),
        {
            "payer_id": as_text(1),
            "paid_amount": as_money(2),
            "procedure_qualifier": as_text(3, 1),
            "procedure_code": as_text(3, 2),
            "modifier_1": as_text(3, 3),
            "modifier_2": as_text(3, 4),
            "modifier_3": as_text(3, 5),
            "modifier_4": as_text(3, 6),
            "revenue_code": as_text(4),
            "units": as_units(5),
            "bundled_line": as_text(6),
        },
    ),
    CarriedSpec(
        "x12_status",
        ("STC",),
        {
            **_status_code(1, 1),
            "status_date": as_date(2),
            "action_code": as_text(3),
            "charge_amount": as_money(4),
            "paid_amount": as_money(5),
            "paid_date": as_date(6),
            "check_number": as_text(9),
            **_status_code(2, 10),
            **_status_code(3, 11),
            # REF*EJ where the answer tells it; a 277CA echoes CLM01 as its trace number.
            "account_number": Column(_of_claim("REF", "EJ"), otherwise=_of_claim("TRN", "2")),
            "payer_claim_number": Column(_of_claim("REF", "1K")),
        },
    ),
    CarriedSpec(
        "x12_benefit",
        ("EB",),
        {
            "benefit_code": as_text(1),
            "coverage_level": as_text(2),
            "service_types": as_text(3),
            "insurance_type": as_text(4),
            "plan_description": as_text(5),
            "period_code": as_text(6),
            "amount": as_money(7),
            "fraction": as_units(8),
            "quantity_qualifier": as_text(9),
            "quantity": as_units(10),
            "authorisation_code": as_text(11),
            "network_code": as_text(12),
            "procedure_qualifier": as_text(13, 1),
            "procedure_code": as_text(13, 2),
        },
    ),
    CarriedSpec(
        "x12_benefit", ("EQ",), {"service_types": as_text(1), "coverage_level": as_text(3)}
    ),
    CarriedSpec(
        "x12_authorisation",
        ("UM",),
        {
            "request_category": as_text(1),
            "certification_type": as_text(2),
            "service_type": as_text(3),
            "facility_type_code": as_text(4, 1),
            "release_code": as_text(9),
        },
    ),
    CarriedSpec(
        "x12_authorisation",
        ("HCR",),
        {"action_code": as_text(1), "authorisation_number": as_text(2), "reason_code": as_text(3)},
    ),
    CarriedSpec(
        "x12_service",
        ("SVC",),
        {
            "procedure_qualifier": as_text(1, 1),
            "procedure_code": as_text(1, 2),
            "charge_amount": as_money(2),
            "paid_amount": as_money(3),
            "revenue_code": as_text(4),
            "units": as_units(7),
        },
    ),
    *(
        CarriedSpec(
            "x12_service",
            (segment,),
            {
                "procedure_qualifier": as_text(procedure, 1),
                "procedure_code": as_text(procedure, 2),
                "charge_amount": as_money(procedure + 1),
                "units": as_units(procedure + 3),
            },
        )
        for segment, procedure in (("SV1", 1), ("SV2", 2), ("SV3", 1))
    ),
    CarriedSpec(
        "x12_premium",
        ("BPR",),
        {"reason_code": as_text(1), "amount": as_money(2), "paid_date": as_date(16)},
    ),
    CarriedSpec(
        "x12_premium",
        ("RMR",),
        {
            "qualifier": as_text(1),
            "reference": as_text(2),
            "amount": as_money(4),
            "billed_amount": as_money(5),
            "adjusted_amount": as_money(8),
        },
    ),
    CarriedSpec("x12_premium", ("ADX",), {"amount": as_money(1), "reason_code": as_text(2)}),
    CarriedSpec(
        "x12_acknowledgement",
        ("AK1",),
        {"functional_code": as_text(1), "acknowledged_control": as_text(2), "guide": as_text(3)},
    ),
    CarriedSpec(
        "x12_acknowledgement",
        ("AK2",),
        {"functional_code": as_text(1), "acknowledged_control": as_text(2), "guide": as_text(3)},
    ),
    *(
        CarriedSpec(
            "x12_acknowledgement",
            segments,
            {"disposition": as_text(1), "reason_code": as_text(first, stride=1)},
            repeats=5,
        )
        for segments, first in ((("IK5", "AK5"), 2), (("AK9",), 5))
    ),
    CarriedSpec(
        "x12_acknowledgement",
        ("IK3", "AK3"),
        {
            "erring_segment": as_text(1),
            "erring_position": as_text(2),
            "erring_loop": as_text(3),
            "reason_code": as_text(4),
        },
    ),
    CarriedSpec(
        "x12_acknowledgement",
        ("IK4", "AK4"),
        {"erring_position": as_text(1, 1), "reason_code": as_text(3)},
    ),
    CarriedSpec(
        "x12_acknowledgement",
        ("TA1",),
        {"acknowledged_control": as_text(1), "disposition": as_text(4), "reason_code": as_text(5)},
    ),
)
