"""The answer key's book by hand: one claim of 100.00, cut by 40.00, 12.00 owed by the patient."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from sandbox.adjudication import Adjustment, ClaimResult, LineResult, reverse
from sandbox.book import Book, enter_remittances
from sandbox.encounters import Charge, Encounter
from sandbox.patients import Patient
from sandbox.payers import BLUE, MEDICARE, Payer
from sandbox.places import FACILITIES
from sandbox.remittances import Remittance, make_remittances

pytestmark = pytest.mark.promise("The answer key of the sandbox agrees with entries worked by hand")


def hand_made_claim(payer: Payer = MEDICARE, status: str = "1") -> ClaimResult:
    day = date(2026, 5, 4)
    charge = Charge("c1", "99213", "0510", 1, 10_000, day, day)
    patient = Patient("p1", "Test", "Case", date(1950, 1, 1), "female", "1 LAKE AVE", ())
    encounter = Encounter("PGC1", "e1", patient, FACILITIES[2], "office", day, day, (charge,), day)
    cuts = (Adjustment("CO", "45", 4_000), Adjustment("PR", "2", 1_200))
    line = LineResult(charge, 10_000, 4_800, cuts)
    return ClaimResult(encounter, payer, status, (line,), "N1", day, day + timedelta(days=20))


def second_payer_claim() -> ClaimResult:
    first = hand_made_claim()
    cuts = (Adjustment("OA", "23", 8_800), Adjustment("PR", "2", 200))
    line = replace(first.lines[0], paid=1_000, adjustments=cuts)
    later = first.payment_date + timedelta(days=20)
    return replace(first, payer=BLUE, status="2", lines=(line,), payment_date=later)


def booked(*claims: ClaimResult, change: dict[str, object] | None = None) -> dict[str, int]:
    remittances: tuple[Remittance, ...] = make_remittances(claims)
    if change:
        # Which fields change is a parameter of the test.
        remittances = tuple(replace(item, **change) for item in remittances)  # type: ignore[arg-type]
    book = Book()
    enter_remittances(book, remittances)
    return {account: cents for (_, account), cents in book.balances.items() if cents}


def test_a_paid_claim_moves_the_patient_share_to_the_patient() -> None:
    assert booked(hand_made_claim()) == {
        "1050": 4_800, "4510": 4_000, "1120": 1_200, "1110": -10_000
    }  # fmt: skip


def test_a_forwarded_claim_leaves_the_patient_share_with_the_payers() -> None:
    assert booked(hand_made_claim(status="19")) == {"1050": 4_800, "4510": 4_000, "1110": -8_800}


def test_the_second_payer_decides_what_the_patient_owes() -> None:
    expected = {"1050": 5_800, "4510": 4_000, "1120": 200, "1110": -10_000}
    assert booked(hand_made_claim(), second_payer_claim()) == expected
    assert booked(hand_made_claim(status="19"), second_payer_claim()) == expected


def test_a_reversal_takes_everything_back_and_is_carried_forward() -> None:
    first = hand_made_claim()
    taken_back = reverse(first, first.payment_date + timedelta(days=30))
    # Nothing to set it off against: the payer carries 48.00 forward, a liability.
    assert booked(first, taken_back) == {"1050": 4_800, "2130": -4_800}


def test_interest_is_income_and_not_a_payment_on_the_claim() -> None:
    assert booked(replace(hand_made_claim(), interest=55)) == {
        "1050": 4_855, "4910": -55, "4510": 4_000, "1120": 1_200, "1110": -10_000
    }  # fmt: skip


def test_a_waiting_remittance_or_claim_is_not_booked() -> None:
    assert booked(hand_made_claim(), change={"waits": "TRUNCATED"}) == {}
    assert booked(replace(hand_made_claim(), waits="CLAIM_OFF_BALANCE")) == {}


def test_a_strangers_payment_is_unapplied() -> None:
    assert booked(replace(hand_made_claim(), is_known=False)) == {"1050": 4_800, "2110": -4_800}
