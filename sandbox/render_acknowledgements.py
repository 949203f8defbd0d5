"""Rendering of answers to claims sent: 999 (005010X231A1) and 277CA (005010X214)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sandbox.acknowledgements import Answered, transactions
from sandbox.amounts import x12_text
from sandbox.days import x12_date
from sandbox.places import CLEARINGHOUSE_ID, CLEARINGHOUSE_NAME, SUBMITTER_ID, Facility
from sandbox.render_837 import VERSIONS
from sandbox.stories import ClaimSent
from sandbox.x12 import Route, interchange, segment, transaction

FUNCTIONAL, CLAIMS = "005010X231A1", "005010X214"
FIRST_CONTROL = 40_000
ACCEPTED, REJECTED = ("A2", "20", "WQ"), ("A7", "562", "U")


def acknowledgement_name(day: date) -> str:
    """Return the name of the file with the answers of a day."""
    return f"ACK_{day:%Y%m%d}.ack"


def render_acknowledgements(
    answered: Answered, rejected: Collection[str | None], number: int
) -> bytes:
    """Write the answers of one day: an interchange of 999s, then one of 277CAs."""
    control = FIRST_CONTROL + 2 * number
    functional = [
        transaction("999", count, FUNCTIONAL, _functional(of, claims))
        for count, (of, claims) in enumerate(answered.files, 1)
    ]
    statuses: list[list[str]] = []
    for _, claims in answered.files:
        for facility, own in transactions(claims):
            count = len(statuses) + 1
            body = _statuses(facility, own, rejected, answered.day, f"{control:06d}{count:02d}")
            statuses.append(transaction("277", count, CLAIMS, body))
    first = Route(CLEARINGHOUSE_ID, SUBMITTER_ID, "FA", FUNCTIONAL)
    second = Route(CLEARINGHOUSE_ID, SUBMITTER_ID, "HN", CLAIMS)
    return interchange(first, answered.day, control, functional) + interchange(
        second, answered.day, control + 1, statuses
    )


def _functional(of: int, claims: tuple[ClaimSent, ...]) -> list[str]:
    version = VERSIONS[claims[0].encounter.facility.kind]
    count = len(transactions(claims))
    body = [segment("AK1", "HC", str(of), version)]
    for number in range(1, count + 1):
        body += [segment("AK2", "837", f"{number:04d}", version), segment("IK5", "A")]
    return [*body, segment("AK9", "A", str(count), str(count), str(count))]


def _statuses(
    facility: Facility,
    claims: list[ClaimSent],
    rejected: Collection[str | None],
    day: date,
    reference: str,
) -> list[str]:
    body = [
        segment("BHT", "0085", "08", reference, x12_date(day), "0605", "TH"),
        segment("HL", "1", "", "20", "1"),
        segment("NM1", "AY", "2", CLEARINGHOUSE_NAME, *[""] * 4, "46", CLEARINGHOUSE_ID),
        segment("TRN", "1", reference),
        segment("HL", "2", "1", "21", "1"),
        segment("NM1", "41", "2", facility.entity.name.upper(), *[""] * 4, "46", SUBMITTER_ID),
        segment("TRN", "2", reference),
        segment("HL", "3", "2", "19", "1"),
        segment("NM1", "85", "2", facility.name.upper(), *[""] * 4, "XX", facility.npi),
    ]
    for level, claim in enumerate(claims, 4):
        body += _claim(claim, level, day, is_rejected=claim.encounter.account in rejected)
    return body


def _claim(claim: ClaimSent, level: int, day: date, *, is_rejected: bool) -> list[str]:
    patient = claim.encounter.patient
    category, status, action = REJECTED if is_rejected else ACCEPTED
    amount = x12_text(claim.encounter.billed_cents)
    return [
        segment("HL", str(level), "3", "PT"),
        segment("NM1", "QC", "1", patient.family.upper(), patient.given.upper()),
        segment("TRN", "2", claim.encounter.account),
        segment("STC", f"{category}:{status}", x12_date(day), action, amount),
        segment("REF", "D9", f"{CLEARINGHOUSE_ID}{claim.encounter.account[-8:]}"),
        segment("DTP", "472", "D8", x12_date(claim.encounter.start)),
    ]
