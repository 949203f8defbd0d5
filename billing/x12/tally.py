"""Counts and sums of every transaction of a file, straight from its segments: the control figures
that rows, marts and an outside count can be held to. No row is made here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from billing.x12.arrays import sums
from billing.x12.document import Document, TableSpec
from billing.x12.envelope import Transaction
from billing.x12.index import Index
from billing.x12.reader import Levels, Read
from billing.x12.repeats import Melted, melt_cas, melt_plb
from billing.x12.specs.parts import own
from billing.x12.specs.remittance import CAS, PLB
from billing.x12.values import Money, money

# Where the amounts of a claim and of a service line stand, by segment.
_CHARGE = {"CLM": 2, "CLP": 3}
_LINE_CHARGE = {"SVC": 2, "SV1": 2, "SV2": 3, "SV3": 2}
_NO_GROUP = ""


@dataclass
class Tally:
    """What one transaction holds. Amounts in USD; `off_balance` counts by level."""

    transaction: Transaction
    claims: int = 0
    service_lines: int = 0
    adjustments: int = 0
    provider_adjustments: int = 0
    statuses: int = 0
    benefits: int = 0
    charge: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    patient_responsibility: Decimal = Decimal(0)
    line_charge: Decimal = Decimal(0)
    line_paid: Decimal = Decimal(0)
    provider_adjusted: Decimal = Decimal(0)
    payment: Decimal | None = None
    adjusted: dict[str, Decimal] = field(default_factory=dict)
    off_balance: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        """Take in what a later portion of the same transaction holds."""
        for name in _ADDED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for group, amount in other.adjusted.items():
            self.adjusted[group] = self.adjusted.get(group, Decimal(0)) + amount
        for level, count in other.off_balance.items():
            self.off_balance[level] = self.off_balance.get(level, 0) + count
        self.payment = other.payment if self.payment is None else self.payment


_ADDED = (
    "claims", "service_lines", "adjustments", "provider_adjustments", "statuses", "benefits",
    "charge", "paid", "patient_responsibility", "line_charge", "line_paid", "provider_adjusted",
)  # fmt: skip


def tallies_of(reads: Iterable[Read]) -> list[Tally]:
    """Return the figures of each transaction of a file, in its order."""
    found: dict[int, Tally] = {}
    for read in reads:
        for one in tally(read.document, read.levels):
            if one.transaction.number in found:
                found[one.transaction.number].add(one)
            else:
                found[one.transaction.number] = one
    return [found[number] for number in sorted(found)]


def tally(document: Document, levels: Levels) -> list[Tally]:
    """Return the figures of each portion of a document, in its order."""
    tallies = [Tally(item.transaction) for item in document.portions]
    for name, found in _counts(document):
        for one, count in zip(tallies, found.tolist(), strict=True):
            setattr(one, name, count)
    for name, cents in _sums(document):
        for one, value in zip(tallies, cents.tolist(), strict=True):
            setattr(one, name, Decimal(value).scaleb(-2))
    _repeats(document, tallies)
    _payments(document, tallies)
    _off_balance(document, tallies, levels)
    return tallies


def _counts(document: Document) -> Iterator[tuple[str, Index]]:
    for name, segments in (
        ("claims", tuple(_CHARGE)),
        ("service_lines", tuple(_LINE_CHARGE)),
        ("statuses", ("STC",)),
        ("benefits", ("EB",)),
    ):
        yield name, _count(document, document.find(*segments))


def _count(document: Document, segments: Index) -> Index:
    owner = document.transaction_of(segments)
    return np.bincount(owner, minlength=len(document.portions))


def _sums(document: Document) -> Iterator[tuple[str, Index]]:
    yield "charge", _sum(document, _CHARGE)
    yield "paid", _sum(document, {"CLP": 4})
    yield "patient_responsibility", _sum(document, {"CLP": 5})
    yield "line_charge", _sum(document, _LINE_CHARGE)
    yield "line_paid", _sum(document, {"SVC": 3})


def _sum(document: Document, elements: dict[str, int]) -> Index:
    total = np.zeros(len(document.portions), np.int64)
    for segment, element in elements.items():
        found = document.find(segment)
        amounts = _amounts(document, found, element)
        total += sums(amounts.cents, document.transaction_of(found), len(total))
    return total


def _amounts(document: Document, segments: Index, element: int) -> Money:
    return money(document.index.binary(document.index.element(segments, element)))


def _repeats(document: Document, tallies: list[Tally]) -> None:
    """Count and sum CAS triplets by group, and PLB pairs."""
    cas, cas_owner = _melted(document, "CAS")
    groups = cas.fields["group_code"].to_pylist()
    for owner, group, cents in zip(
        cas_owner.tolist(), groups, cas.money.cents.tolist(), strict=True
    ):
        one = tallies[owner]
        one.adjustments += 1
        before = one.adjusted.get(group or _NO_GROUP, Decimal(0))
        one.adjusted[group or _NO_GROUP] = before + Decimal(cents).scaleb(-2)
    plb, plb_owner = _melted(document, "PLB")
    for owner, cents in zip(plb_owner.tolist(), plb.money.cents.tolist(), strict=True):
        tallies[owner].provider_adjustments += 1
        tallies[owner].provider_adjusted += Decimal(cents).scaleb(-2)


def _melted(document: Document, segment: str) -> tuple[Melted, Index]:
    columns = CAS if segment == "CAS" else PLB
    rows = document.rows(TableSpec((), columns, segment=segment))
    melted = melt_cas(rows) if segment == "CAS" else melt_plb(rows)
    return melted, document.transaction_of(rows.segment[melted.source])


def _payments(document: Document, tallies: list[Tally]) -> None:
    """The first BPR02 of each transaction (835, 820)."""
    rows = document.rows(TableSpec((), {"amount": own(2)}, segment="BPR"))
    amounts = money(rows.column("amount"))
    owners = document.transaction_of(rows.segment).tolist()
    for row in reversed(range(len(owners))):
        tallies[owners[row]].payment = amounts.decimal(row)


def _off_balance(document: Document, tallies: list[Tally], levels: Levels) -> None:
    found = levels()
    for name in ("payment", "claim", "line"):
        segments, off = found.get(name, (np.zeros(0, np.int64), np.zeros(0, np.bool_)))
        for one, count in zip(tallies, _count(document, segments[off]).tolist(), strict=True):
            one.off_balance[name] = count
