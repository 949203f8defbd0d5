"""The story of each claim: sent, decided, perhaps corrected or taken back, then sent on."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sandbox import adjudication
from sandbox.adjudication import Adjustment, ClaimResult, LineResult
from sandbox.amounts import share
from sandbox.chance import days_near, one_in, stream
from sandbox.days import next_weekday
from sandbox.encounters import SUBMISSION_WEEKDAYS, Encounter
from sandbox.payers import BLUE, MEDICAID, MEDICARE, Payer

CORRECTED_RATE = 4_500
REPLACEMENT_RATE = 5_000
SPLIT_RATE = 1_500
CROSSOVER_RATE = 7_000
TAKEBACK_RATE = 400
INTEREST_FREE_DAYS = 30
DAILY_INTEREST = 3  # basis points
OFF_CYCLE_WEEKDAY = 3


@dataclass(frozen=True)
class ClaimSent:
    """One claim as sent: sequence P or S, frequency 1 or 7 (replaces original_reference)."""

    encounter: Encounter
    payer: Payer
    sequence: str
    sent: date
    frequency: str = "1"
    original_reference: str | None = None
    primary: ClaimResult | None = None


@dataclass(frozen=True)
class Stories:
    """Everything sent to payers and everything they decided, up to the as-of date."""

    sent: tuple[ClaimSent, ...]
    results: tuple[ClaimResult, ...]


def tell(seed: int, encounters: Iterable[Encounter], as_of: date) -> Stories:
    """Tell the story of every claim; nothing is dated after the as-of date."""
    teller = _Teller(seed, as_of)
    for encounter in encounters:
        if encounter.submitted and encounter.payer:
            teller.tell(encounter, encounter.payer, encounter.submitted)
    return Stories(
        tuple(claim for claim in teller.sent if claim.sent <= as_of),
        tuple(result for result in teller.results if result.payment_date <= as_of),
    )


def strange_result(seed: int, encounter: Encounter, payment_date: date) -> ClaimResult:
    """Return a payment for somebody else's patient, in a remittance that was meant for us."""
    rng = stream(seed, "strange payment")
    lines = adjudication.price(rng, BLUE, encounter.billed)
    received = payment_date - timedelta(days=12)
    return ClaimResult(
        encounter, BLUE, "1", lines, "BLU9900000001", received, payment_date, is_known=False
    )


class _Teller:
    """Keeps the running numbers and the two lists while the stories are told."""

    def __init__(self, seed: int, as_of: date) -> None:
        self.seed, self.as_of = seed, as_of
        self.sent: list[ClaimSent] = []
        self.results: list[ClaimResult] = []
        self.numbers: dict[str, int] = {}
        self.has_forwarded: set[str] = set()

    def tell(self, encounter: Encounter, payer: Payer, submitted: date) -> None:
        rng = stream(self.seed, f"story {encounter.account}")
        self.sent.append(ClaimSent(encounter, payer, "P", submitted))
        first, outcome = self._first(rng, encounter, payer, submitted)
        if outcome != "paid" and one_in(rng, CORRECTED_RATE):
            self.results.append(first)
            self._second_payer(rng, self._correct(rng, first))
        elif self._is_taken_back(rng, first):
            self.results.append(first)
            self._take_back(rng, first)
        elif self._is_off_cycle(first):
            self.results.append(first)
            self._take_back_off_cycle(first)
        else:
            self._second_payer(rng, first)

    def _number(self, payer: Payer) -> str:
        self.numbers[payer.code] = self.numbers.get(payer.code, 0) + 1
        return f"{payer.code[:3]}26{self.numbers[payer.code]:08d}"

    def _first(
        self, rng: random.Random, encounter: Encounter, payer: Payer, sent: date
    ) -> tuple[ClaimResult, str]:
        lines, outcome = adjudication.decide(rng, payer, encounter)
        day = pay_day(payer, sent + timedelta(days=days_near(rng, *payer.lag_days, 5)))
        in_bulk = encounter.setting == "inpatient" and payer in (MEDICARE, MEDICAID)
        late_days = (day - sent).days - INTEREST_FREE_DAYS if payer.pays_interest else 0
        interest = share(sum(line.paid for line in lines), max(late_days, 0) * DAILY_INTEREST)
        status = "4" if _is_unrecognised(lines) else "1"
        number = self._number(payer)
        return ClaimResult(
            encounter, payer, status, lines, number, sent + timedelta(days=1), day,
            claim_level_only=in_bulk, interest=interest,
        ), outcome  # fmt: skip

    def _correct(self, rng: random.Random, first: ClaimResult) -> ClaimResult:
        """Reverse a denial and return the claim decided again, then or in a later remittance."""
        payer, frequency = first.payer, "1"
        day = pay_day(payer, first.payment_date + timedelta(days=rng.randrange(18, 46)))
        if one_in(rng, REPLACEMENT_RATE):
            frequency = "7"
            self._replace(rng, first)
        self.results.append(adjudication.reverse(first, day))
        if one_in(rng, SPLIT_RATE):
            day = pay_day(payer, day + timedelta(days=1))
        lines = adjudication.price(rng, payer, first.encounter.billed)
        return replace(
            first, status="1", lines=lines, payment_date=day, interest=0, frequency=frequency
        )

    def _replace(self, rng: random.Random, first: ClaimResult) -> None:
        day = first.payment_date + timedelta(days=rng.randrange(3, 12))
        day = next_weekday(day, SUBMISSION_WEEKDAYS)
        self.sent.append(
            ClaimSent(first.encounter, first.payer, "P", day, "7", first.control_number)
        )

    def _second_payer(self, rng: random.Random, result: ClaimResult) -> None:
        """Record the first payer's last decision and, where there is one, the second payer's."""
        second = result.encounter.secondary
        if second is None or result.patient_share == 0:
            self.results.append(result)
            return
        crosses = one_in(rng, CROSSOVER_RATE)
        if crosses:
            result = replace(result, status="19", forwarded_to=second)
        self.results.append(result)
        arrival = result.payment_date + timedelta(days=2)
        if not crosses:
            arrival = next_weekday(arrival, SUBMISSION_WEEKDAYS)
            self.sent.append(ClaimSent(result.encounter, second, "S", arrival, primary=result))
        lines = adjudication.coordinate(rng, second, result.lines)
        day = pay_day(second, arrival + timedelta(days=days_near(rng, *second.lag_days, 5)))
        self.results.append(
            replace(
                result,
                payer=second,
                status="2",
                lines=lines,
                payment_date=day,
                received=arrival,
                control_number=self._number(second),
                forwarded_to=None,
                interest=0,
                frequency="1",
            )
        )

    def _is_taken_back(self, rng: random.Random, first: ClaimResult) -> bool:
        return (
            first.payer.defers_takebacks
            and first.encounter.secondary is None
            and first.paid > 5_000
            and one_in(rng, TAKEBACK_RATE)
        )

    def _take_back(self, rng: random.Random, first: ClaimResult) -> None:
        """Lower a payment already made; the difference is kept back from a later remittance."""
        day = pay_day(first.payer, first.payment_date + timedelta(days=rng.randrange(25, 60)))
        lines = tuple(_paid_less(line) for line in first.lines)
        corrected = replace(first, lines=lines, payment_date=day, interest=0)
        corrected = replace(corrected, deferred=first.paid - corrected.paid)
        self.results += [adjudication.reverse(first, day), corrected]

    def _is_off_cycle(self, first: ClaimResult) -> bool:
        return (
            first.payer.forwards_negative
            and first.payer.code not in self.has_forwarded
            and first.encounter.secondary is None
            and 3_000 <= first.paid <= 60_000
            and 60 <= (self.as_of - first.payment_date).days <= 200
        )

    def _take_back_off_cycle(self, first: ClaimResult) -> None:
        """Reverse a claim alone on a day: nothing to set off, so the balance is carried forward."""
        self.has_forwarded.add(first.payer.code)
        day = next_weekday(first.payment_date + timedelta(days=21), (OFF_CYCLE_WEEKDAY,))
        again = pay_day(first.payer, day + timedelta(days=10))
        self.results += [adjudication.reverse(first, day), replace(first, payment_date=again)]


def pay_day(payer: Payer, ready: date) -> date:
    """Return the payer's first payment day on or after a day."""
    return next_weekday(ready, payer.pay_weekdays)


def _is_unrecognised(lines: tuple[LineResult, ...]) -> bool:
    return all(item.reason == "31" for line in lines for item in line.adjustments)


def _paid_less(line: LineResult) -> LineResult:
    """Return the line paid a fifth less, the rest being a contractual cut."""
    less = share(max(line.paid, 0), 2_000)
    items = tuple(
        replace(item, cents=item.cents + less) if item.reason == "45" else item
        for item in line.adjustments
    )
    if less and items == line.adjustments:
        items = (*items, Adjustment("CO", "45", less))
    return replace(line, paid=line.paid - less, adjustments=items)
