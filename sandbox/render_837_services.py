"""The service lines of a claim, and what an earlier payer decided on them."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.adjudication import Adjustment, ClaimResult, LineResult
from sandbox.amounts import x12_text
from sandbox.days import x12_date
from sandbox.encounters import Charge
from sandbox.stories import ClaimSent
from sandbox.x12 import segment


def service_lines(claim: ClaimSent) -> list[str]:
    """Write each billed charge as a line, with the first payer's decision on it where known."""
    kind = claim.encounter.facility.kind
    body: list[str] = []
    for number, charge in enumerate(claim.encounter.billed, 1):
        body.append(segment("LX", str(number)))
        body.append(_professional(charge) if kind == "P" else _institutional(charge))
        body.append(segment("DTP", "472", "D8", x12_date(charge.service_date)))
        body.append(segment("REF", "6R", str(number)))
        if claim.primary and not claim.primary.claim_level_only:
            body += _decided(claim.primary, claim.primary.lines[number - 1])
    return body


def _professional(charge: Charge) -> str:
    amount, units = x12_text(charge.cents), str(charge.units)
    return segment("SV1", f"HC:{charge.procedure}", amount, "UN", units, "", "", "1")


def _institutional(charge: Charge) -> str:
    procedure = f"HC:{charge.procedure}" if charge.procedure else ""
    unit = "DA" if charge.revenue in ("0120", "0200") else "UN"
    return segment(
        "SV2", charge.revenue, procedure, x12_text(charge.cents), unit, str(charge.units)
    )


def other_payer(primary: ClaimResult, member: str) -> list[str]:
    """Write what the first payer paid on the claim as a whole, and who it is."""
    payer, patient = primary.payer, primary.encounter.patient
    filing = payer.filing_code(primary.encounter.facility.kind)
    body = [segment("SBR", "P", "18", "", "", "", "", "", "", filing)]
    if primary.claim_level_only:
        body += _adjustments(primary.summed_adjustments())
    body += [
        segment("AMT", "D", x12_text(primary.paid)),
        segment("OI", "", "", "Y", "", "", "Y"),
        segment(
            "NM1",
            "IL",
            "1",
            patient.family.upper(),
            patient.given.upper(),
            "",
            "",
            "",
            "MI",
            member,
        ),
        segment("NM1", "PR", "2", payer.name.upper(), *[""] * 4, "PI", payer.code),
    ]
    if primary.claim_level_only:
        body.append(segment("DTP", "573", "D8", x12_date(primary.payment_date)))
    return body


def _decided(primary: ClaimResult, line: LineResult) -> list[str]:
    charge = line.charge
    procedure = f"HC:{charge.procedure}" if charge.procedure else ""
    revenue = charge.revenue if primary.encounter.facility.kind == "I" else ""
    return [
        segment(
            "SVD", primary.payer.code, x12_text(line.paid), procedure, revenue, str(charge.units)
        ),
        *_adjustments(line.adjustments),
        segment("DTP", "573", "D8", x12_date(primary.payment_date)),
    ]


def _adjustments(items: Iterable[Adjustment]) -> list[str]:
    groups: dict[str, list[str]] = {}
    for item in items:
        groups.setdefault(item.group, []).extend([item.reason, x12_text(item.cents), ""])
    return [segment("CAS", group, *elements) for group, elements in groups.items()]
