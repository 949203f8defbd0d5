"""The columns of the EHR tables in `raw`, less what landing adds. Data, no logic."""

from __future__ import annotations

import pyarrow as pa

from billing.arrow import DATE, INSTANT, MONEY, NUMBER, TEXT, UNITS

EHR_PATIENT = pa.schema(
    [
        ("segment", NUMBER),
        ("patient_id", TEXT),
        ("family_name", TEXT),
        ("given_name", TEXT),
        ("birth_date", DATE),
        ("gender", TEXT),
        ("updated_at", INSTANT),
    ]
)
EHR_ENCOUNTER = pa.schema(
    [
        ("segment", NUMBER),
        ("encounter_id", TEXT),
        ("patient_id", TEXT),
        ("account_number", TEXT),
        ("provider_npi", TEXT),
        ("encounter_class", TEXT),
        ("status", TEXT),
        ("started_at", INSTANT),
        ("ended_at", INSTANT),
        ("updated_at", INSTANT),
    ]
)
EHR_COVERAGE = pa.schema(
    [
        ("segment", NUMBER),
        ("coverage_id", TEXT),
        ("patient_id", TEXT),
        ("payer_id", TEXT),
        ("coverage_order", NUMBER),
        ("status", TEXT),
        ("start_date", DATE),
        ("end_date", DATE),
        ("subscriber_id", TEXT),
        ("updated_at", INSTANT),
    ]
)
EHR_CHARGE = pa.schema(
    [
        ("segment", NUMBER),
        ("charge_id", TEXT),
        ("encounter_id", TEXT),
        ("patient_id", TEXT),
        ("status", TEXT),
        ("procedure_code", TEXT),
        ("revenue_code", TEXT),
        ("units", UNITS),
        ("amount", MONEY),
        ("service_date", DATE),
        ("posted_date", DATE),
        ("updated_at", INSTANT),
    ]
)
