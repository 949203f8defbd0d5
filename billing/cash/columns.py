"""The columns of the bank and card tables in `raw`, less what landing adds. Data, no logic."""

from __future__ import annotations

import pyarrow as pa

from billing.arrow import DATE, INSTANT, MONEY, NUMBER, TEXT

BANK_TIME = pa.timestamp("us")  # by the bank's own clock; BAI2 names no time zone

BANK_STATEMENT = pa.schema(
    [
        ("segment", NUMBER),
        ("statement_no", NUMBER),
        ("bank_id", TEXT),
        ("bank_account", TEXT),
        ("as_of_date", DATE),
        ("currency", TEXT),
        ("opening_amount", MONEY),
        ("closing_amount", MONEY),
        ("content_hash", TEXT),
        ("finding_code", TEXT),
        ("file_made_at", BANK_TIME),
        ("file_number", NUMBER),
    ]
)
BANK_TRANSACTION = pa.schema(
    [
        ("segment", NUMBER),
        ("statement_no", NUMBER),
        ("transaction_no", NUMBER),
        ("type_code", TEXT),
        ("direction", TEXT),
        ("amount", MONEY),
        ("value_date", DATE),
        ("funds_type", TEXT),
        ("bank_reference", TEXT),
        ("customer_reference", TEXT),
        ("description", TEXT),
        ("trace_number", TEXT),
        ("originator_id", TEXT),
    ]
)
ACH_ENTRY = pa.schema(
    [
        ("segment", NUMBER),
        ("batch_no", NUMBER),
        ("entry_no", NUMBER),
        ("sec_code", TEXT),
        ("company_id", TEXT),
        ("company_name", TEXT),
        ("company_description", TEXT),
        ("transaction_code", TEXT),
        ("direction", TEXT),
        ("amount", MONEY),
        ("effective_date", DATE),
        ("ach_trace", TEXT),
        ("trace_number", TEXT),
        ("originator_id", TEXT),
        ("finding_code", TEXT),
    ]
)
CARD_CHARGE = pa.schema(
    [
        ("segment", NUMBER),
        ("charge_id", TEXT),
        ("account_number", TEXT),
        ("merchant", TEXT),
        ("amount", MONEY),
        ("currency", TEXT),
        ("status", TEXT),
        ("captured_at", INSTANT),
        ("balance_transaction_id", TEXT),
    ]
)
CARD_REFUND = pa.schema(
    [
        ("segment", NUMBER),
        ("refund_id", TEXT),
        ("charge_id", TEXT),
        ("amount", MONEY),
        ("currency", TEXT),
        ("status", TEXT),
        ("refunded_at", INSTANT),
        ("balance_transaction_id", TEXT),
    ]
)
CARD_BALANCE_TRANSACTION = pa.schema(
    [
        ("segment", NUMBER),
        ("balance_transaction_id", TEXT),
        ("type", TEXT),
        ("source_id", TEXT),
        ("payout_id", TEXT),
        ("merchant", TEXT),
        ("amount", MONEY),
        ("fee_amount", MONEY),
        ("net_amount", MONEY),
        ("currency", TEXT),
        ("created_at", INSTANT),
    ]
)
CARD_PAYOUT = pa.schema(
    [
        ("segment", NUMBER),
        ("payout_id", TEXT),
        ("merchant", TEXT),
        ("amount", MONEY),
        ("currency", TEXT),
        ("status", TEXT),
        ("arrival_date", DATE),
        ("trace_number", TEXT),
        ("created_at", INSTANT),
    ]
)
