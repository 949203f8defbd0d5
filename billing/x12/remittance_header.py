"""The row of an 835 transaction itself: who pays whom, how, when, and by which trace number."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from billing.arrow import TEXT
from billing.x12 import columns
from billing.x12.arrays import numbers, place, table
from billing.x12.document import Document
from billing.x12.envelope import Transaction
from billing.x12.kept import days_of
from billing.x12.remittance import Remittances
from billing.x12.remittance_checks import Checked
from billing.x12.values import text

UNKNOWN_PAYER = "UNKNOWN"
_TEXT_COLUMNS = (
    "originator_id",
    "company_id",
    "payer_number",
    "payer_name",
    "trace_number",
    "trace_supplement",
    "company_supplement",
    "handling_code",
    "payment_format",
    "originating_bank_id",
    "originating_account",
    "receiving_bank_id",
    "receiving_account",
    "payment_method",
    "credit_debit",
    "payee_qualifier",
    "payee_number",
    "payee_npi",
    "payee_tin",
)


def remittance_table(read: Remittances, checked: Checked) -> pa.Table:
    """Return the rows of raw.remittance: of the transactions that end in this document."""
    rows = read.document.tables["payments"]
    transactions = _transactions(read.document)
    claims = np.array([item.totals.claims for item in transactions], np.int64)
    as_text = {name: text(rows.column(name)) for name in _TEXT_COLUMNS}
    payer = pc.coalesce(
        as_text["originator_id"], as_text["company_id"], as_text["payer_number"], UNKNOWN_PAYER
    )
    every = table(
        columns.REMITTANCE,
        {
            **place(read.document, rows.segment),
            **as_text,
            **_payee(as_text),
            "payer_id": payer,
            "payment_amount": read.payment.column(),
            "payment_date": days_of(rows, "payment_date"),
            "production_date": days_of(rows, "production_date"),
            "claim_count": numbers(claims),
            "claim_paid_amount": read.paid.column(),
            "provider_adjusted_amount": read.adjusted.column(),
            "content_hash": pa.array([item.content.value for item in transactions], TEXT),
            "finding_code": pa.array(checked.remittance_codes, TEXT),
        },
    )
    return every.filter(pa.array(read.is_last))


def _payee(as_text: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """N104 is an NPI or a tax number, as N103 says; REF*HPI and REF*TJ give the other."""
    qualifier, number = as_text["payee_qualifier"], as_text["payee_number"]
    nothing = pa.scalar(None, TEXT)
    npi = pc.if_else(pc.fill_null(pc.equal(qualifier, "XX"), False), number, nothing)
    tin = pc.if_else(pc.fill_null(pc.equal(qualifier, "FI"), False), number, nothing)
    return {
        "payee_npi": pc.coalesce(npi, as_text["payee_npi"]),
        "payee_tin": pc.coalesce(as_text["payee_tin"], tin),
    }


def _transactions(document: Document) -> list[Transaction]:
    owners = document.transaction_of(document.tables["payments"].segment).tolist()
    return [document.portions[number].transaction for number in owners]
