"""The three balances of an 835 (X221 1.10.2.1) and what breaks them, in exact cents.

A balance that cannot be evaluated is a finding of its own: nothing unreadable counts as zero.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from billing.finding import Finding
from billing.x12 import rules
from billing.x12.arrays import all_true, first_cause, sums, truncated_rows
from billing.x12.document import Document, Portion
from billing.x12.index import Index, Mask
from billing.x12.remittance import Remittances
from billing.x12.rules import Rule, finding, unreadable_amount


@dataclass(frozen=True)
class Checked:
    """The findings, and the finding code of every remittance and claim (None: postable)."""

    findings: list[Finding]
    claim_codes: list[str | None]
    remittance_codes: list[str | None]


def check_remittances(read: Remittances) -> Checked:
    """Hold the 835s of a document to their balances, line by line, claim by claim, payment."""
    findings = [*_unreadable(read), *_incomplete(read), *_not_read(read.document)]
    line_off = lines_off(read) & ~_cut_lines(read)
    truncated = truncated_rows(read.document, read.claims.segment)
    bad = ~_claims_evaluable(read)
    claim_off = claims_off(read) & ~truncated
    findings += _claim_findings(
        read, rules.LINE_OFF, line_off, read.lines.segment, _line_claim(read)
    )
    every = np.arange(len(read.claims))
    findings += _claim_findings(read, rules.CLAIM_OFF, claim_off, read.claims.segment, every)
    findings += _claim_findings(read, rules.TRUNCATED_CLAIM, truncated, read.claims.segment, every)
    has_line_off = ~all_true(~line_off, _line_claim(read), len(read.claims))
    claim_codes = first_cause(
        len(read.claims),
        (truncated, rules.TRUNCATED),
        (bad, unreadable_amount("")),
        (_has_no_group(read), rules.ADJUSTMENT_INCOMPLETE),
        (has_line_off, rules.LINE_OFF),
        (claim_off, rules.CLAIM_OFF),
    )
    return _check_payments(read, findings, claim_codes)


def lines_off(read: Remittances) -> Mask:
    """Return the lines whose charge less adjustments is not their payment, as far as known."""
    count, parent = len(read.lines), read.adjustment_parent("service")
    adjusted = sums(read.adjustments.money.cents, parent, count)
    known = read.line_charge.known & read.line_paid.known
    known &= all_true(read.adjustments.money.known, parent, count)
    off: Mask = read.line_charge.cents - adjusted != read.line_paid.cents
    return off & known


def _cut_lines(read: Remittances) -> Mask:
    """Lines of a claim that the end of the file cuts off: their balance means nothing."""
    truncated = truncated_rows(read.document, read.claims.segment)
    return truncated[_line_claim(read)]


def _line_claim(read: Remittances) -> Index:
    return read.lines.parent("claim")


def claims_off(read: Remittances) -> Mask:
    """Return the claims whose charge less adjustments is not their payment, as far as known."""
    count, parent = len(read.claims), read.adjustment_parent("claim")
    adjusted = sums(read.adjustments.money.cents, parent, count)
    known = read.claim_charge.known & read.claim_paid.known
    known &= all_true(read.adjustments.money.known, parent, count)
    off: Mask = read.claim_charge.cents - adjusted != read.claim_paid.cents
    return off & known


def _claims_evaluable(read: Remittances) -> Mask:
    count = len(read.claims)
    known = read.claim_charge.known & read.claim_paid.known
    known &= all_true(read.adjustments.money.known, read.adjustment_parent("claim"), count)
    lines_known = read.line_charge.known & read.line_paid.known
    return known & all_true(lines_known, _line_claim(read), count)


def _check_payments(
    read: Remittances, findings: list[Finding], claim_codes: list[str | None]
) -> Checked:
    paid, adjusted = read.paid, read.adjusted
    truncated = np.array([item.is_broken for item in _portions(read)], np.bool_)
    known = read.payment.known & paid.known & adjusted.known
    off = payments_off(read) & ~truncated
    negative = read.is_last & read.payment.known & (read.payment.cents < 0)
    findings += _payment_findings(read, rules.REMITTANCE_OFF, off)
    findings += _payment_findings(read, rules.NEGATIVE_PAYMENT, negative)
    codes = first_cause(
        len(truncated),
        (truncated, rules.TRUNCATED),
        (~known, unreadable_amount("")),
        (off, rules.REMITTANCE_OFF),
    )
    return Checked(findings, claim_codes, codes)


def remittance_levels(read: Remittances) -> dict[str, tuple[Index, Mask]]:
    """Return the segments of payments, claims and lines, and which of them do not balance."""
    return {
        "payment": (read.document.tables["payments"].segment, payments_off(read)),
        "claim": (read.claims.segment, claims_off(read)),
        "line": (read.lines.segment, lines_off(read)),
    }


def payments_off(read: Remittances) -> Mask:
    """Return the payments that claims less provider adjustments do not give, as far as known."""
    off: Mask = read.paid.cents - read.adjusted.cents != read.payment.cents
    return off & read.is_last & read.payment.known & read.paid.known & read.adjusted.known


def _portions(read: Remittances) -> list[Portion]:
    owners = read.document.transaction_of(read.document.tables["payments"].segment)
    return [read.document.portions[number] for number in owners.tolist()]


def _claim_findings(
    read: Remittances, rule: Rule, applies: Mask, segment: Index, claim: Index
) -> Iterator[Finding]:
    rows = np.flatnonzero(applies)
    ordinals = read.document.ordinal(segment[rows])
    for row, ordinal in zip(rows.tolist(), ordinals.tolist(), strict=True):
        owner = int(claim[row])
        measure = read.claim_paid.decimal(owner) if owner >= 0 else None
        yield finding(rule, ordinal, measure, "remittance_claim")


def _payment_findings(read: Remittances, rule: Rule, applies: Mask) -> Iterator[Finding]:
    segment = read.document.tables["payments"].segment
    for row in np.flatnonzero(applies).tolist():
        ordinal = int(read.document.ordinal(segment[row : row + 1])[0])
        yield finding(rule, ordinal, read.payment.decimal(row), "remittance")


def _unreadable(read: Remittances) -> Iterator[Finding]:
    """Yield a finding for each amount that is missing or cannot be read."""
    claims, lines, tables = read.claims, read.lines, read.document.tables
    claim, line_claim = np.arange(len(claims)), _line_claim(read)
    cas = tables["cas"].segment[read.adjustments.source]
    plb = tables["plb"].segment[read.provider_adjustments.source]
    adjusted = read.adjustment_parent("claim")
    for name, column, segment, owner in (
        ("CLP03", read.claim_charge, claims.segment, claim),
        ("CLP04", read.claim_paid, claims.segment, claim),
        ("SVC02", read.line_charge, lines.segment, line_claim),
        ("SVC03", read.line_paid, lines.segment, line_claim),
        ("CAS amount", read.adjustments.money, cas, adjusted),
    ):
        yield from _claim_findings(read, unreadable_amount(name), ~column.known, segment, owner)
    patient = read.claim_patient
    garbled = ~patient.known & ~patient.blank
    yield from _claim_findings(read, rules.PATIENT_UNREADABLE, garbled, claims.segment, claim)
    bad_units = read.line_units_unreadable
    yield from _claim_findings(read, rules.UNITS_UNREADABLE, bad_units, lines.segment, line_claim)
    unknown = read.is_last & ~read.payment.known
    yield from _payment_findings(read, unreadable_amount("BPR02"), unknown)
    for ordinal in read.document.ordinal(plb[~read.provider_adjustments.money.known]).tolist():
        yield finding(unreadable_amount("PLB amount"), ordinal, None, "provider_adjustment")


def _incomplete(read: Remittances) -> Iterator[Finding]:
    """Yield a finding for each adjustment that does not say its group or its provider."""
    cas, plb = read.document.tables["cas"], read.document.tables["plb"]
    blank = _is_blank(read.adjustments.fields["group_code"])
    segment, owner = cas.segment[read.adjustments.source], read.adjustment_parent("claim")
    yield from _claim_findings(read, rules.ADJUSTMENT_INCOMPLETE, blank, segment, owner)
    nameless = plb.segment[read.provider_adjustments.source][
        _is_blank(read.provider_adjustments.fields["provider_id"])
    ]
    for ordinal in read.document.ordinal(nameless).tolist():
        yield finding(rules.ADJUSTMENT_INCOMPLETE, ordinal, None, "provider_adjustment")


def _has_no_group(read: Remittances) -> Mask:
    """Return which claims have an adjustment without a group code."""
    blank = _is_blank(read.adjustments.fields["group_code"])
    return ~all_true(~blank, read.adjustment_parent("claim"), len(read.claims))


def _is_blank(column: pa.Array) -> Mask:
    return np.asarray(column.is_null().to_numpy(zero_copy_only=False), np.bool_)


def _not_read(document: Document) -> Iterator[Finding]:
    """Yield a finding for each segment with an amount that became no row."""
    names = {"CLP": "claims", "SVC": "services", "CAS": "cas", "PLB": "plb"}
    for name, table in names.items():
        lost = document.lost(document.find(name), document.tables[table].segment)
        for ordinal in document.ordinal(lost).tolist():
            yield finding(rules.NOT_READ, ordinal, None, "remittance_claim")
    payments = document.find("BPR")
    for segment, owner in zip(
        payments.tolist(), document.transaction_of(payments).tolist(), strict=True
    ):
        totals = document.portions[owner].transaction.totals
        totals.payments += 1
        if totals.payments > 1:
            ordinal = int(document.ordinal(np.array([segment]))[0])
            yield finding(rules.NOT_READ, ordinal, None, "remittance")
