"""Encounters: who was treated where and when, what was charged, and when the claim went out."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sandbox.amounts import share
from sandbox.chance import days_near, one_in, stream
from sandbox.days import first_day, next_weekday
from sandbox.patients import CANARIES, Patient
from sandbox.payers import Payer
from sandbox.places import FACILITIES, Facility
from sandbox.services import (
    EMERGENCY,
    HOSPITAL_EXTRAS,
    IMAGING,
    INPATIENT_EXTRAS,
    OFFICE,
    OFFICE_EXTRAS,
    ROOM,
    SURGERY,
    Service,
)

SUBMISSION_WEEKDAYS = (0, 2, 4)
ENTERED_IN_ERROR_RATE = 30
MISTAKEN_LINE = 99


@dataclass(frozen=True)
class _Visit:
    account: str
    start: date
    end: date


@dataclass(frozen=True)
class Charge:
    """One charge item; cents is its total. Removed as an error on error_date, if any."""

    charge_id: str
    procedure: str | None
    revenue: str
    units: int
    cents: int
    service_date: date
    posted_date: date
    error_date: date | None = None


@dataclass(frozen=True)
class Encounter:
    """One stay or visit and its patient account. submitted is None while no claim went out."""

    account: str
    encounter_id: str
    patient: Patient
    facility: Facility
    setting: str
    start: date
    end: date
    charges: tuple[Charge, ...]
    submitted: date | None

    @property
    def payer(self) -> Payer | None:
        """The payer that is billed first, or None for a self-pay account."""
        coverage = self.patient.insurance(1)
        return coverage.payer if coverage else None

    @property
    def secondary(self) -> Payer | None:
        """The payer that is billed after the first one."""
        coverage = self.patient.insurance(2)
        return coverage.payer if coverage else None

    @property
    def billed(self) -> tuple[Charge, ...]:
        """The charges of the claim: those that were not entered in error."""
        return tuple(charge for charge in self.charges if charge.error_date is None)

    @property
    def billed_cents(self) -> int:
        """The claim's total charge in cents."""
        return sum(charge.cents for charge in self.billed)


def make_encounters(
    seed: int, claims: int, as_of: date, patients: tuple[Patient, ...]
) -> tuple[Encounter, ...]:
    """Invent encounters until the given number of primary claims was sent by the as-of date."""
    rng = stream(seed, "encounters")
    made: list[Encounter] = []
    sent = 0
    while sent < claims:
        encounter = _encounter(rng, len(made), as_of, patients)
        made.append(encounter)
        sent += encounter.submitted is not None
    return tuple(made)


def stranger(seed: int, as_of: date, patient: Patient) -> Encounter:
    """Invent the encounter of another provider's patient, unknown to every system of the group."""
    rng = stream(seed, "stranger")
    return _encounter(rng, 99_000_000, as_of, (patient,) * (len(CANARIES) + 1))


def _encounter(
    rng: random.Random, number: int, as_of: date, patients: tuple[Patient, ...]
) -> Encounter:
    patient = patients[number] if number < len(CANARIES) else rng.choice(patients)
    facility = rng.choices(FACILITIES, [place.share for place in FACILITIES])[0]
    begin = first_day(as_of)
    span = (as_of - begin).days + 1
    start = begin + timedelta(days=rng.randrange(span if number >= len(CANARIES) else span // 3))
    if facility.kind == "P" and start.weekday() > 4:
        start = next_weekday(start, (0,)) if next_weekday(start, (0,)) <= as_of else begin
        start = next_weekday(start, (0, 1, 2, 3, 4))
    setting, services = _setting(rng, facility)
    stay = days_near(rng, 3, 1, 1) if setting == "inpatient" else 0
    end = start + timedelta(days=stay)
    account = f"{facility.entity.code[1:]}{facility.code[0]}{number * 7 + 1_000_003:08d}"
    charges = _charges(rng, _Visit(account, start, end), services, as_of)
    submitted = _submitted(rng, patient, charges, end, as_of)
    return Encounter(
        account, f"e{number + 1:08d}", patient, facility, setting, start, end, charges, submitted
    )


def _setting(rng: random.Random, facility: Facility) -> tuple[str, list[Service]]:
    """Return the kind of visit and the one to six services given."""
    if facility.code == "CLIN":
        return "office", [rng.choice(OFFICE), *rng.sample(OFFICE_EXTRAS, rng.randrange(4))]
    if facility.code == "IMAG":
        return "imaging", rng.sample(IMAGING, rng.choice((1, 1, 1, 2)))
    point = rng.randrange(100)
    if point < 12:
        extras = rng.sample(INPATIENT_EXTRAS, rng.randrange(2, 6))
        return "inpatient", [rng.choice(ROOM), *extras]
    if point < 45:
        return "emergency", [rng.choice(EMERGENCY), *rng.sample(HOSPITAL_EXTRAS, rng.randrange(5))]
    if point < 55:
        return "outpatient", [rng.choice(SURGERY), *rng.sample(HOSPITAL_EXTRAS, rng.randrange(4))]
    return "outpatient", rng.sample(HOSPITAL_EXTRAS, rng.randrange(1, 6))


def _charges(
    rng: random.Random, visit: _Visit, services: list[Service], as_of: date
) -> tuple[Charge, ...]:
    made = [_charge(rng, visit, line, service) for line, service in enumerate(services, 1)]
    if one_in(rng, ENTERED_IN_ERROR_RATE * len(made)):
        wrong = _charge(rng, visit, MISTAKEN_LINE, services[0])
        error_date = wrong.posted_date + timedelta(days=rng.randrange(1, 9))
        if error_date <= as_of:
            made.append(replace(wrong, error_date=error_date))
    return tuple(made)


def _charge(rng: random.Random, visit: _Visit, line: int, service: Service) -> Charge:
    units = rng.randint(1, service.most_units)
    cents = units * share(service.cents, rng.randrange(8_500, 11_500))
    day = visit.start + timedelta(days=rng.randint(0, (visit.end - visit.start).days))
    posted = day + timedelta(days=rng.randrange(4))
    charge_id = f"{visit.account}{line:02d}".lower()
    return Charge(charge_id, service.procedure, service.revenue, units, cents, day, posted)


def _submitted(
    rng: random.Random, patient: Patient, charges: tuple[Charge, ...], end: date, as_of: date
) -> date | None:
    """Return the batch day, 2 to 6 days after the service and not before the last charge."""
    ready = max(charge.posted_date for charge in charges if charge.error_date is None)
    day = max(ready, end + timedelta(days=rng.randrange(2, 5)))
    day = next_weekday(day, SUBMISSION_WEEKDAYS)
    return day if patient.insurance(1) and day <= as_of else None
