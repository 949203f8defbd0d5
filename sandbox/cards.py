"""Patient payments by card: charges, refunds of double payments, fees and daily payouts."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sandbox.adjudication import ClaimResult
from sandbox.amounts import share
from sandbox.chance import one_in, stream
from sandbox.days import add_business_days, every_day, first_day, instant
from sandbox.encounters import Encounter
from sandbox.places import ENTITIES, Entity

FEE_BASIS_POINTS, FEE_FIXED = 290, 30
DOUBLE_PAYMENT_RATE = 60
DECLINE_RATE = 150


@dataclass(frozen=True)
class CardCharge:
    """A card payment on a patient account; a declined one moves no money."""

    charge_id: str
    entity: Entity
    account: str
    cents: int
    created: datetime
    is_declined: bool = False
    is_known: bool = True

    @property
    def fee(self) -> int:
        """The processor's fee in cents: 2.9 % and 30 cents."""
        return 0 if self.is_declined else share(self.cents, FEE_BASIS_POINTS) + FEE_FIXED


@dataclass(frozen=True)
class Refund:
    """Money given back on a card charge; the processor keeps its fee."""

    refund_id: str
    charge: CardCharge
    cents: int
    created: datetime


@dataclass(frozen=True)
class Payout:
    """What the processor sends to an entity's bank account for one day."""

    payout_id: str
    entity: Entity
    trace: str
    created: datetime
    arrival_date: date
    charges: tuple[CardCharge, ...]
    refunds: tuple[Refund, ...]

    @property
    def cents(self) -> int:
        """The amount: charges less fees less refunds."""
        taken = sum(charge.cents - charge.fee for charge in self.charges)
        return taken - sum(refund.cents for refund in self.refunds)


@dataclass(frozen=True)
class CardActivity:
    """All that the processor knows up to the as-of date."""

    charges: tuple[CardCharge, ...]
    refunds: tuple[Refund, ...]
    payouts: tuple[Payout, ...]


def make_card_activity(
    seed: int, encounters: Iterable[Encounter], results: Iterable[ClaimResult], as_of: date
) -> CardActivity:
    """Let patients pay what they owe: all, a part or nothing, some weeks after they owe it."""
    owed = _owed_after_insurance(results)
    charges: list[CardCharge] = []
    refunds: list[Refund] = []
    for encounter in encounters:
        rng = stream(seed, f"card {encounter.account}")
        due = _due(encounter, owed)
        if due is None or due[0] <= 0:
            continue
        paid = _payments(rng, encounter, *due)
        charges += [charge for charge in paid if charge.created.date() <= as_of]
        refunds += [refund for refund in _refunds(rng, paid) if refund.created.date() <= as_of]
    charges.append(_for_unknown_account(seed, as_of))
    charges.sort(key=lambda charge: (charge.created, charge.charge_id))
    refunds.sort(key=lambda refund: (refund.created, refund.refund_id))
    return CardActivity(tuple(charges), tuple(refunds), tuple(_payouts(charges, refunds, as_of)))


def _owed_after_insurance(results: Iterable[ClaimResult]) -> dict[str, tuple[int, date]]:
    """Return per account the patient share of the last payer's last decision and its date."""
    last: dict[str, ClaimResult] = {}
    for result in results:
        if result.is_known and result.status != "22":
            last[result.encounter.account] = result
    return {
        account: (result.patient_share, result.payment_date)
        for account, result in last.items()
        if result.forwarded_to is None and (result.status == "2" or not result.encounter.secondary)
    }


def _due(encounter: Encounter, owed: dict[str, tuple[int, date]]) -> tuple[int, date] | None:
    if encounter.payer is None:
        return encounter.billed_cents, max(charge.posted_date for charge in encounter.billed)
    return owed.get(encounter.account)


def _payments(
    rng: random.Random, encounter: Encounter, cents: int, since: date
) -> list[CardCharge]:
    point = rng.randrange(100)
    pays_all, pays_part = (40, 70) if encounter.payer is None else (55, 78)
    if point >= pays_part:
        return []
    amount = cents if point < pays_all else max(share(cents, rng.randrange(2_000, 8_000)), 1)
    created = _moment(rng, since + timedelta(days=rng.randrange(8, 46)))
    stem = f"ch_{encounter.account.lower()}"
    entity, account = encounter.facility.entity, encounter.account
    made = [CardCharge(f"{stem}a", entity, account, amount, created)]
    if one_in(rng, DECLINE_RATE):
        before = created - timedelta(minutes=7)
        made.append(CardCharge(f"{stem}d", entity, account, amount, before, is_declined=True))
    if point < pays_all and one_in(rng, DOUBLE_PAYMENT_RATE):
        again = created + timedelta(days=1)
        made.append(CardCharge(f"{stem}b", entity, account, amount, again))
    return made


def _refunds(rng: random.Random, paid: list[CardCharge]) -> Iterator[Refund]:
    """Yield the refund of a second payment of the same amount."""
    for charge in paid:
        if charge.charge_id.endswith("b"):
            moment = _moment(rng, charge.created.date() + timedelta(days=rng.randrange(3, 15)))
            yield Refund(f"re_{charge.charge_id[3:]}", charge, charge.cents, moment)


def _for_unknown_account(seed: int, as_of: date) -> CardCharge:
    rng = stream(seed, "unknown card account")
    created = _moment(rng, as_of - timedelta(days=rng.randrange(20, 60)))
    cents = rng.randrange(4_000, 25_000)
    return CardCharge(
        "ch_walkinterminal01", ENTITIES[0], "LHX99000017", cents, created, is_known=False
    )


def _moment(rng: random.Random, day: date) -> datetime:
    return instant(day, rng.randrange(13, 22), rng.randrange(60)) + timedelta(
        seconds=rng.randrange(60)
    )


def _payouts(charges: list[CardCharge], refunds: list[Refund], as_of: date) -> Iterator[Payout]:
    """Yield one payout per entity and day; a day whose refunds exceed it joins the next day."""
    by_day: dict[tuple[str, date], tuple[list[CardCharge], list[Refund]]] = defaultdict(
        lambda: ([], [])
    )
    for charge in charges:
        if not charge.is_declined:
            by_day[charge.entity.code, charge.created.date()][0].append(charge)
    for refund in refunds:
        by_day[refund.charge.entity.code, refund.created.date()][1].append(refund)
    for entity in ENTITIES:
        taken: list[CardCharge] = []
        given: list[Refund] = []
        for day in every_day(first_day(as_of), as_of):
            more_taken, more_given = by_day.get((entity.code, day), ([], []))
            taken, given = [*taken, *more_taken], [*given, *more_given]
            payout = _payout(entity, day, taken, given)
            if payout.cents > 0:
                yield payout
                taken, given = [], []


def _payout(entity: Entity, day: date, charges: list[CardCharge], refunds: list[Refund]) -> Payout:
    stem = f"{entity.code.lower()}{day:%y%m%d}"
    return Payout(
        f"po_{stem}", entity, f"CP{entity.code}{day:%y%m%d}", instant(day, 23, 30),
        add_business_days(day, 2), tuple(charges), tuple(refunds),
    )  # fmt: skip
