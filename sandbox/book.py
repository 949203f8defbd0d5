"""An independent little book: what the general ledger must show at the as-of date, in cents."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.adjudication import Adjustment, ClaimResult
from sandbox.remittances import Remittance
from sandbox.world import World

CASH, PAYER_CLEARING, CARD_CLEARING = "1010", "1050", "1055"
PAYER_RECEIVABLE, PATIENT_RECEIVABLE = "1110", "1120"
REFUNDS_DUE, UNAPPLIED_PAYER, UNAPPLIED_PATIENT = "2010", "2110", "2115"
PATIENT_CREDITS, CARRIED_FORWARD, REVENUE = "2125", "2130", "4010"
CONTRACTUAL, SEQUESTRATION, INTEREST = "4510", "4515", "4910"
CARD_FEES, BANK_FEES = "6210", "6230"

PAYER_RANK = {"1": 1, "4": 1, "19": 1, "2": 2, "20": 2, "3": 3, "21": 3}
FORWARDED = ("19", "20", "21")


@dataclass
class Book:
    """Balances in cents, debit positive: per entity and account, and per patient account."""

    balances: Counter[tuple[str, str]] = field(default_factory=Counter)
    receivables: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def post(self, entity: str, debit: str, credit: str, cents: int, patient: str = "") -> None:
        """Enter an amount; a negative one turns the entry round."""
        self.balances[entity, debit] += cents
        self.balances[entity, credit] -= cents
        if patient:
            for account, signed in ((debit, cents), (credit, -cents)):
                if account in (PAYER_RECEIVABLE, PATIENT_RECEIVABLE):
                    self.receivables[patient][account] += signed


def keep_book(world: World) -> Book:
    """Enter all that happened up to the as-of date, less what waits as an exception."""
    book = Book()
    _enter_charges(book, world)
    enter_remittances(book, world.planted.remittances)
    _enter_bank(book, world)
    _enter_cards(book, world)
    return book


def patient_credits(book: Book) -> dict[str, int]:
    """Return the patient accounts with a credit balance: the amounts to be shown as liability."""
    return {
        account: -sums[PATIENT_RECEIVABLE]
        for account, sums in sorted(book.receivables.items())
        if sums[PATIENT_RECEIVABLE] < 0
    }


def _enter_charges(book: Book, world: World) -> None:
    for encounter in world.encounters:
        entity = encounter.facility.entity.code
        receivable = PAYER_RECEIVABLE if encounter.payer else PATIENT_RECEIVABLE
        for charge in encounter.charges:
            if charge.posted_date <= world.as_of:
                book.post(entity, receivable, REVENUE, charge.cents, encounter.account)
            if charge.error_date is not None:
                book.post(entity, REVENUE, receivable, charge.cents, encounter.account)


def accepted_claims(remittances: Iterable[Remittance]) -> list[ClaimResult]:
    """Return the decisions that may be posted: neither they nor their remittance wait."""
    return [
        claim for item in remittances if not item.waits for claim in item.claims if not claim.waits
    ]


def enter_remittances(book: Book, remittances: tuple[Remittance, ...]) -> None:
    """Enter payments, adjustments and provider adjustments, less those that wait."""
    claims = accepted_claims(remittances)
    memo = _not_yet_patient_share(claims)
    for claim in claims:
        _enter_claim(book, claim, memo)
    for item in remittances:
        if item.waits:
            continue
        for plb in item.provider_adjustments:
            account = INTEREST if plb.reason == "L6" else CARRIED_FORWARD
            book.post(item.facility.entity.code, account, PAYER_CLEARING, plb.cents)


def _not_yet_patient_share(claims: list[ClaimResult]) -> set[tuple[str, str]]:
    """Return the (account, payer) whose patient share another payer will decide or has decided."""
    ranks: dict[str, dict[str, int]] = defaultdict(dict)
    forwarded = set()
    for claim in claims:
        key = claim.encounter.account, claim.payer.code
        rank = PAYER_RANK.get(claim.status, 0)
        ranks[key[0]][key[1]] = max(rank, ranks[key[0]].get(key[1], 0))
        if claim.status in FORWARDED:
            forwarded.add(key)
    passed = {
        (account, payer)
        for account, by_payer in ranks.items()
        for payer, rank in by_payer.items()
        if rank < max(by_payer.values())
    }
    return forwarded | passed


def _enter_claim(book: Book, claim: ClaimResult, memo: set[tuple[str, str]]) -> None:
    entity, account = claim.encounter.facility.entity.code, claim.encounter.account
    if not claim.is_known:
        book.post(entity, PAYER_CLEARING, UNAPPLIED_PAYER, claim.paid)
        return
    book.post(entity, PAYER_CLEARING, PAYER_RECEIVABLE, claim.paid, account)
    for item in claim.adjustments():
        debit = _debit_account(item)
        if debit == PATIENT_RECEIVABLE and (account, claim.payer.code) in memo:
            continue
        if debit:
            book.post(entity, debit, PAYER_RECEIVABLE, item.cents, account)


def _debit_account(item: Adjustment) -> str | None:
    if item.group == "PR":
        return PATIENT_RECEIVABLE
    return {("CO", "45"): CONTRACTUAL, ("CO", "253"): SEQUESTRATION}.get((item.group, item.reason))


def _enter_bank(book: Book, world: World) -> None:
    for line in world.bank_lines:
        entity = line.entity.code
        if line.purpose == "payer":
            book.post(entity, CASH, PAYER_CLEARING, line.cents)
        elif line.purpose == "payout":
            book.post(entity, CASH, CARD_CLEARING, line.cents)
        else:
            book.post(entity, BANK_FEES, CASH, line.cents)
    stray = world.planted.stray_deposit
    book.post(stray.entity.code, PAYER_CLEARING, UNAPPLIED_PAYER, stray.cents)


def _enter_cards(book: Book, world: World) -> None:
    for charge in world.cards.charges:
        if charge.is_declined:
            continue
        entity = charge.entity.code
        if charge.is_known:
            book.post(entity, CARD_CLEARING, PATIENT_RECEIVABLE, charge.cents, charge.account)
        else:
            book.post(entity, CARD_CLEARING, UNAPPLIED_PATIENT, charge.cents)
        book.post(entity, CARD_FEES, CARD_CLEARING, charge.fee)
    for refund in world.cards.refunds:
        book.post(refund.charge.entity.code, REFUNDS_DUE, CARD_CLEARING, refund.cents)
