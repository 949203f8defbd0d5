"""The 835 (X221, and X091 of 4010): loops and tables. What the columns mean is in `remittance`."""

from billing.x12.document import Source, Specification, TableSpec
from billing.x12.loops import TRANSACTION, Loop
from billing.x12.specs.parts import dated, in_loop, of, own, qualified

_LOOPS = (
    Loop("1000A", 1, "N1", qualified("PR")),
    Loop("1000B", 1, "N1", qualified("PE")),
    Loop("2000", 1, "LX"),
    Loop("2100", 2, "CLP"),
    Loop("2110", 3, "SVC", parents=("2100",)),
)
_PAYER, _PAYEE = "1000A", "1000B"


def _party(loop: str, source: Source) -> Source:
    return in_loop(loop, source, under=TRANSACTION)


_PAYMENTS = {
    "handling_code": of("BPR", 1),
    "payment_amount": of("BPR", 2),
    "credit_debit": of("BPR", 3),
    "payment_method": of("BPR", 4),
    "payment_format": of("BPR", 5),
    "originating_bank_id": of("BPR", 7),
    "originating_account": of("BPR", 9),
    "company_id": of("BPR", 10),
    "company_supplement": of("BPR", 11),
    "receiving_bank_id": of("BPR", 13),
    "receiving_account": of("BPR", 15),
    "payment_date": of("BPR", 16),
    "trace_number": of("TRN", 2),
    "originator_id": of("TRN", 3),
    "trace_supplement": of("TRN", 4),
    "production_date": dated("DTM", "405"),
    "payer_name": _party(_PAYER, of("N1", 2)),
    "payer_number": _party(_PAYER, of("N1", 4)),
    "payee_qualifier": _party(_PAYEE, of("N1", 3)),
    "payee_number": _party(_PAYEE, of("N1", 4)),
    "payee_tin": _party(_PAYEE, of("REF", 2, "TJ")),
    "payee_npi": _party(_PAYEE, of("REF", 2, "HPI")),
}
_CLAIMS = {
    "claim_number": own(1),
    "claim_status_code": own(2),
    "charge_amount": own(3),
    "paid_amount": own(4),
    "patient_responsibility_amount": own(5),
    "claim_filing_code": own(6),
    "payer_claim_number": own(7),
    "facility_type_code": own(8),
    "frequency_code": own(9),
    "drg_code": own(11),
    "drg_weight": own(12),
    "discharge_fraction": own(13),
    "service_from_date": dated("DTM", "232"),
    "service_to_date": dated("DTM", "233"),
    "received_date": dated("DTM", "050"),
    **{f"moa_{element}": of("MOA", element) for element in range(3, 8)},
    **{f"mia_{element}": of("MIA", element) for element in (5, 20, 21, 22, 23)},
}
_SERVICES = {
    "qualifier": own(1, 1),
    "product": own(1, 2),
    **{f"modifier_{number}": own(1, number + 2) for number in range(1, 5)},
    "description": own(1, 7),
    "charge_amount": own(2),
    "paid_amount": own(3),
    "revenue_code": own(4),
    "units": own(5),
    "submitted_qualifier": own(6, 1),
    "submitted_procedure_code": own(6, 2),
    **{f"submitted_modifier_{number}": own(6, number + 2) for number in range(1, 5)},
    "submitted_description": own(6, 7),
    "submitted_units": own(7),
    "service_date": dated("DTM", "472"),
    "service_start_date": dated("DTM", "150"),
    "service_end_date": dated("DTM", "151"),
}
# CAS and PLB come whole, one row a segment: an amount whose code is missing is not lost.
CAS = {f"cas_{element:02}": own(element) for element in range(1, 20)}
PLB = {
    "provider_id": own(1),
    "fiscal_period_date": own(2),
    **{f"reason_{n}": own(3 + 2 * n, 1) for n in range(6)},
    **{f"reference_{n}": own(3 + 2 * n, 2) for n in range(6)},
    **{f"amount_{n}": own(4 + 2 * n) for n in range(6)},
}
_PAYMENT, _CLAIM, _LINE = (TRANSACTION,), ("2100",), ("2110",)

REMITTANCE = Specification(
    loops=_LOOPS,
    claim=_CLAIM,
    line=_LINE,
    breaks=("CLP",),
    record="CLP",
    above=("2000",),
    tables={
        "payments": TableSpec(_PAYMENT, _PAYMENTS),
        "claims": TableSpec(_CLAIM, _CLAIMS, {"payment": _PAYMENT}),
        "services": TableSpec(_LINE, _SERVICES, {"claim": _CLAIM}),
        "cas": TableSpec(
            (*_CLAIM, *_LINE), CAS, {"claim": _CLAIM, "service": _LINE}, segment="CAS"
        ),
        "plb": TableSpec(
            (TRANSACTION, _PAYER, _PAYEE, "2000", *_CLAIM, *_LINE),
            PLB,
            {"payment": _PAYMENT},
            segment="PLB",
        ),
        "remarks": TableSpec(
            _LINE, {"qualifier": own(1), "code": own(2)}, {"service": _LINE}, segment="LQ"
        ),
    },
)
