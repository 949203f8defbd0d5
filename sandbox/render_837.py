"""Rendering of claims as sent: 837P (005010X222A1) and 837I (005010X223A2)."""

from __future__ import annotations

from sandbox.amounts import x12_text
from sandbox.days import x12_date
from sandbox.encounters import Encounter
from sandbox.payers import Payer
from sandbox.places import (
    CITY,
    CLEARINGHOUSE_ID,
    CLEARINGHOUSE_NAME,
    FACILITIES,
    PHYSICIANS_ON_STAFF,
    POSTAL_CODE,
    STATE,
    SUBMITTER_ID,
    Facility,
)
from sandbox.render_837_services import other_payer, service_lines
from sandbox.stories import ClaimSent
from sandbox.x12 import Route, interchange, segment, transaction

VERSIONS = {"P": "005010X222A1", "I": "005010X223A2"}
DIAGNOSES = ("I10", "E119", "M5450", "J069", "R079", "Z1231", "K219", "N390", "S93401A", "R109")
BILL_TYPES = {"inpatient": "11", "outpatient": "13", "emergency": "13"}


def render_file(claims: list[ClaimSent], control: int) -> bytes:
    """Write one entity's claims of one day: one transaction per billing facility."""
    kind = claims[0].encounter.facility.kind
    day = claims[0].sent
    transactions: list[list[str]] = []
    for facility in FACILITIES:
        own = [claim for claim in claims if claim.encounter.facility == facility]
        if own:
            number = len(transactions) + 1
            body = _body(facility, own, f"{control:06d}{number:02d}")
            transactions.append(transaction("837", number, VERSIONS[kind], body))
    route = Route(SUBMITTER_ID, CLEARINGHOUSE_ID, "HC", VERSIONS[kind])
    return interchange(route, day, control, transactions)


def _body(facility: Facility, claims: list[ClaimSent], reference: str) -> list[str]:
    body = [
        segment("BHT", "0019", "00", reference, x12_date(claims[0].sent), "0605", "CH"),
        segment("NM1", "41", "2", facility.entity.name.upper(), *[""] * 4, "46", SUBMITTER_ID),
        segment("PER", "IC", "BILLING OFFICE", "TE", "3035550142"),
        segment("NM1", "40", "2", CLEARINGHOUSE_NAME, *[""] * 4, "46", CLEARINGHOUSE_ID),
        segment("HL", "1", "", "20", "1"),
        segment("NM1", "85", "2", facility.name.upper(), *[""] * 4, "XX", facility.npi),
        segment("N3", facility.street),
        segment("N4", CITY, STATE, POSTAL_CODE),
        segment("REF", "EI", facility.entity.tin),
    ]
    for level, claim in enumerate(claims, 2):
        body += [segment("HL", str(level), "1", "22", "0"), *_subscriber(claim), *_claim(claim)]
    return body


def _subscriber(claim: ClaimSent) -> list[str]:
    encounter, payer = claim.encounter, claim.payer
    patient = encounter.patient
    filing = payer.filing_code(encounter.facility.kind)
    insured_type = "47" if claim.sequence == "S" and payer.payer_class == "medicare" else ""
    return [
        segment("SBR", claim.sequence, "18", "", "", insured_type, "", "", "", filing),
        segment(
            "NM1", "IL", "1", patient.family.upper(), patient.given.upper(), "", "", "", "MI",
            member_id(encounter, payer),
        ),
        segment("N3", patient.street),
        segment("N4", CITY, STATE, POSTAL_CODE),
        segment("DMG", "D8", x12_date(patient.birth_date), patient.gender[0].upper()),
        segment("NM1", "PR", "2", payer.name.upper(), *[""] * 4, "PI", payer.code),
    ]  # fmt: skip


def member_id(encounter: Encounter, payer: Payer) -> str:
    """Return the patient's member number with a payer."""
    return next(
        coverage.subscriber_id
        for coverage in encounter.patient.coverages
        if coverage.payer == payer
    )


def _claim(claim: ClaimSent) -> list[str]:
    encounter = claim.encounter
    number = int(encounter.account[-8:])
    diagnosis = DIAGNOSES[number % len(DIAGNOSES)]
    body = [_opening(claim)]
    if encounter.facility.kind == "I":
        body += _stay(encounter)
    if claim.original_reference:
        body.append(segment("REF", "F8", claim.original_reference))
    body.append(segment("HI", f"ABK:{diagnosis}"))
    if encounter.setting == "inpatient":
        body.append(segment("HI", f"ABJ:{diagnosis}"))
    family, given, npi = PHYSICIANS_ON_STAFF[number % len(PHYSICIANS_ON_STAFF)]
    role = "71" if encounter.facility.kind == "I" else "82"
    body.append(segment("NM1", role, "1", family, given, "", "", "", "XX", npi))
    if claim.primary:
        coverage_member = member_id(encounter, claim.primary.payer)
        body += other_payer(claim.primary, coverage_member)
    return body + service_lines(claim)


def _opening(claim: ClaimSent) -> str:
    encounter = claim.encounter
    total = x12_text(encounter.billed_cents)
    if encounter.facility.kind == "P":
        place = f"11:B:{claim.frequency}"
        return segment("CLM", encounter.account, total, "", "", place, "Y", "A", "Y", "Y")
    place = f"{BILL_TYPES[encounter.setting]}:A:{claim.frequency}"
    return segment("CLM", encounter.account, total, "", "", place, "", "A", "Y", "Y")


def _stay(encounter: Encounter) -> list[str]:
    start, end = x12_date(encounter.start), x12_date(encounter.end)
    body = [segment("DTP", "434", "RD8", f"{start}-{end}")]
    if encounter.setting == "inpatient":
        body.append(segment("DTP", "435", "DT", f"{start}0840"))
        return [*body, segment("CL1", "1", "1", "01")]
    return [*body, segment("CL1", "1" if encounter.setting == "emergency" else "3", "1", "01")]
