"""Rendering of patients, coverages, encounters and charges as FHIR R4 resources, one a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from sandbox.days import instant
from sandbox.encounters import Charge, Encounter
from sandbox.patients import Coverage, Patient
from sandbox.world import World

ENCOUNTER_CLASSES = {"inpatient": "IMP", "emergency": "EMER"}
ACTIVE_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"

Resource = dict[str, Any]


def render_resources(world: World) -> dict[str, bytes]:
    """Return the NDJSON of each resource type, as the EHR knows it at the as-of date."""
    patients = _patients_seen(world)
    registered = min(encounter.start for encounter in world.encounters)
    known = [item for item in world.encounters if item.start <= world.as_of]
    return {
        "Patient": _ndjson(_patient(item, registered) for item in patients),
        "Coverage": _ndjson(
            _coverage(item, cover, registered) for item in patients for cover in item.coverages
        ),
        "Encounter": _ndjson(_encounter(item, world.as_of) for item in known),
        "ChargeItem": _ndjson(_charges(known, world.as_of)),
    }


def _patients_seen(world: World) -> list[Patient]:
    seen = {item.patient.patient_id for item in world.encounters}
    return [patient for patient in world.patients if patient.patient_id in seen]


def _ndjson(resources: Iterable[Resource]) -> bytes:
    lines = (json.dumps(resource, separators=(",", ":")) for resource in resources)
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def _meta(moment: datetime) -> Resource:
    return {"lastUpdated": f"{moment:%Y-%m-%dT%H:%M:%S}Z"}


def _patient(patient: Patient, registered: date) -> Resource:
    return {
        "resourceType": "Patient",
        "id": patient.patient_id,
        "meta": _meta(instant(registered, 6)),
        "identifier": [{"system": "urn:mrn", "value": f"M{patient.patient_id[1:]}"}],
        "name": [{"use": "official", "family": patient.family, "given": [patient.given]}],
        "gender": patient.gender,
        "birthDate": patient.birth_date.isoformat(),
        "address": [{"line": [patient.street.title()], "city": "Lakemont", "state": "CO"}],
    }


def _coverage(patient: Patient, coverage: Coverage, registered: date) -> Resource:
    period = {"start": coverage.start.isoformat()}
    if coverage.end:
        period["end"] = coverage.end.isoformat()
    payer = coverage.payer
    return {
        "resourceType": "Coverage",
        "id": coverage.coverage_id,
        "meta": _meta(instant(registered, 6)),
        "status": coverage.status,
        "order": coverage.order,
        "subscriberId": coverage.subscriber_id,
        "beneficiary": {"reference": f"Patient/{patient.patient_id}"},
        "period": period,
        "payor": [
            {"identifier": {"system": "urn:payer", "value": payer.code}, "display": payer.name}
        ],
    }


def _encounter(encounter: Encounter, as_of: date) -> Resource:
    is_over = encounter.end <= as_of
    period = {"start": f"{encounter.start}T09:10:00Z"}
    if is_over:
        period["end"] = f"{encounter.end}T17:40:00Z"
    facility = encounter.facility
    return {
        "resourceType": "Encounter",
        "id": encounter.encounter_id,
        "meta": _meta(instant(encounter.end if is_over else encounter.start, 18)),
        "identifier": [{"system": "urn:account", "value": encounter.account}],
        "status": "finished" if is_over else "in-progress",
        "class": {"system": ACTIVE_CODE, "code": ENCOUNTER_CLASSES.get(encounter.setting, "AMB")},
        "subject": {"reference": f"Patient/{encounter.patient.patient_id}"},
        "period": period,
        "serviceProvider": {
            "identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": facility.npi},
            "display": facility.name,
        },
    }


def _charges(encounters: Iterable[Encounter], as_of: date) -> Iterator[Resource]:
    for encounter in encounters:
        for charge in encounter.charges:
            if charge.posted_date <= as_of:
                yield _charge_item(encounter, charge)


def _charge_item(encounter: Encounter, charge: Charge) -> Resource:
    # A whole number of cents under a billion survives division: the text has at most two places.
    value = charge.cents / 100
    return {
        "resourceType": "ChargeItem",
        "id": charge.charge_id,
        "meta": _meta(instant(charge.error_date or charge.posted_date, 20)),
        "status": "entered-in-error" if charge.error_date else "billable",
        "code": {"coding": _codings(charge)},
        "subject": {"reference": f"Patient/{encounter.patient.patient_id}"},
        "context": {"reference": f"Encounter/{encounter.encounter_id}"},
        "occurrenceDateTime": charge.service_date.isoformat(),
        "enteredDate": f"{charge.posted_date}T20:00:00Z",
        "quantity": {"value": charge.units},
        "priceOverride": {"value": value, "currency": "USD"},
    }


def _codings(charge: Charge) -> list[Resource]:
    revenue = {"system": "https://www.nubc.org/CodeSystem/RevenueCodes", "code": charge.revenue}
    if charge.procedure is None:
        return [revenue]
    is_level_two = charge.procedure[0].isalpha()
    system = (
        "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
        if is_level_two
        else "http://www.ama-assn.org/go/cpt"
    )
    return [{"system": system, "code": charge.procedure}, revenue]
