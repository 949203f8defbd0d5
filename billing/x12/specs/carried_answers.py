"""What payers and clearinghouses answer: statuses, benefits, reviews, how a payment came about,
and what was acknowledged. Data only.
"""

from billing.x12.document import Source
from billing.x12.specs.carried_parts import (
    CarriedSpec,
    Column,
    as_date,
    as_money,
    as_rate,
    as_text,
    as_units,
    procedure,
)
from billing.x12.specs.parts import qualified

_CLAIM_STATUS = ("2200D", "2200E")


def _of_claim(segment: str, qualifier: str) -> Source:
    """What a REF or TRN says of the claim that a status is about, or whose line it is about."""
    return Source(2, segment, qualified(qualifier), None, _CLAIM_STATUS, _CLAIM_STATUS)


def _status_code(number: int, element: int) -> dict[str, Column]:
    names = ("category_code", "status_code", "entity_code", "code_list")
    return {f"{name}_{number}": as_text(element, part) for part, name in enumerate(names, start=1)}


_STATUS = CarriedSpec(
    "x12_status",
    ("STC",),
    {
        **_status_code(1, 1),
        "status_date": as_date(2),
        "action_code": as_text(3),
        "charge_amount": as_money(4),
        "paid_amount": as_money(5),
        "paid_date": as_date(6),
        "payment_method": as_text(7),
        "check_date": as_date(8),
        "check_number": as_text(9),
        **_status_code(2, 10),
        **_status_code(3, 11),
        "message": as_text(12),
        # REF*EJ where the answer tells it; a 277CA echoes CLM01 as its trace number.
        "account_number": Column(_of_claim("REF", "EJ"), otherwise=_of_claim("TRN", "2")),
        "payer_claim_number": Column(_of_claim("REF", "1K")),
    },
)
_BENEFITS = (
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
            "fraction": as_rate(8),
            "quantity_qualifier": as_text(9),
            "quantity": as_units(10),
            "authorisation_code": as_text(11),
            "network_code": as_text(12),
            **procedure(13),
            "diagnosis_pointers": as_text(14),
        },
    ),
    CarriedSpec(
        "x12_benefit",
        ("EQ",),
        {
            "service_types": as_text(1),
            **procedure(2),
            "coverage_level": as_text(3),
            "insurance_type": as_text(4),
            "diagnosis_pointers": as_text(5),
        },
    ),
)
_REVIEWS = (
    CarriedSpec(
        "x12_authorisation",
        ("UM",),
        {
            "request_category": as_text(1),
            "certification_type": as_text(2),
            "service_type": as_text(3),
            "facility_type_code": as_text(4, 1),
            "facility_code_qualifier": as_text(4, 2),
            **{f"related_cause_{number}": as_text(5, number) for number in range(1, 4)},
            "accident_state": as_text(5, 4),
            "accident_country": as_text(5, 5),
            "level_of_service": as_text(6),
            "health_condition_code": as_text(7),
            "prognosis_code": as_text(8),
            "release_code": as_text(9),
            "delay_reason_code": as_text(10),
        },
    ),
    CarriedSpec(
        "x12_authorisation",
        ("HCR",),
        {
            "action_code": as_text(1),
            "authorisation_number": as_text(2),
            "reason_code": as_text(3),
            "second_opinion_code": as_text(4),
        },
    ),
)
_INPATIENT_AMOUNTS = {
    2: "outlier_amount",
    4: "drg_amount",
    6: "disproportionate_share_amount",
    7: "pass_through_amount",
    8: "capital_amount",
    9: "capital_federal_amount",
    10: "capital_hospital_amount",
    11: "capital_disproportionate_share_amount",
    12: "old_capital_amount",
    13: "capital_education_amount",
    14: "operating_hospital_amount",
    16: "operating_federal_amount",
    17: "capital_outlier_amount",
    18: "indirect_teaching_amount",
    19: "nonpayable_professional_amount",
    24: "capital_exception_amount",
}
_TOTALS = {
    5: "charge_amount",
    13: "secondary_payer_amount",
    15: "nonlaboratory_charge_amount",
    17: "reportable_amount",
    18: "payable_amount",
    20: "professional_amount",
    21: "secondary_patient_amount",
    22: "patient_reimbursed_amount",
    24: "interim_adjustment_amount",
}
_INPATIENT_TOTALS = {
    1: "drg_amount",
    2: "federal_amount",
    3: "hospital_amount",
    4: "disproportionate_share_amount",
    5: "capital_amount",
    6: "education_amount",
    8: "day_outlier_amount",
    9: "cost_outlier_amount",
    15: "pass_through_amount",
    17: "capital_federal_amount",
    18: "capital_hospital_amount",
    19: "capital_disproportionate_share_amount",
}
_PAYMENTS = (
    CarriedSpec(
        "x12_adjudicated_amounts",
        ("MIA",),
        {
            "covered_days": as_units(1),
            "lifetime_days": as_units(3),
            "cost_report_days": as_units(15),
            **{name: as_money(element) for element, name in _INPATIENT_AMOUNTS.items()},
            **{
                f"remark_code_{number}": as_text(element)
                for number, element in enumerate((5, 20, 21, 22, 23), start=1)
            },
        },
        is_complete=True,
    ),
    CarriedSpec(
        "x12_adjudicated_amounts",
        ("MOA",),
        {
            "reimbursement_rate": as_rate(1),
            "payable_amount": as_money(2),
            **{f"remark_code_{number}": as_text(number + 2) for number in range(1, 6)},
            "esrd_amount": as_money(8),
            "nonpayable_professional_amount": as_money(9),
        },
        is_complete=True,
    ),
    CarriedSpec(
        "x12_provider_summary",
        ("TS3",),
        {
            "provider_id": as_text(1),
            "facility_type_code": as_text(2),
            "fiscal_period_date": as_date(3),
            "claim_count": as_units(4),
            "interim_claim_count": as_units(23),
            **{name: as_money(element) for element, name in _TOTALS.items()},
        },
    ),
    CarriedSpec(
        "x12_provider_summary",
        ("TS2",),
        {
            **{name: as_money(element) for element, name in _INPATIENT_TOTALS.items()},
            "outlier_days": as_units(7),
            "average_stay": as_rate(10),
            "discharge_count": as_units(11),
            "cost_report_days": as_units(12),
            "covered_days": as_units(13),
            "noncovered_days": as_units(14),
            "average_weight": as_rate(16),
        },
    ),
)
ANSWERS = (_STATUS, *_BENEFITS, *_REVIEWS, *_PAYMENTS)
