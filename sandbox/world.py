"""The whole invented world as plain data, computed before anything is rendered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from sandbox import faults
from sandbox.adjudication import ClaimResult
from sandbox.bank import BankLine, Statement, make_bank_lines, make_statements
from sandbox.cards import CardActivity, make_card_activity
from sandbox.days import first_day, next_weekday
from sandbox.encounters import Encounter, make_encounters, stranger
from sandbox.faults import Planted, PlantedError
from sandbox.patients import Patient, make_patients
from sandbox.payers import BLUE
from sandbox.remittances import make_remittances
from sandbox.stories import Stories, strange_result, tell

DEFAULT_SEED = 20261031
DEFAULT_CLAIMS = 5000
DEFAULT_AS_OF = date(2026, 10, 31)
LEAST_CLAIMS = 150


@dataclass(frozen=True)
class World:
    """Everything that happened up to the as-of date."""

    seed: int
    as_of: date
    patients: tuple[Patient, ...]
    encounters: tuple[Encounter, ...]
    stories: Stories
    planted: Planted
    cards: CardActivity
    bank_lines: tuple[BankLine, ...]
    statements: tuple[Statement, ...]


def make_world(seed: int, claims: int, as_of: date) -> World:
    """Invent the world; the same arguments give the same world.

    Raises WorldTooSmallError for fewer than LEAST_CLAIMS claims: the planted errors need room.
    """
    if claims < LEAST_CLAIMS:
        raise faults.WorldTooSmallError(f"claims must be at least {LEAST_CLAIMS}")
    start = first_day(as_of)
    patients = make_patients(seed, max(40, claims * 6 // 10), start)
    encounters = make_encounters(seed, claims, as_of, patients)
    stories = tell(seed, encounters, as_of)
    remittances = make_remittances((*stories.results, _strange_result(seed, as_of, stories)))
    planted = faults.plant(seed, as_of, remittances)
    cards = make_card_activity(seed, encounters, stories.results, as_of)
    planted = replace(planted, errors=(*planted.errors, _card_error(cards)))
    lines = make_bank_lines(planted.remittances, planted.stray_deposit, cards.payouts, as_of)
    statements = make_statements(lines, as_of)
    return World(seed, as_of, patients, encounters, stories, planted, cards, lines, statements)


def _card_error(cards: CardActivity) -> PlantedError:
    """List the card payment on an account that nobody knows: it is booked as unapplied."""
    (charge,) = (charge for charge in cards.charges if not charge.is_known)
    return PlantedError(
        "card_unknown_account", "charges", "UNKNOWN_ACCOUNT", "posted", charge.cents,
        "card_charge", account=charge.account, reference=charge.charge_id,
    )  # fmt: skip


def _strange_result(seed: int, as_of: date, stories: Stories) -> ClaimResult:
    """Return the payment of a stranger's claim, added to a payment that exists anyway."""
    (patient,) = make_patients(seed + 1, 3, first_day(as_of))[2:]
    encounter = stranger(seed, as_of, patient)
    wanted = next_weekday(as_of - timedelta(days=50), BLUE.pay_weekdays)
    days = [item.payment_date for item in stories.results if item.payer == BLUE]
    day = min(days, key=lambda day: (abs((day - wanted).days), day))
    return strange_result(seed, encounter, day)
