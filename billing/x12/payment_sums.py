"""What the claims and provider adjustments of a payment come to, over all portions of its 835.

Sums only; whether they give the payment is in `remittance_checks`.
"""

from dataclasses import dataclass

import numpy as np

from billing.x12.arrays import all_true, sums
from billing.x12.document import Document
from billing.x12.envelope import Totals
from billing.x12.index import Index, Mask
from billing.x12.repeats import Melted
from billing.x12.values import Money

_MOST_CENTS = 10**14


@dataclass(frozen=True)
class Summed:
    """Per payment of a document: its sums so far, and whether they are whole (`is_last`)."""

    paid: Money
    adjusted: Money
    is_last: Mask
    earlier_adjustments: Index


def add_up(document: Document, claim_paid: Money, adjustments: Melted) -> Summed:
    """Return the sums of each payment; its transaction keeps them for the next portion."""
    payments = document.tables["payments"]
    count = len(payments)
    of_claim = document.tables["claims"].parent("payment")
    of_adjustment = document.tables["plb"].parent("payment")[adjustments.source]
    owners = document.transaction_of(payments.segment).tolist()
    portions = [document.portions[number] for number in owners]
    totals = [item.transaction.totals for item in portions]
    earlier = np.array([one.provider_adjustments for one in totals], np.int64)
    paid = _known(claim_paid, of_claim, count, [_paid(one) for one in totals])
    adjusted = _known(adjustments.money, of_adjustment, count, [_adjusted(one) for one in totals])
    claims = np.bincount(of_claim, minlength=count).tolist()
    pairs = np.bincount(of_adjustment, minlength=count).tolist()
    for row, one in enumerate(totals):
        one.claims += claims[row]
        one.provider_adjustments += pairs[row]
        one.claim_paid_cents, one.is_claim_paid_known = _at(paid, row)
        one.provider_adjusted_cents, one.is_provider_adjusted_known = _at(adjusted, row)
    is_last = np.array([item.is_last for item in portions], np.bool_)
    return Summed(paid, adjusted, is_last, earlier)


def _known(column: Money, parent: Index, count: int, before: list[tuple[int, bool]]) -> Money:
    total = sums(column.cents, parent, count) + np.array([cents for cents, _ in before], np.int64)
    known = all_true(column.known, parent, count) & np.array([is_it for _, is_it in before], bool)
    known &= np.abs(total) < _MOST_CENTS
    return Money(total, known, ~known)


def _paid(totals: Totals) -> tuple[int, bool]:
    return totals.claim_paid_cents, totals.is_claim_paid_known


def _adjusted(totals: Totals) -> tuple[int, bool]:
    return totals.provider_adjusted_cents, totals.is_provider_adjusted_known


def _at(column: Money, row: int) -> tuple[int, bool]:
    return int(column.cents[row]), bool(column.known[row])
