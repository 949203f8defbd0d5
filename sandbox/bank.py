"""What the bank saw: payer payments, card payouts and its own fees, per account and day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from sandbox.cards import Payout
from sandbox.days import business_days, first_day, last_business_days_of_months
from sandbox.faults import StrayDeposit
from sandbox.payers import Payer
from sandbox.places import ENTITIES, Entity
from sandbox.remittances import Remittance

ACH_CREDIT, CHECK_DEPOSIT, FEE_DEBIT = "142", "301", "698"
MONTHLY_FEE_CENTS = 8_750


@dataclass(frozen=True)
class BankLine:
    """One credit or debit; cents is positive. purpose: payer, payout or fee."""

    entity: Entity
    value_date: date
    type_code: str
    cents: int
    reference: str
    purpose: str
    payer: Payer | None = None

    @property
    def signed_cents(self) -> int:
        """The change of the balance."""
        return -self.cents if self.type_code == FEE_DEBIT else self.cents


@dataclass(frozen=True)
class Statement:
    """One account's day: balances in cents and the day's lines."""

    entity: Entity
    day: date
    opening: int
    closing: int
    lines: tuple[BankLine, ...]


def make_bank_lines(
    remittances: Iterable[Remittance],
    stray: StrayDeposit,
    payouts: Iterable[Payout],
    as_of: date,
) -> tuple[BankLine, ...]:
    """Return every line with a value date up to the as-of date, in the order of the statements."""
    lines = [
        *_payer_lines(remittances),
        BankLine(
            stray.entity, stray.value_date, ACH_CREDIT, stray.cents, stray.trace, "payer",
            stray.payer,
        ),
        *(
            BankLine(item.entity, item.arrival_date, ACH_CREDIT, item.cents, item.trace, "payout")
            for item in payouts
        ),
        *_fee_lines(as_of),
    ]  # fmt: skip
    kept = [line for line in lines if line.value_date <= as_of]
    return tuple(sorted(kept, key=lambda line: (line.value_date, line.entity.code, line.reference)))


def make_statements(lines: Iterable[BankLine], as_of: date) -> tuple[Statement, ...]:
    """Return one statement per account and business day, with rolling balances."""
    by_day: dict[tuple[str, date], list[BankLine]] = {}
    for line in lines:
        by_day.setdefault((line.entity.code, line.value_date), []).append(line)
    balances = {entity.code: entity.opening_cents for entity in ENTITIES}
    made = []
    for day in business_days(first_day(as_of), as_of):
        for entity in ENTITIES:
            todays = tuple(by_day.get((entity.code, day), ()))
            opening = balances[entity.code]
            closing = opening + sum(line.signed_cents for line in todays)
            balances[entity.code] = closing
            made.append(Statement(entity, day, opening, closing, todays))
    return tuple(made)


def _payer_lines(remittances: Iterable[Remittance]) -> Iterator[BankLine]:
    for item in remittances:
        if item.amount:
            code = CHECK_DEPOSIT if item.method == "CHK" else ACH_CREDIT
            yield BankLine(
                item.facility.entity, item.value_date, code, item.amount, item.trace, "payer",
                item.payer,
            )  # fmt: skip


def _fee_lines(as_of: date) -> Iterator[BankLine]:
    for day in last_business_days_of_months(first_day(as_of), as_of):
        for entity in ENTITIES:
            reference = f"FEE{entity.code}{day:%y%m}"
            yield BankLine(entity, day, FEE_DEBIT, MONTHLY_FEE_CENTS, reference, "fee")
