"""Rendering of remittances as 835 (005010X221A1)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sandbox.adjudication import Adjustment, ClaimResult, LineResult
from sandbox.amounts import x12_text
from sandbox.days import x12_date
from sandbox.places import CITY, POSTAL_CODE, STATE, SUBMITTER_ID
from sandbox.remittances import Remittance
from sandbox.x12 import Route, interchange, segment, transaction

VERSION = "005010X221A1"
# Claims say BL and CI; the remittance guide knows 12 (PPO) and 15 (indemnity) instead.
REMITTANCE_FILING = {"BL": "12", "CI": "15"}
PLACE_OF_SERVICE = {"inpatient": "11", "outpatient": "13", "emergency": "13"}


def render_file(items: list[Remittance], control: int, first_transaction: int = 1) -> bytes:
    """Write the remittances of one payer and day as one file."""
    payer = items[0].payer
    bodies = [
        transaction("835", number, None, _body(item))
        for number, item in enumerate(items, first_transaction)
    ]
    route = Route(payer.code, SUBMITTER_ID, "HP", VERSION, "\n" if payer.method == "CHK" else "")
    content = interchange(route, items[0].payment_date, control, bodies)
    last, kept = items[-1], items[-1].cut_after_claims
    return content if kept is None else _cut(content, last.claims[kept - 1].encounter.account)


def _cut(content: bytes, account: str) -> bytes:
    """End the file in the middle of a name, inside the last claim that it still contains."""
    claim_start = content.rindex(f"CLP*{account}*".encode())
    return content[: content.index(b"NM1*QC*1*", claim_start) + len(b"NM1*QC*1*") + 2]


def _body(item: Remittance) -> list[str]:
    body = [*_header(item), segment("LX", "1")]
    for claim in item.claims:
        body += _claim(claim)
    return [*body, *_provider_adjustments(item)]


def _header(item: Remittance) -> list[str]:
    payer, facility, day = item.payer, item.facility, x12_date(item.payment_date)
    return [
        _payment(item),
        segment("TRN", "1", item.trace, payer.trace_id),
        segment("DTM", "405", day),
        segment("N1", "PR", payer.name.upper()),
        segment("N3", "1 INSURANCE PLAZA"),
        segment("N4", "RIVERTON", STATE, "801110001"),
        segment("REF", "2U", payer.code),
        segment("PER", "BL", "REMITTANCE DESK", "TE", "8005550100"),
        segment("N1", "PE", facility.name.upper(), "XX", facility.npi),
        segment("N3", facility.street),
        segment("N4", CITY, STATE, POSTAL_CODE),
        segment("REF", "TJ", facility.entity.tin),
    ]


def _payment(item: Remittance) -> str:
    cents = item.amount if item.stated_amount is None else item.stated_amount
    day = x12_date(item.payment_date)
    handling = "H" if item.method == "NON" else "I"
    if item.method != "ACH":
        return segment("BPR", handling, x12_text(cents), "C", item.method, *[""] * 11, day)
    return segment(
        "BPR", handling, x12_text(cents), "C", "ACH", "CCP", "01", "102000076", "DA",
        f"9{item.payer.tin}", item.payer.trace_id, "", "01", "071000505", "DA",
        item.facility.entity.bank_account, day,
    )  # fmt: skip


def _claim(claim: ClaimResult) -> list[str]:
    encounter, payer = claim.encounter, claim.payer
    charge = claim.charge if claim.stated_charge is None else claim.stated_charge
    share = x12_text(claim.patient_share) if claim.patient_share else ""
    filing = payer.filing_code(encounter.facility.kind)
    facility_type = PLACE_OF_SERVICE.get(encounter.setting, "11")
    body = [
        segment(
            "CLP", encounter.account, claim.status, x12_text(charge), x12_text(claim.paid), share,
            REMITTANCE_FILING.get(filing, filing), claim.control_number, facility_type,
            claim.frequency,
        )
    ]  # fmt: skip
    if claim.claim_level_only:
        body += _adjustments(claim.summed_adjustments())
    body += _names(claim)
    body += [
        segment("DTM", "232", x12_date(encounter.start)),
        segment("DTM", "233", x12_date(encounter.end)),
        segment("DTM", "050", x12_date(claim.received)),
    ]
    if claim.interest:
        body.append(segment("AMT", "I", x12_text(claim.interest)))
    if not claim.claim_level_only:
        for number, line in enumerate(claim.lines, 1):
            body += _line(claim, number, line)
    return body


def _names(claim: ClaimResult) -> list[str]:
    patient = claim.encounter.patient
    coverage = next((one for one in patient.coverages if one.payer == claim.payer), None)
    member = coverage.subscriber_id if coverage else "UNK00000001"
    body = [
        segment(
            "NM1",
            "QC",
            "1",
            patient.family.upper(),
            patient.given.upper(),
            "",
            "",
            "",
            "MI",
            member,
        )
    ]
    if claim.forwarded_to:
        other = claim.forwarded_to
        body.append(segment("NM1", "TT", "2", other.name.upper(), *[""] * 4, "PI", other.code))
    remarks = sorted({item.remark for item in claim.adjustments() if item.remark})
    if claim.claim_level_only and remarks:
        body.append(segment("MIA", "0", "", "", "", *remarks[:1]))
    return body


def _line(claim: ClaimResult, number: int, line: LineResult) -> list[str]:
    charge = line.charge
    stated = line.cents if line.stated_cents is None else line.stated_cents
    code, revenue = f"HC:{charge.procedure}", charge.revenue
    if charge.procedure is None:
        code, revenue = f"NU:{charge.revenue}", ""
    if claim.encounter.facility.kind == "P":
        revenue = ""
    body = [
        segment("SVC", code, x12_text(stated), x12_text(line.paid), revenue, str(charge.units)),
        segment("DTM", "472", x12_date(charge.service_date)),
        *_adjustments(line.adjustments),
        segment("REF", "6R", str(number)),
    ]
    allowed = line.paid + line.amount("PR")
    if allowed > 0 and claim.status == "1":
        body.append(segment("AMT", "B6", x12_text(allowed)))
    body += [segment("LQ", "HE", item.remark) for item in line.adjustments if item.remark]
    return body


def _adjustments(items: Iterable[Adjustment]) -> list[str]:
    """Write one CAS per group; a group here never has more than the six triplets of a segment."""
    groups: dict[str, list[str]] = {}
    for item in items:
        triplet = [item.reason, x12_text(item.cents), ""]
        groups.setdefault(item.group, []).extend(triplet)
    return [segment("CAS", group, *elements) for group, elements in groups.items()]


def _provider_adjustments(item: Remittance) -> list[str]:
    made = []
    pairs = item.provider_adjustments
    year_end = x12_date(date(item.payment_date.year, 12, 31))
    for start in range(0, len(pairs), 6):
        elements = [
            text
            for pair in pairs[start : start + 6]
            for text in (f"{pair.reason}:{pair.reference}", x12_text(pair.cents))
        ]
        made.append(segment("PLB", item.facility.npi, year_end, *elements))
    return made
