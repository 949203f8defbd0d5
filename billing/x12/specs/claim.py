"""The 837 (X222, X223, X224; 5010 and 4010): loops and tables. Which kind it is makes no
difference here, since their loops do not contradict each other; `claims` gives the meaning.
"""

from billing.x12.document import Source, Specification, TableSpec
from billing.x12.loops import TRANSACTION, Loop
from billing.x12.specs.loop_ids import CLAIM_IDS
from billing.x12.specs.parts import dated, in_loop, level, of, own, qualified
from billing.x12.specs.remittance import CAS

_LOOPS = (
    Loop("1000A", 1, "NM1", qualified("41")),
    Loop("1000B", 1, "NM1", qualified("40")),
    level("2000A", 1, "20"),
    level("2000B", 2, "22"),
    level("2000C", 3, "23"),
    Loop("2300", 4, "CLM"),
    Loop("2400", 5, "LX", parents=("2300",)),
    *(Loop("2400", 5, line, parents=("2300",), led_by="LX") for line in ("SV1", "SV2", "SV3")),
    Loop("2320", 5, "SBR", parents=("2300",)),
    Loop("2430", 6, "SVD", parents=("2400",)),
    Loop("2410", 6, "LIN", parents=("2400",)),
    Loop("2440", 6, "LQ", parents=("2400",)),
    Loop("2420", 6, "NM1", parents=("2400",)),
    Loop("2330", 6, "NM1", parents=("2320",)),
    Loop("2310", 6, "NM1", parents=("2300",)),
    Loop("2010AA", 6, "NM1", qualified("85")),
    Loop("2010AB", 6, "NM1", qualified("87")),
    Loop("2010AC", 6, "NM1", qualified("PE")),
    Loop("2010BA", 6, "NM1", qualified("IL")),
    Loop("2010BB", 6, "NM1", qualified("PR")),
    Loop("2010CA", 6, "NM1", qualified("QC")),
    Loop("2010BC", 6, "NM1", qualified("QD")),
    Loop("2010BD", 6, "NM1", qualified("AO")),
    Loop("2010", 6, "NM1"),
)


def _billing(source: Source) -> Source:
    return in_loop("2010AA", source, under="2000A")


def _subscriber(loop: str, source: Source) -> Source:
    return in_loop(loop, source, under="2000B")


_CLAIMS = {
    "claim_number": own(1),
    "charge_amount": own(2),
    "facility_type_code": own(5, 1),
    "facility_code_qualifier": own(5, 2),
    "frequency_code": own(5, 3),
    "provider_signature_code": own(6),
    "assignment_code": own(7),
    "benefits_assigned_code": own(8),
    "release_code": own(9),
    "patient_signature_code": own(10),
    **{f"related_cause_{number}": own(11, number) for number in range(1, 4)},
    "accident_state": own(11, 4),
    "accident_country": own(11, 5),
    "special_program_code": own(12),
    "participation_code": own(16),
    "explanation_code": own(18),
    "delay_reason_code": own(20),
    "original_reference": of("REF", 2, "F8"),
    "statement_date": dated("DTP", "434"),
    "service_date": dated("DTP", "472"),
    "submitted_date": in_loop(TRANSACTION, of("BHT", 4)),
    "billing_qualifier": _billing(of("NM1", 8)),
    "billing_number": _billing(of("NM1", 9)),
    "billing_ein": _billing(of("REF", 2, "EI")),
    "billing_ssn": _billing(of("REF", 2, "SY")),
    "payer_sequence": _subscriber("2000B", of("SBR", 1)),
    "relationship_code": _subscriber("2000B", of("SBR", 2)),
    "group_number": _subscriber("2000B", of("SBR", 3)),
    "group_name": _subscriber("2000B", of("SBR", 4)),
    "insurance_type_code": _subscriber("2000B", of("SBR", 5)),
    "claim_filing_code": _subscriber("2000B", of("SBR", 9)),
    "subscriber_id": _subscriber("2010BA", of("NM1", 9)),
    "payer_name": _subscriber("2010BB", of("NM1", 3)),
    "payer_id": _subscriber("2010BB", of("NM1", 9)),
}


_OF_KIND = {
    "SV1": {
        "unit_code": own(3),
        "place_of_service_code": own(5),
        "diagnosis_pointers": own(7),
        "emergency_code": own(9),
        "epsdt_code": own(11),
        "family_planning_code": own(12),
        "copay_code": own(15),
    },
    "SV2": {
        "revenue_code": own(1),
        "unit_code": own(4),
        "unit_rate": own(6),
        "noncovered_amount": own(7),
    },
    "SV3": {
        "place_of_service_code": own(3),
        "oral_cavity_codes": own(4),
        "prosthesis_code": own(5),
        "diagnosis_pointers": own(11),
    },
}


def _lines(segment: str, procedure: int, charge: int, units: int) -> TableSpec:
    columns = {
        "procedure_qualifier": own(procedure, 1),
        "procedure_code": own(procedure, 2),
        **{f"modifier_{number}": own(procedure, number + 2) for number in range(1, 5)},
        "procedure_description": own(procedure, 7),
        "charge_amount": own(charge),
        "units": own(units),
        "service_date": dated("DTP", "472"),
        "assigned_number": of("LX", 1),
        **_OF_KIND[segment],
    }
    parents = {"claim": ("2300",), "line": ("2400",)}
    return TableSpec(("2400",), columns, parents, segment=segment)


# The table of service lines of each kind of claim.
LINE_TABLES = {"837P": "professional", "837I": "institutional", "837D": "dental"}

CLAIM = Specification(
    loops=_LOOPS,
    claim=("2300",),
    line=("2400",),
    lines=tuple(LINE_TABLES.values()),
    breaks=("CLM", "HL"),
    levels=("20", "22", "23"),
    record="CLM",
    above=("2000A", "2000B", "2000C"),
    ids=CLAIM_IDS,
    tables={
        "claims": TableSpec(("2300",), _CLAIMS),
        "professional": _lines("SV1", procedure=1, charge=2, units=4),
        "institutional": _lines("SV2", procedure=2, charge=3, units=5),
        "dental": _lines("SV3", procedure=1, charge=2, units=6),
        "other_payers": TableSpec(
            ("2320",),
            {
                "paid_amount": of("AMT", 2, "D"),
                "payer_id": in_loop("2330", of("NM1", 9, "PR"), under="2320"),
            },
            {"claim": ("2300",)},
            is_taken=False,
        ),
        "adjudications": TableSpec(
            ("2430",),
            {"payer_id": own(1), "paid_amount": own(2)},
            {"claim": ("2300",), "line": ("2400",)},
            is_taken=False,
        ),
        "other_adjustments": TableSpec(
            ("2320", "2430"),
            CAS,
            {"other_payer": ("2320",), "adjudication": ("2430",)},
            segment="CAS",
            is_taken=False,
        ),
    },
)
