"""The columns of the X12 tables in `raw`, less what landing adds. Data, no logic."""

import pyarrow as pa

from billing.arrow import DATE, MONEY, NUMBER, TEXT, UNITS

X12_TRANSACTION = pa.schema(
    [
        ("segment", NUMBER),
        ("transaction_no", NUMBER),
        ("set_id", TEXT),
        ("version", TEXT),
        ("interchange_control", TEXT),
        ("group_control", TEXT),
        ("transaction_control", TEXT),
        ("sender_id", TEXT),
        ("receiver_id", TEXT),
        ("interchange_date", DATE),
        ("segment_count", NUMBER),
        ("content_hash", TEXT),
        ("finding_code", TEXT),
    ]
)
CLAIM = pa.schema(
    [
        ("segment", NUMBER),
        ("transaction_no", NUMBER),
        ("claim_no", NUMBER),
        ("claim_kind", TEXT),
        ("claim_number", TEXT),
        ("billing_npi", TEXT),
        ("billing_tin", TEXT),
        ("payer_id", TEXT),
        ("payer_name", TEXT),
        ("payer_sequence", TEXT),
        ("claim_filing_code", TEXT),
        ("frequency_code", TEXT),
        ("original_reference", TEXT),
        ("facility_type_code", TEXT),
        ("charge_amount", MONEY),
        ("service_from_date", DATE),
        ("service_to_date", DATE),
        ("submitted_date", DATE),
        ("subscriber_id", TEXT),
        ("content_hash", TEXT),
        ("finding_code", TEXT),
    ]
)
CLAIM_LINE = pa.schema(
    [
        ("segment", NUMBER),
        ("transaction_no", NUMBER),
        ("claim_no", NUMBER),
        ("line_no", NUMBER),
        ("procedure_code", TEXT),
        ("modifiers", TEXT),
        ("revenue_code", TEXT),
        ("charge_amount", MONEY),
        ("units", UNITS),
        ("service_date", DATE),
        ("assigned_number", TEXT),
        ("procedure_qualifier", TEXT),
        ("unit_code", TEXT),
        ("place_of_service_code", TEXT),
        ("diagnosis_pointers", TEXT),
    ]
)
REMITTANCE = pa.schema(
    [
        ("segment", NUMBER),
        ("transaction_no", NUMBER),
        ("payer_id", TEXT),
        ("payer_name", TEXT),
        ("trace_number", TEXT),
        ("payment_method", TEXT),
        ("credit_debit", TEXT),
        ("payment_amount", MONEY),
        ("payment_date", DATE),
        ("production_date", DATE),
        ("payee_npi", TEXT),
        ("payee_tin", TEXT),
        ("claim_count", NUMBER),
        ("claim_paid_amount", MONEY),
        ("provider_adjusted_amount", MONEY),
        ("content_hash", TEXT),
        ("finding_code", TEXT),
    ]
)
REMITTANCE_CLAIM = pa.schema(
    [
        ("segment", NUMBER),
        ("transaction_no", NUMBER),
        ("claim_no", NUMBER),
        ("claim_number", TEXT),
        ("claim_status_code", TEXT),
        ("charge_amount", MONEY),
        ("paid_amount", MONEY),
        ("patient_responsibility_amount", MONEY),
        ("claim_filing_code", TEXT),
        ("payer_claim_number", TEXT),
        ("facility_type_code", TEXT),
        ("frequency_code", TEXT),
        ("service_from_date", DATE),
        ("received_date", DATE),
        ("drg_code", TEXT),
        ("drg_weight", TEXT),
        ("discharge_fraction", TEXT),
        ("finding_code", TEXT),
    ]
)
REMITTANCE_LINE = pa.schema(
    [
        ("segment", NUMBER),
        ("transaction_no", NUMBER),
        ("claim_no", NUMBER),
        ("line_no", NUMBER),
        ("procedure_code", TEXT),
        ("modifiers", TEXT),
        ("revenue_code", TEXT),
        ("charge_amount", MONEY),
        ("paid_amount", MONEY),
        ("units", UNITS),
        ("service_date", DATE),
        ("procedure_qualifier", TEXT),
        ("submitted_procedure_code", TEXT),
        ("submitted_units", UNITS),
    ]
)
CLAIM_ADJUSTMENT = pa.schema(
    [
        ("segment", NUMBER),
        ("transaction_no", NUMBER),
        ("claim_no", NUMBER),
        ("line_no", NUMBER),
        ("adjustment_no", NUMBER),
        ("group_code", TEXT),
        ("reason_code", TEXT),
        ("amount", MONEY),
        ("quantity", UNITS),
        ("remark_codes", TEXT),
    ]
)
PROVIDER_ADJUSTMENT = pa.schema(
    [
        ("segment", NUMBER),
        ("transaction_no", NUMBER),
        ("adjustment_no", NUMBER),
        ("provider_id", TEXT),
        ("fiscal_period_date", DATE),
        ("reason_code", TEXT),
        ("reference_id", TEXT),
        ("amount", MONEY),
    ]
)
SCHEMAS = {
    "x12_transaction": X12_TRANSACTION,
    "claim": CLAIM,
    "claim_line": CLAIM_LINE,
    "remittance": REMITTANCE,
    "remittance_claim": REMITTANCE_CLAIM,
    "remittance_line": REMITTANCE_LINE,
    "claim_adjustment": CLAIM_ADJUSTMENT,
    "provider_adjustment": PROVIDER_ADJUSTMENT,
}
