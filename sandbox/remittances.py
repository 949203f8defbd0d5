"""Remittances: the decisions of one payer for one facility and payment day, and the money moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from sandbox.adjudication import ClaimResult
from sandbox.days import add_business_days
from sandbox.payers import Payer
from sandbox.places import FACILITIES, Facility


@dataclass(frozen=True)
class ProviderAdjustment:
    """One PLB pair: reason, reference, cents (positive lowers the payment)."""

    reason: str
    reference: str
    cents: int


@dataclass(frozen=True)
class Remittance:
    """One 835 transaction. amount is the true payment; stated_amount what a wrong file says.

    cut_after_claims: the file ends after that many claims, in the middle of a segment.
    waits: the planted error that keeps the whole transaction from being posted.
    """

    payer: Payer
    facility: Facility
    payment_date: date
    trace: str
    method: str
    claims: tuple[ClaimResult, ...]
    provider_adjustments: tuple[ProviderAdjustment, ...]
    amount: int
    file_name: str
    transaction_no: int
    stated_amount: int | None = None
    cut_after_claims: int | None = None
    waits: str | None = None

    @property
    def value_date(self) -> date:
        """The day on which the bank credits the payment."""
        return add_business_days(self.payment_date, self.payer.settlement_days)

    @property
    def readable_claims(self) -> tuple[ClaimResult, ...]:
        """The claims that the file still contains."""
        return self.claims[: self.cut_after_claims]

    @property
    def readable_adjustments(self) -> tuple[ProviderAdjustment, ...]:
        """The provider adjustments that the file still contains."""
        return self.provider_adjustments if self.cut_after_claims is None else ()


@dataclass
class _Account:
    """What a payer still has to take from one facility."""

    recoveries: list[ProviderAdjustment] = field(default_factory=list)
    forwarded: list[ProviderAdjustment] = field(default_factory=list)


def make_remittances(results: Iterable[ClaimResult]) -> tuple[Remittance, ...]:
    """Group decisions to payments, oldest first; no payment is ever negative."""
    groups: dict[tuple[date, str, str], list[ClaimResult]] = defaultdict(list)
    for result in results:
        facility = result.encounter.facility
        groups[result.payment_date, result.payer.code, facility.code].append(result)
    accounts: dict[tuple[str, str], _Account] = defaultdict(_Account)
    numbers: dict[tuple[date, str], int] = defaultdict(int)
    made = []
    for day, payer_code, facility_code in sorted(groups):
        numbers[day, payer_code] += 1
        claims = tuple(groups[day, payer_code, facility_code])
        account = accounts[payer_code, facility_code]
        made.append(_remittance(claims, account, numbers[day, payer_code]))
    return tuple(made)


def _remittance(
    claims: tuple[ClaimResult, ...], account: _Account, transaction_no: int
) -> Remittance:
    payer, facility, day = claims[0].payer, claims[0].encounter.facility, claims[0].payment_date
    place = [item.code for item in FACILITIES].index(facility.code) + 1
    reference = f"{payer.code[:3]}{day:%y%m%d}{place}"
    adjustments, amount = _settle(claims, account, reference)
    method = payer.method if amount else "NON"
    trace = {"NON": f"NP{reference}", "CHK": f"{day:%y%m%d}{place}07"}.get(method, f"{reference}01")
    if any(item.reason == "FB" and item.cents < 0 for item in adjustments):
        # A carried-forward balance is named by the trace of the payment that first carried it.
        adjustments = _rename(adjustments, reference, trace)
        account.forwarded = _rename(account.forwarded, reference, trace)
    return Remittance(
        payer, facility, day, trace, method, claims, tuple(adjustments), amount,
        f"835_{payer.code}_{day:%Y%m%d}.835", transaction_no,
    )  # fmt: skip


def _settle(
    claims: tuple[ClaimResult, ...], account: _Account, reference: str
) -> tuple[list[ProviderAdjustment], int]:
    """Return the provider adjustments and the payment: claims paid less adjustments, never < 0."""
    made = []
    interest = sum(claim.interest for claim in claims)
    if interest:
        made.append(ProviderAdjustment("L6", reference, -interest))
    deferrals = [
        ProviderAdjustment("WO", claim.control_number, -claim.deferred)
        for claim in claims
        if claim.deferred
    ]
    made += deferrals + account.forwarded
    account.forwarded = []
    net = sum(claim.paid for claim in claims) - sum(item.cents for item in made)
    for item in list(account.recoveries):
        if item.cents <= net:
            made.append(item)
            account.recoveries.remove(item)
            net -= item.cents
    account.recoveries += [
        ProviderAdjustment("WO", item.reference, -item.cents) for item in deferrals
    ]
    if net < 0:
        made.append(ProviderAdjustment("FB", reference, net))
        account.forwarded = [ProviderAdjustment("FB", reference, -net)]
        net = 0
    return made, net


def _rename(
    items: Iterable[ProviderAdjustment], reference: str, trace: str
) -> list[ProviderAdjustment]:
    return [
        ProviderAdjustment(item.reason, trace, item.cents)
        if item.reason == "FB" and item.reference == reference
        else item
        for item in items
    ]
