"""835 transactions as rows of the remittance tables. Whether they balance is in
`remittance_checks`; here nothing is judged, only read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from billing.arrow import TEXT
from billing.x12 import columns
from billing.x12.arrays import extremes, joined, numbers, ordinals, place, table
from billing.x12.document import Document, Rows
from billing.x12.index import Index, Mask
from billing.x12.kept import days_of, rates_of, units_of
from billing.x12.payment_sums import add_up
from billing.x12.repeats import Melted, melt_cas, melt_plb
from billing.x12.values import Money, money, text, units

_CLAIM_TEXTS = (
    "claim_number",
    "claim_status_code",
    "claim_filing_code",
    "payer_claim_number",
    "facility_type_code",
    "frequency_code",
    "drg_code",
)


@dataclass(frozen=True)
class Remittances:
    """All amounts of the 835s of a document, with the row number of what each belongs to.

    Per payment: `paid` and `adjusted` are the sums of its claims and provider adjustments, those
    of its earlier portions included; `is_last`: nothing of it follows.
    """

    document: Document
    payment: Money
    claim_charge: Money
    claim_paid: Money
    claim_patient: Money
    line_charge: Money
    line_paid: Money
    adjustments: Melted
    provider_adjustments: Melted
    line_units: pa.Array
    line_units_unreadable: Mask
    paid: Money
    adjusted: Money
    is_last: Mask
    earlier_adjustments: Index

    @property
    def claims(self) -> Rows:
        """The CLP rows."""
        return self.document.tables["claims"]

    @property
    def lines(self) -> Rows:
        """The SVC rows."""
        return self.document.tables["services"]

    def adjustment_parent(self, name: str) -> Index:
        """Return the claim or service row of each adjustment, -1 where there is none."""
        return self.document.tables["cas"].parent(name)[self.adjustments.source]


def read_remittances(document: Document) -> Remittances:
    """Read every amount of the 835s in a document, and add them up for the portions to come."""
    claims, lines = document.tables["claims"], document.tables["services"]
    line_units, unreadable = units(lines.column("units"))
    claim_paid = money(claims.column("paid_amount"))
    provider_adjustments = melt_plb(document.tables["plb"])
    summed = add_up(document, claim_paid, provider_adjustments)
    return Remittances(
        document=document,
        **vars(summed),
        payment=money(document.tables["payments"].column("payment_amount")),
        claim_charge=money(claims.column("charge_amount")),
        claim_paid=claim_paid,
        claim_patient=money(claims.column("patient_responsibility_amount")),
        line_charge=money(lines.column("charge_amount")),
        line_paid=money(lines.column("paid_amount")),
        adjustments=melt_cas(document.tables["cas"]),
        provider_adjustments=provider_adjustments,
        line_units=line_units,
        line_units_unreadable=unreadable,
    )


def line_table(read: Remittances, first_claim: int) -> pa.Table:
    """Return the rows of raw.remittance_line."""
    lines = read.lines
    product = text(lines.column("product"))
    is_revenue = pc.fill_null(pc.equal(text(lines.column("qualifier")), "NU"), False)
    nothing = pa.scalar(None, TEXT)
    day, first = days_of(lines, "service_date"), days_of(lines, "service_start_date")
    named = ("submitted_qualifier", "submitted_procedure_code", "submitted_description")
    return table(
        columns.REMITTANCE_LINE,
        {
            **place(read.document, lines.segment),
            "claim_no": numbers(lines.parent("claim") + first_claim),
            "line_no": numbers(ordinals(lines.parent("claim"))),
            **{name: text(lines.column(name)) for name in named},
            "procedure_qualifier": text(lines.column("qualifier")),
            "procedure_code": pc.if_else(is_revenue, nothing, product),
            "modifiers": _modifiers(lines, "modifier"),
            "procedure_description": text(lines.column("description")),
            "submitted_modifiers": _modifiers(lines, "submitted_modifier"),
            "submitted_units": units_of(lines, "submitted_units"),
            "revenue_code": pc.if_else(is_revenue, product, text(lines.column("revenue_code"))),
            "charge_amount": read.line_charge.column(),
            "paid_amount": read.line_paid.column(),
            "units": read.line_units,
            "service_date": pc.coalesce(day, first),
            "service_to_date": pc.coalesce(day, days_of(lines, "service_end_date"), first),
            "remark_codes": _remarks(read, len(lines)),
        },
    )


def claim_table(
    read: Remittances, lines: pa.Table, first_claim: int, codes: Sequence[str | None]
) -> pa.Table:
    """Return the rows of raw.remittance_claim; `codes` are their findings."""
    claims = read.claims
    owner, count = read.lines.parent("claim"), len(claims)
    stated, ended = days_of(claims, "service_from_date"), days_of(claims, "service_to_date")
    earliest, latest = extremes(lines["service_date"], owner, count)
    if not lines["service_to_date"].equals(lines["service_date"]):
        _, latest = extremes(lines["service_to_date"], owner, count)
    return table(
        columns.REMITTANCE_CLAIM,
        {
            **place(read.document, claims.segment),
            **{name: text(claims.column(name)) for name in _CLAIM_TEXTS},
            "claim_no": numbers(np.arange(count) + first_claim),
            "charge_amount": read.claim_charge.column(),
            "paid_amount": read.claim_paid.column(),
            "patient_responsibility_amount": read.claim_patient.column(),
            "drg_weight": rates_of(claims, "drg_weight"),
            "discharge_fraction": rates_of(claims, "discharge_fraction"),
            "service_from_date": pc.coalesce(stated, earliest),
            "service_to_date": pc.coalesce(ended, latest, stated),
            "received_date": days_of(claims, "received_date"),
            "remark_codes": _claim_remarks(claims),
            "finding_code": pa.array(codes, TEXT),
        },
    )


def adjustment_table(read: Remittances, lines: pa.Table, first_claim: int) -> pa.Table:
    """Return the rows of raw.claim_adjustment, claim level and line level."""
    cas = read.document.tables["cas"]
    claim, line = read.adjustment_parent("claim"), read.adjustment_parent("service")
    line_no = lines["line_no"].combine_chunks().take(pa.array(np.maximum(line, 0), mask=line < 0))
    remarks = pc.coalesce(
        lines["remark_codes"].combine_chunks().take(pa.array(np.maximum(line, 0), mask=line < 0)),
        _claim_remarks(read.claims).take(pa.array(claim, mask=line >= 0)),
    )
    return table(
        columns.CLAIM_ADJUSTMENT,
        {
            **place(read.document, cas.segment[read.adjustments.source]),
            **read.adjustments.fields,
            "claim_no": numbers(claim + first_claim),
            "line_no": line_no,
            "adjustment_no": numbers(ordinals(claim)),
            "amount": read.adjustments.money.column(),
            "remark_codes": remarks,
        },
    )


def provider_adjustment_table(read: Remittances) -> pa.Table:
    """Return the rows of raw.provider_adjustment."""
    melted, plb = read.provider_adjustments, read.document.tables["plb"]
    owner = plb.parent("payment")[melted.source]
    return table(
        columns.PROVIDER_ADJUSTMENT,
        {
            **place(read.document, plb.segment[melted.source]),
            **melted.fields,
            "adjustment_no": numbers(ordinals(owner) + read.earlier_adjustments[owner]),
            "amount": melted.money.column(),
        },
    )


def _modifiers(lines: Rows, name: str) -> pa.Array:
    return joined([lines.column(f"{name}_{number}") for number in range(1, 5)])


def _remarks(read: Remittances, count: int) -> pa.Array:
    """Return for each line its remark codes (LQ*HE) in file order, comma separated."""
    rows = read.document.tables["remarks"]
    line = rows.parent("service")
    codes = text(rows.column("code")).to_pylist()
    found: dict[int, list[str]] = {}
    for number, code in zip(line.tolist(), codes, strict=True):
        if code is not None:
            found.setdefault(number, []).append(code)
    values = [",".join(found[n]) if n in found else None for n in range(count)] if found else []
    return pa.array(values or [None] * count, TEXT)


def _claim_remarks(claims: Rows) -> pa.Array:
    names = [name for name in claims.columns if name.startswith(("moa_", "mia_"))]
    return joined([claims.column(name) for name in names])
