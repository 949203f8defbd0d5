"""Planted errors: what is wrong in the files, decided in the world and listed in the key."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sandbox.adjudication import ClaimResult
from sandbox.chance import stream
from sandbox.days import add_business_days, first_day
from sandbox.payers import UNION, Payer
from sandbox.places import HOSPITAL, Entity
from sandbox.remittances import Remittance

ONE_CENT = 1


class WorldTooSmallError(ValueError):
    """The world has too few claims to hold every planted error."""


@dataclass(frozen=True)
class PlantedError:
    """One planted error: where it is, the code that must be found, the dollars concerned in cents.

    outcome: exception (waits), duplicate (whole file), or posted (with a warning).
    """

    kind: str
    file_name: str
    expected_code: str
    outcome: str
    cents: int
    record_kind: str
    record_count: int = 1
    transaction_no: int | None = None
    account: str | None = None
    reference: str | None = None
    other_file_name: str | None = None


@dataclass(frozen=True)
class StrayDeposit:
    """A payer's bank credit for which no remittance exists."""

    payer: Payer
    entity: Entity
    value_date: date
    trace: str
    cents: int


@dataclass(frozen=True)
class Planted:
    """The remittances with their errors, the copies of files, the stray deposit, and the list."""

    remittances: tuple[Remittance, ...]
    copied_file: str
    enveloped_again_file: str
    stray_deposit: StrayDeposit
    errors: tuple[PlantedError, ...]


def other_name(file_name: str) -> str:
    """Return the second name under which an identical file is delivered."""
    return f"RESEND-{file_name.removesuffix('.835')}.txt"


def again_name(file_name: str) -> str:
    """Return the name of the file with the same remittances in a new envelope."""
    return f"{file_name.removesuffix('.835')}_R2.835"


def plant(seed: int, as_of: date, remittances: tuple[Remittance, ...]) -> Planted:
    """Plant every kind of error once, each in a file of its own, on claims decided only once.

    Raises WorldTooSmallError when the world cannot hold them all.
    """
    planter = _Planter(seed, as_of, remittances)
    planter.cut_file()  # first: it asks for most
    planter.state_payment_off_by_a_cent()
    planter.state_charge_off_by_a_cent()
    planter.state_line_off_by_a_cent()
    planter.use_unknown_reason()
    copied = planter.pick_file(_has_money)
    again = planter.pick_file(_has_money)
    planter.list_copies(copied, again)
    planter.list_unknown_account()
    stray = _stray_deposit(planter.rng, as_of)
    planter.errors.append(
        PlantedError(
            "unmatched_deposit",
            f"BAI2_{stray.value_date:%Y%m%d}.bai",
            "UNMATCHED_DEPOSIT",
            "posted",
            stray.cents,
            "bank_transaction",
            reference=stray.trace,
        )
    )
    return Planted(
        tuple(planter.remittances), copied.file_name, again.file_name, stray, tuple(planter.errors)
    )


def _stray_deposit(rng: random.Random, as_of: date) -> StrayDeposit:
    day = add_business_days(as_of - timedelta(days=rng.randrange(12, 25)), 0)
    trace = f"UNC{day:%y%m%d}877"
    return StrayDeposit(UNION, HOSPITAL, day, trace, rng.randrange(80_000, 400_000))


def _has_money(remittance: Remittance) -> bool:
    return remittance.amount > 0 and not remittance.provider_adjustments


class _Planter:
    def __init__(self, seed: int, as_of: date, remittances: tuple[Remittance, ...]) -> None:
        self.rng = stream(seed, "faults")
        self.remittances = list(remittances)
        self.earliest = first_day(as_of) + timedelta(days=60)
        self.latest = as_of - timedelta(days=20)
        self.seen = Counter(
            claim.encounter.account for item in remittances for claim in item.claims
        )
        self.last_of_file = {item.file_name: item.transaction_no for item in remittances}
        self.used = {
            item.file_name for item in remittances for claim in item.claims if not claim.is_known
        }
        self.errors: list[PlantedError] = []

    def is_plain(self, claim: ClaimResult) -> bool:
        """True for a paid claim with a contractual cut that nobody decides a second time."""
        return (
            claim.status == "1"
            and claim.paid > 0
            and self.seen[claim.encounter.account] == 1
            and not any(item.is_denial for item in claim.adjustments())
            and any(item.reason == "45" for item in claim.adjustments())
        )

    def pick_file(self, accepts: Callable[[Remittance], bool]) -> Remittance:
        """Choose a remittance in a file that holds no other error, and mark the file as used.

        One of several claims is preferred: there the others must not be lost.
        """
        found = [
            item
            for item in self.remittances
            if item.file_name not in self.used
            and self.earliest <= item.payment_date <= self.latest
            and accepts(item)
        ]
        if not found:
            raise WorldTooSmallError("too few claims to plant every error: use some more")
        chosen = self.rng.choice([item for item in found if len(item.claims) > 1] or found)
        self.used.add(chosen.file_name)
        return chosen

    def put(self, old: Remittance, new: Remittance) -> None:
        self.remittances[self.remittances.index(old)] = new

    def note(self, kind: str, code: str, item: Remittance, claim: ClaimResult | None) -> None:
        """List an error on a claim, or on the whole remittance where no claim is given."""
        claims = (claim,) if claim else item.readable_claims
        self.errors.append(
            PlantedError(
                kind,
                item.file_name,
                code,
                "exception" if item.waits or claim else "posted",
                sum(one.paid for one in claims),
                "remittance_claim",
                len(claims),
                item.transaction_no,
                claim.encounter.account if claim else None,
                item.trace,
            )
        )

    def _all_plain(self, item: Remittance) -> bool:
        return _has_money(item) and all(self.is_plain(claim) for claim in item.claims)

    def _any_plain(self, item: Remittance) -> bool:
        return _has_money(item) and any(self.is_plain(claim) for claim in item.claims)

    def _any_with_lines(self, item: Remittance) -> bool:
        return _has_money(item) and any(
            self.is_plain(claim) and not claim.claim_level_only for claim in item.claims
        )

    def _change_claim(
        self,
        kind: str,
        code: str,
        accepts: Callable[[Remittance], bool],
        change: Callable[[ClaimResult], ClaimResult],
    ) -> None:
        item = self.pick_file(accepts)
        claims = list(item.claims)
        place = next(
            number
            for number, claim in enumerate(claims)
            if self.is_plain(claim) and change(claim) != claim
        )
        claims[place] = replace(change(claims[place]), waits=code)
        changed = replace(item, claims=tuple(claims))
        self.put(item, changed)
        self.note(kind, code, changed, claims[place])

    def state_payment_off_by_a_cent(self) -> None:
        item = self.pick_file(self._all_plain)
        wrong = replace(item, stated_amount=item.amount - ONE_CENT, waits="REMITTANCE_OFF_BALANCE")
        self.put(item, wrong)
        self.note("payment_off_by_a_cent", "REMITTANCE_OFF_BALANCE", wrong, None)

    def state_charge_off_by_a_cent(self) -> None:
        self._change_claim(
            "claim_off_by_a_cent", "CLAIM_OFF_BALANCE", self._any_plain,
            lambda claim: replace(claim, stated_charge=claim.charge + ONE_CENT),
        )  # fmt: skip

    def state_line_off_by_a_cent(self) -> None:
        self._change_claim(
            "line_off_by_a_cent", "LINE_OFF_BALANCE", self._any_with_lines, _misstate_line
        )

    def use_unknown_reason(self) -> None:
        self._change_claim(
            "unknown_reason", "UNKNOWN_ADJUSTMENT_CODE", self._any_plain, _unknown_reason
        )

    def cut_file(self) -> None:
        """End a file in the middle of one of its last remittance's claims."""
        item = self.pick_file(
            lambda item: (
                self._all_plain(item) and self.last_of_file[item.file_name] == item.transaction_no
            )
        )
        kept = 1 + len(item.claims) // 2
        cut = replace(item, cut_after_claims=kept, waits="TRUNCATED")
        self.put(item, cut)
        self.note("truncated_file", "TRUNCATED", cut, None)

    def list_copies(self, copied: Remittance, again: Remittance) -> None:
        for kind, code, chosen, name in (
            ("duplicate_file", "DUPLICATE_FILE", copied, other_name(copied.file_name)),
            ("enveloped_again", "DUPLICATE_REMITTANCE", again, again_name(again.file_name)),
        ):
            whole = [item for item in self.remittances if item.file_name == chosen.file_name]
            self.errors.append(
                PlantedError(
                    kind,
                    name,
                    code,
                    "duplicate" if kind == "duplicate_file" else "exception",
                    sum(claim.paid for item in whole for claim in item.claims),
                    "remittance_claim",
                    sum(len(item.claims) for item in whole),
                    other_file_name=chosen.file_name,
                )
            )

    def list_unknown_account(self) -> None:
        for item in self.remittances:
            for claim in item.claims:
                if not claim.is_known:
                    self.note("unknown_account", "UNKNOWN_ACCOUNT", item, claim)
                    self.errors[-1] = replace(self.errors[-1], outcome="posted")


def _misstate_line(claim: ClaimResult) -> ClaimResult:
    if claim.claim_level_only:
        return claim
    first, *others = claim.lines
    return replace(claim, lines=(replace(first, stated_cents=first.cents + ONE_CENT), *others))


def _unknown_reason(claim: ClaimResult) -> ClaimResult:
    lines = tuple(
        replace(
            line,
            adjustments=tuple(
                replace(item, reason="999") if item.reason == "45" else item
                for item in line.adjustments
            ),
        )
        for line in claim.lines
    )
    return replace(claim, lines=lines)
