"""Invented people and their insurance. Two of them carry family names found nowhere else."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sandbox.chance import one_in, stream, weighted
from sandbox.payers import BLUE, MEDICARE, PAYERS, SECONDARY_CHOICES, Payer

CANARIES = ("ZZCANARYALDER", "ZZCANARYBIRCH")
SELF_PAY_RATE = 800
SECONDARY_RATE = 1450  # some payers coordinate with nobody: about 12 % of all claims remain

GIVEN = {
    "female": (
        "Ada", "Beatrix", "Carmen", "Delia", "Esther", "Farah", "Greta", "Hana", "Imani", "June",
        "Keiko", "Lucia", "Maren", "Nadia", "Odette", "Priya", "Rosa", "Selma", "Tessa", "Willa",
    ),
    "male": (
        "Amos", "Basil", "Cyrus", "Dario", "Elias", "Felix", "Gideon", "Hugo", "Ivan", "Jonas",
        "Kofi", "Lionel", "Marcus", "Nestor", "Omar", "Pablo", "Quentin", "Rafael", "Silas", "Theo",
    ),
}  # fmt: skip
FAMILY_STARTS = (
    "Ash", "Bar", "Cor", "Dal", "Elm", "Fair", "Gar", "Hol", "Iver", "Jes", "Kel", "Lang", "Mar",
    "Nor", "Oak", "Pem", "Rad", "Sel", "Tor", "Wex",
)  # fmt: skip
FAMILY_ENDS = (
    "bury", "combe", "dale", "field", "gate", "ham", "ington", "land", "low", "mere", "ridge",
    "shaw", "stead", "stone", "ton", "well", "wick", "wood", "worth", "by",
)  # fmt: skip
STREETS = ("CEDAR ST", "LAKE AVE", "HILL RD", "STATION ST", "MEADOW LN", "QUARRY RD")


@dataclass(frozen=True)
class Coverage:
    """One insurance of a patient; order 1 pays first."""

    coverage_id: str
    payer: Payer
    order: int
    subscriber_id: str
    start: date
    end: date | None
    status: str


@dataclass(frozen=True)
class Patient:
    """A person with address and insurances."""

    patient_id: str
    family: str
    given: str
    birth_date: date
    gender: str
    street: str
    coverages: tuple[Coverage, ...]

    def insurance(self, order: int) -> Coverage | None:
        """Return the active insurance of an order, if any. Ended or cancelled ones do not count."""
        for coverage in self.coverages:
            if coverage.order == order and coverage.status == "active" and coverage.end is None:
                return coverage
        return None


def make_patients(seed: int, count: int, start: date) -> tuple[Patient, ...]:
    """Invent a number of patients; the first two are the canaries and are insured."""
    rng = stream(seed, "patients")
    return tuple(_patient(rng, number, start) for number in range(count))


def _patient(rng: random.Random, number: int, start: date) -> Patient:
    gender = rng.choice(("female", "male"))
    family = rng.choice(FAMILY_STARTS) + rng.choice(FAMILY_ENDS)
    given = rng.choice(GIVEN[gender])
    birth = start - timedelta(days=rng.randrange(19 * 365, 92 * 365))
    street = f"{rng.randrange(1, 980)} {rng.choice(STREETS)}"
    coverages = _coverages(rng, number, start)
    if number < len(CANARIES):
        family = CANARIES[number]
        payer = (MEDICARE, BLUE)[number]
        coverages = (_coverage(rng, number, payer, 1, start),)
    return Patient(f"p{number + 1:06d}", family, given, birth, gender, street, coverages)


def _coverages(rng: random.Random, number: int, start: date) -> tuple[Coverage, ...]:
    payer = weighted(rng, [(payer, payer.share) for payer in PAYERS])
    if one_in(rng, SELF_PAY_RATE):
        return _lapsed(rng, number, payer, start)
    primary = _coverage(rng, number, payer, 1, start)
    choices = SECONDARY_CHOICES.get(payer.code, ())
    if not choices or not one_in(rng, SECONDARY_RATE):
        return (primary,)
    return (primary, _coverage(rng, number, weighted(rng, choices), 2, start))


def _lapsed(rng: random.Random, number: int, payer: Payer, start: date) -> tuple[Coverage, ...]:
    """Return what an uninsured patient may still have on file: nothing, ended or cancelled."""
    case = rng.randrange(3)
    if case == 0:
        return ()
    ended = start - timedelta(days=rng.randrange(31, 200))
    status = "active" if case == 1 else "cancelled"
    return (replace(_coverage(rng, number, payer, 1, start), end=ended, status=status),)


def _coverage(rng: random.Random, number: int, payer: Payer, order: int, start: date) -> Coverage:
    begun = start - timedelta(days=rng.randrange(220, 1500))
    subscriber = f"{payer.code[:3]}{rng.randrange(10**8):08d}"
    return Coverage(f"v{number + 1:06d}{order}", payer, order, subscriber, begun, None, "active")
