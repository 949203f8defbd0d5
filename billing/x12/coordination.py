"""Coordination of benefits in an 837: what an earlier payer paid and adjusted gives the charge.

Claim: CLM02 = AMT*D + CAS of 2320 + CAS of the 2430s of that payer. Line: its charge = SVD02 + CAS
of the 2430s of that payer (several where it unbundled). What cannot be evaluated is not judged.
"""

from dataclasses import dataclass

import numpy as np

from billing.x12.arrays import all_true, sums
from billing.x12.document import Document
from billing.x12.index import Index, Mask
from billing.x12.repeats import melt_cas
from billing.x12.specs.claim import LINE_TABLES
from billing.x12.values import Money, money, text


@dataclass(frozen=True)
class Decided:
    """The adjudications of lines: whose (row of other payer, -1 unknown), how much in cents."""

    payer: Index
    line: Index
    segment: Index
    cents: Index
    known: Mask


def coordination_off(document: Document, charge: Money) -> tuple[Index, Index]:
    """Return the segments of the other payers (2320) and lines (2430) that do not add up."""
    payers = document.tables["other_payers"]
    if not len(payers):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    paid = money(payers.column("paid_amount"))
    melted = melt_cas(document.tables["other_adjustments"])
    rows = document.tables["other_adjustments"]
    of_payer = rows.parent("other_payer")[melted.source]
    of_decision = rows.parent("adjudication")[melted.source]
    decided = _decided(document, melted.money, of_decision)
    own = np.where(of_decision < 0, of_payer, -1)
    count = len(payers)
    total = paid.cents + sums(melted.money.cents, own, count)
    # SVD02 is part of AMT*D already; only the adjustments of the lines come on top.
    total += sums(_adjusted(melted.money, of_decision, len(decided.payer)), decided.payer, count)
    claim = payers.parent("claim")
    is_known = paid.known & all_true(melted.money.known, own, count) & charge.known[claim]
    is_known &= all_true(decided.known, decided.payer, count)
    is_known &= ~_has_stranger(decided, document, claim)
    off = is_known & (total != charge.cents[claim])
    return payers.segment[off], _lines_off(document, decided)


def _decided(document: Document, adjusted: Money, of_decision: Index) -> Decided:
    rows = document.tables["adjudications"]
    paid = money(rows.column("paid_amount"))
    count = len(rows)
    return Decided(
        payer=_payer_of(document),
        line=rows.parent("line"),
        segment=rows.segment,
        cents=paid.cents + _adjusted(adjusted, of_decision, count),
        known=paid.known & all_true(adjusted.known, of_decision, count),
    )


def _adjusted(adjusted: Money, of_decision: Index, count: int) -> Index:
    return sums(adjusted.cents, of_decision, count)


def _payer_of(document: Document) -> Index:
    """Return for each adjudication the other payer of its claim that SVD01 names, -1 for none."""
    payers, rows = document.tables["other_payers"], document.tables["adjudications"]
    named = zip(
        payers.parent("claim").tolist(), text(payers.column("payer_id")).to_pylist(), strict=True
    )
    row_of = {key: row for row, key in enumerate(named)}
    asked = zip(
        rows.parent("claim").tolist(), text(rows.column("payer_id")).to_pylist(), strict=True
    )
    return np.array([row_of.get(key, -1) for key in asked], np.int64)


def _has_stranger(decided: Decided, document: Document, claim: Index) -> Mask:
    """Return the payers in whose claim a payer that it does not name decided a line."""
    strange = document.tables["adjudications"].parent("claim")[decided.payer < 0]
    return np.isin(claim, strange)


def _lines_off(document: Document, decided: Decided) -> Index:
    """Return the first 2430 of each line and payer whose sum is not the charge of the line."""
    charges = _line_charges(document)
    key = np.stack([decided.line, decided.payer], axis=1)
    _, first, group = np.unique(key, axis=0, return_index=True, return_inverse=True)
    group = group.reshape(-1)
    total = sums(decided.cents, group, len(first))
    known = all_true(decided.known & (decided.payer >= 0), group, len(first))
    charge, is_charge = charges
    line = decided.line[first]
    off = known & is_charge[line] & (total != charge[line])
    found: Index = decided.segment[first][off]
    return found


def _line_charges(document: Document) -> tuple[Index, Mask]:
    """Return for each 2400 its charge in cents, and whether it has exactly one that is known."""
    count = len(document.loops.starts("2400")) + 1  # the last stands for "no line"
    cents, seen = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for name in LINE_TABLES.values():
        rows = document.tables[name]
        amounts = money(rows.column("charge_amount"))
        line = rows.parent("line")
        cents += sums(amounts.cents, line, count)
        seen += np.bincount(line[amounts.known & (line >= 0)], minlength=count)
    return cents, seen == 1
