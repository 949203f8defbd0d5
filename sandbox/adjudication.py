"""What a payer decides about one claim: per line what is cut, owed by the patient, denied, paid."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date

from sandbox.amounts import share
from sandbox.chance import one_in, weighted
from sandbox.encounters import Charge, Encounter
from sandbox.payers import DENIAL_REMARKS, Payer


@dataclass(frozen=True)
class Adjustment:
    """A claim adjustment: group, reason, cents (positive lowers the payment), remark code."""

    group: str
    reason: str
    cents: int
    remark: str | None = None

    @property
    def is_denial(self) -> bool:
        """True when this reason refuses payment."""
        return self.group == "CO" and self.reason in DENIAL_REMARKS


@dataclass(frozen=True)
class LineResult:
    """The decision on one charge. stated_cents is what the file says where that is wrong."""

    charge: Charge
    cents: int
    paid: int
    adjustments: tuple[Adjustment, ...]
    stated_cents: int | None = None

    def amount(self, group: str) -> int:
        """Return the cents adjusted under a group code."""
        return sum(item.cents for item in self.adjustments if item.group == group)


@dataclass(frozen=True)
class ClaimResult:
    """The decision on one claim, dated by its payment. waits names the planted error it carries."""

    encounter: Encounter
    payer: Payer
    status: str
    lines: tuple[LineResult, ...]
    control_number: str
    received: date
    payment_date: date
    claim_level_only: bool = False
    forwarded_to: Payer | None = None
    interest: int = 0
    deferred: int = 0
    frequency: str = "1"
    is_known: bool = True
    stated_charge: int | None = None
    waits: str | None = None

    @property
    def charge(self) -> int:
        """The claim's charge in cents; negative in a reversal."""
        return sum(line.cents for line in self.lines)

    @property
    def paid(self) -> int:
        """The payment in cents; negative in a reversal."""
        return sum(line.paid for line in self.lines)

    @property
    def patient_share(self) -> int:
        """The patient's responsibility in cents."""
        return sum(line.amount("PR") for line in self.lines)

    def adjustments(self) -> tuple[Adjustment, ...]:
        """Return every adjustment of all lines."""
        return tuple(item for line in self.lines for item in line.adjustments)

    def summed_adjustments(self) -> tuple[Adjustment, ...]:
        """Return the adjustments added up by group and reason, for a claim without lines."""
        sums: dict[tuple[str, str], int] = defaultdict(int)
        remarks: dict[tuple[str, str], str | None] = {}
        for item in self.adjustments():
            sums[item.group, item.reason] += item.cents
            remarks[item.group, item.reason] = item.remark
        return tuple(
            Adjustment(group, reason, cents, remarks[group, reason])
            for (group, reason), cents in sums.items()
            if cents
        )


def price(rng: random.Random, payer: Payer, charges: tuple[Charge, ...]) -> tuple[LineResult, ...]:
    """Pay a claim: contractual cut, deductible, copay, coinsurance and sequestration per line."""
    cut = rng.randint(*payer.contractual)
    deductible = rng.randrange(2_500, 60_000) if one_in(rng, payer.deductible_rate) else 0
    copay = payer.copay_cents
    lines = []
    for charge in charges:
        line, deductible, copay = _price_line(payer, charge, cut, deductible, copay)
        lines.append(line)
    return tuple(lines)


def _price_line(
    payer: Payer, charge: Charge, cut: int, deductible: int, copay: int
) -> tuple[LineResult, int, int]:
    contractual = share(charge.cents, cut)
    allowed = charge.cents - contractual
    first = min(allowed, deductible)
    fixed = min(allowed - first, copay)
    coinsurance = share(allowed - first - fixed, payer.coinsurance)
    due = allowed - first - fixed - coinsurance
    sequestered = share(due, payer.sequestration)
    amounts = (
        ("CO", "45", contractual), ("CO", "253", sequestered),
        ("PR", "1", first), ("PR", "2", coinsurance), ("PR", "3", fixed),
    )  # fmt: skip
    items = tuple(Adjustment(*item) for item in amounts if item[2])
    line = LineResult(charge, charge.cents, due - sequestered, items)
    return line, deductible - first, copay - fixed


def deny(line: LineResult, reason: str) -> LineResult:
    """Return the line refused whole for a reason."""
    item = Adjustment("CO", reason, line.cents, DENIAL_REMARKS[reason])
    return replace(line, paid=0, adjustments=(item,))


def decide(
    rng: random.Random, payer: Payer, encounter: Encounter
) -> tuple[tuple[LineResult, ...], str]:
    """Return a payer's first decision on a claim and its outcome: paid, denied or line_denied."""
    lines = price(rng, payer, encounter.billed)
    if not one_in(rng, payer.denial_rate):
        return lines, "paid"
    reason = weighted(rng, payer.denial_reasons)
    if len(lines) > 1 and one_in(rng, 3_500):
        refused = rng.randrange(len(lines))
        return (
            *lines[:refused],
            deny(lines[refused], reason),
            *lines[refused + 1 :],
        ), "line_denied"
    return tuple(deny(line, reason) for line in lines), "denied"


def coordinate(
    rng: random.Random, payer: Payer, primary: tuple[LineResult, ...]
) -> tuple[LineResult, ...]:
    """Return a second payer's decision: what the first one left to the patient, or a part of it."""
    rate = rng.choice((6_000, 8_000, 10_000))
    return tuple(_coordinate_line(payer, line, rate) for line in primary)


def _coordinate_line(payer: Payer, line: LineResult, rate: int) -> LineResult:
    owed = line.amount("PR")
    paid = share(owed, rate)
    group, reason = ("CO", "45") if payer.payer_class == "medicaid" else ("PR", "2")
    amounts = (("OA", "23", line.cents - owed), (group, reason, owed - paid))
    items = tuple(Adjustment(*item) for item in amounts if item[2])
    return LineResult(line.charge, line.cents, paid, items)


def reverse(result: ClaimResult, payment_date: date) -> ClaimResult:
    """Return the reversal of a decision: status 22, the same groups, every amount negated."""
    lines = tuple(
        replace(
            line,
            cents=-line.cents,
            paid=-line.paid,
            adjustments=tuple(replace(item, cents=-item.cents) for item in line.adjustments),
        )
        for line in result.lines
    )
    return replace(
        result,
        status="22",
        lines=lines,
        payment_date=payment_date,
        forwarded_to=None,
        interest=0,
        deferred=0,
    )
