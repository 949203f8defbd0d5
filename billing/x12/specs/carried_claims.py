"""What a claim, and a request to review one, carries: coverage, what other payers decided, drugs,
teeth, transport, contracts and forms. Data only.
"""

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
from billing.x12.specs.parts import of

_OTHER_PAYERS = (
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
        "x12_adjudication",
        ("SVD",),
        {
            "payer_id": as_text(1),
            "paid_amount": as_money(2),
            **procedure(3),
            "revenue_code": as_text(4),
            "units": as_units(5),
            "bundled_line": as_text(6),
        },
    ),
)
_COVERAGE = (
    CarriedSpec(
        "x12_coverage",
        ("SBR",),
        {
            "payer_sequence": as_text(1),
            "relationship_code": as_text(2),
            "group_number": as_text(3),
            "group_name": as_text(4),
            "insurance_type": as_text(5),
            "coordination_code": as_text(6),
            "response_code": as_text(7),
            "employment_code": as_text(8),
            "claim_filing_code": as_text(9),
        },
    ),
    CarriedSpec(
        "x12_coverage",
        ("PAT",),
        {
            "relationship_code": as_text(1),
            "employment_code": as_text(3),
            "student_code": as_text(4),
            "death_date": as_date(6),
            "weight_unit": as_text(7),
            "weight": as_units(8),
            "pregnancy_code": as_text(9),
        },
    ),
    CarriedSpec(
        "x12_coverage",
        ("INS",),
        {
            "response_code": as_text(1),
            "relationship_code": as_text(2),
            "maintenance_code": as_text(3),
            "maintenance_reason_code": as_text(4),
            "benefit_status_code": as_text(5),
            "employment_code": as_text(8),
            "student_code": as_text(9),
            "handicap_code": as_text(10),
            "death_date": as_date(12),
            "birth_sequence": as_text(17),
        },
    ),
    CarriedSpec(
        "x12_coverage",
        ("OI",),
        {
            "claim_filing_code": as_text(1),
            "benefits_assigned_code": as_text(3),
            "patient_signature_code": as_text(4),
            "release_code": as_text(6),
        },
    ),
)
_MONEY = (
    CarriedSpec(
        "x12_contract",
        ("CN1",),
        {
            "contract_type": as_text(1),
            "amount": as_money(2),
            "percentage": as_rate(3),
            "contract_code": as_text(4),
            "discount_percentage": as_rate(5),
            "version": as_text(6),
        },
    ),
    CarriedSpec(
        "x12_repricing",
        ("HCP",),
        {
            "method_code": as_text(1),
            "allowed_amount": as_money(2),
            "savings_amount": as_money(3),
            "organization_id": as_text(4),
            "rate": as_rate(5),
            "group_code": as_text(6),
            "group_amount": as_money(7),
            "revenue_code": as_text(8),
            "procedure_qualifier": as_text(9),
            "procedure_code": as_text(10),
            "unit_code": as_text(11),
            "units": as_units(12),
            "reject_reason_code": as_text(13),
            "compliance_code": as_text(14),
            "exception_code": as_text(15),
        },
    ),
    CarriedSpec(
        "x12_purchase",
        ("PS1",),
        {"provider_id": as_text(1), "amount": as_money(2), "state": as_text(3)},
    ),
)
_CARE = (
    CarriedSpec(
        "x12_drug",
        ("LIN",),
        {
            "assigned_number": as_text(1),
            "qualifier": as_text(2),
            "drug_code": as_text(3),
            "unit_price": Column(of("CTP", 3), "rate"),
            "quantity": Column(of("CTP", 4), "units"),
            "unit_code": Column(of("CTP", 5, component=1)),
        },
    ),
    CarriedSpec(
        "x12_tooth",
        ("TOO",),
        {
            "qualifier": as_text(1),
            "tooth_code": as_text(2),
            **{f"surface_{number}": as_text(3, number) for number in range(1, 6)},
        },
    ),
    CarriedSpec(
        "x12_tooth",
        ("DN2",),
        {"tooth_code": as_text(1), "status_code": as_text(2), "qualifier": as_text(6)},
    ),
    CarriedSpec(
        "x12_orthodontics",
        ("DN1",),
        {
            "treatment_months": as_units(1),
            "remaining_months": as_units(2),
            "response_code": as_text(3),
            "description": as_text(4),
        },
    ),
    CarriedSpec(
        "x12_certification",
        ("CR1",),
        {
            "weight_unit": as_text(1),
            "weight": as_units(2),
            "transport_code": as_text(3),
            "reason_code": as_text(4),
            "distance_unit": as_text(5),
            "distance": as_units(6),
            "description": as_text(9),
            "other_description": as_text(10),
        },
    ),
    CarriedSpec(
        "x12_certification",
        ("CR3",),
        {"certification_type": as_text(1), "period_unit": as_text(2), "period": as_units(3)},
    ),
    CarriedSpec(
        "x12_form_answer",
        ("FRM",),
        {
            "question": as_text(1),
            "response_code": as_text(2),
            "answer": as_text(3),
            "answer_date": as_date(4),
            "percentage": as_rate(5),
        },
    ),
)
_SERVICES = (
    CarriedSpec(
        "x12_service",
        ("SVC",),
        {
            **procedure(1),
            "charge_amount": as_money(2),
            "paid_amount": as_money(3),
            "revenue_code": as_text(4),
            "paid_units": as_units(5),
            "units": as_units(7),
        },
    ),
    CarriedSpec(
        "x12_service",
        ("SV1",),
        {
            **procedure(1),
            "charge_amount": as_money(2),
            "unit_code": as_text(3),
            "units": as_units(4),
            "facility_type_code": as_text(5),
            "diagnosis_pointers": as_text(7),
            "epsdt_code": as_text(11),
        },
    ),
    CarriedSpec(
        "x12_service",
        ("SV2",),
        {
            "revenue_code": as_text(1),
            **procedure(2),
            "charge_amount": as_money(3),
            "unit_code": as_text(4),
            "units": as_units(5),
            "unit_rate": as_rate(6),
            "noncovered_amount": as_money(7),
        },
    ),
    CarriedSpec(
        "x12_service",
        ("SV3",),
        {
            **procedure(1),
            "charge_amount": as_money(2),
            "facility_type_code": as_text(3),
            "oral_cavity_codes": as_text(4),
            "prosthesis_code": as_text(5),
            "units": as_units(6),
            "diagnosis_pointers": as_text(11),
        },
    ),
)
CLAIMS = (*_OTHER_PAYERS, *_COVERAGE, *_MONEY, *_CARE, *_SERVICES)
