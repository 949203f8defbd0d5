"""FHIR bulk data: four resource types become rows; what cannot be read is a placed finding."""

import json
import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from fhir.resources.R4B.chargeitem import ChargeItem
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.ehr.fhir import MOST_LINE_FINDINGS, read_ndjson

pytestmark = pytest.mark.promise(
    "FHIR resources become exact rows; what cannot be read is a placed finding",
    "No finding repeats a value of the file it is about",
)

UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SHARED = Path(os.environ.get("TIEOUT_SHARED_DATA", Path(__file__).parents[3] / "shared/data"))
SAMPLES = sorted(path for path in (SHARED / "fhir").glob("*/*") if path.stat().st_size < 4_000_000)
needs_samples = pytest.mark.skipif(not SAMPLES, reason=f"no FHIR samples under {SHARED}")
UPDATED = {"lastUpdated": "2026-09-30T20:00:00-06:00"}
AT = datetime(2026, 10, 1, 2, tzinfo=UTC)
PATIENT = {
    "resourceType": "Patient", "id": "p1", "meta": UPDATED, "gender": "female",
    "name": [{"use": "official", "family": "Example", "given": ["Ada", "B"]}],
    "birthDate": "1970-02-03",
}  # fmt: skip
ENCOUNTER = {
    "resourceType": "Encounter", "id": "e1", "meta": UPDATED, "status": "finished",
    "identifier": [{"system": "urn:account", "value": "A100"}],
    "class": {"code": "AMB"}, "subject": {"reference": "Patient/p1"},
    "serviceProvider": {
        "identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1003000126"}
    },
    "period": {"start": "2026-09-29T09:10:00Z", "end": "2026-09-29T17:40:00Z"},
}  # fmt: skip
COVERAGE = {
    "resourceType": "Coverage", "id": "c1", "meta": UPDATED, "status": "active", "order": 1,
    "beneficiary": {"reference": "https://ehr.example/fhir/Patient/p1"}, "subscriberId": "S1",
    "payor": [{"identifier": {"value": "MCR01"}}], "period": {"start": "2026-01-01"},
}  # fmt: skip
CHARGE = {
    "resourceType": "ChargeItem", "id": "x1", "meta": UPDATED, "status": "billable",
    "code": {
        "coding": [
            {"system": "http://www.ama-assn.org/go/cpt", "code": "99213"},
            {"system": "https://www.nubc.org/CodeSystem/RevenueCodes", "code": "0510"},
        ]
    },
    "subject": {"reference": "Patient/p1"}, "context": {"reference": "Encounter/e1"},
    "occurrenceDateTime": "2026-09-29T23:30:00-06:00", "enteredDate": "2026-09-30T20:00:00Z",
    "quantity": {"value": 1.5}, "priceOverride": {"value": 120.1, "currency": "USD"},
}  # fmt: skip
TABLES = {
    "Patient": "ehr_patient",
    "Encounter": "ehr_encounter",
    "Coverage": "ehr_coverage",
    "ChargeItem": "ehr_charge",
}


def lines(*resources: object) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in resources)


def row(resource: dict) -> dict:
    parsed = read_ndjson(lines(resource))
    assert parsed.findings == ()
    (found,) = parsed.tables[TABLES[resource["resourceType"]]].to_pylist()
    return found


def test_a_patient_is_known_by_the_official_name():
    found = row({**PATIENT, "name": [{"use": "old", "family": "Former"}, *PATIENT["name"]]})
    assert (found["family_name"], found["given_name"]) == ("Example", "Ada B")
    assert (found["birth_date"], found["updated_at"]) == (date(1970, 2, 3), AT)


def test_an_encounter_has_its_account_and_its_billing_provider():
    found = row(ENCOUNTER)
    assert (found["account_number"], found["provider_npi"]) == ("A100", "1003000126")
    assert found["patient_id"] == "p1"
    assert found["started_at"] == datetime(2026, 9, 29, 9, 10, tzinfo=UTC)


def test_a_coverage_has_its_payer_order_and_period():
    found = row(COVERAGE)
    assert (found["payer_id"], found["coverage_order"], found["patient_id"]) == ("MCR01", 1, "p1")
    assert (found["start_date"], found["end_date"]) == (date(2026, 1, 1), None)


def test_a_charge_has_both_codes_and_an_exact_amount_on_its_local_day():
    ChargeItem.model_validate(CHARGE)
    found = row(CHARGE)
    assert (found["procedure_code"], found["revenue_code"]) == ("99213", "0510")
    assert (found["amount"], found["units"]) == (Decimal("120.10"), Decimal("1.500"))
    assert (found["service_date"], found["posted_date"]) == (date(2026, 9, 29), date(2026, 9, 30))


@pytest.mark.parametrize("value", [1.005, 10**15, "12.00", None, True])
def test_an_amount_that_cannot_be_kept_exactly_is_null_and_a_finding(value):
    parsed = read_ndjson(lines({**CHARGE, "priceOverride": {"value": value}}))
    assert parsed.tables["ehr_charge"]["amount"].to_pylist() == [None]
    assert [(f.code, f.segment) for f in parsed.findings] == [("AMOUNT_UNREADABLE", 1)]


def test_one_bad_line_is_one_finding_and_the_others_load():
    parsed = read_ndjson(lines(PATIENT) + b'{"resourceType":"Pat\n\n' + lines(ENCOUNTER))
    assert parsed.records == 2
    assert [(f.code, f.segment) for f in parsed.findings] == [("UNREADABLE_LINE", 2)]
    assert parsed.tables["ehr_encounter"]["segment"].to_pylist() == [4]


def test_other_types_are_counted_and_not_read():
    parsed = read_ndjson(lines(PATIENT, {"resourceType": "Practitioner"}, {"resourceType": "X"}))
    (finding,) = parsed.findings
    assert (finding.code, finding.severity) == ("OTHER_RESOURCES", "warning")
    assert finding.message.startswith("2 ")
    assert parsed.segments == 3


def test_problems_and_deletions_of_an_export_are_told_apart():
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}
    parsed = read_ndjson(lines(outcome, {"resourceType": "Bundle", "type": "transaction"}))
    assert {(f.code, f.severity) for f in parsed.findings} == {
        ("EXPORT_PROBLEM", "error"),
        ("DELETIONS_NOT_APPLIED", "error"),
    }


def test_a_file_of_garbage_does_not_fill_the_list_of_exceptions():
    parsed = read_ndjson(b"{\n" * (MOST_LINE_FINDINGS + 5))
    assert len(parsed.findings) == MOST_LINE_FINDINGS + 1
    assert parsed.findings[-1].message.startswith("5 more")


def test_a_document_over_many_lines_is_read_as_one():
    parsed = read_ndjson(json.dumps(CHARGE, indent=2).encode())
    assert (parsed.records, parsed.findings) == (1, ())


def test_no_finding_holds_a_value_of_the_file():
    bad = {**CHARGE, "priceOverride": {"value": "SECRET"}}
    parsed = read_ndjson(lines(bad, {"resourceType": "SECRET"}) + b'{"SECRET": \n')
    assert len(parsed.findings) == 3
    assert "SECRET" not in repr(parsed.findings)


@needs_samples
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_public_sample_ends_as_rows_or_findings(path):
    parsed = read_ndjson(path.read_bytes())
    assert parsed.records or parsed.findings


@needs_samples
def test_a_public_bulk_export_gives_a_row_per_resource():
    path = SHARED / "fhir/smart-bulk-100/Encounter.ndjson"
    content = path.read_bytes()
    parsed = read_ndjson(content)
    assert parsed.findings == ()
    assert parsed.tables["ehr_encounter"].num_rows == content.count(b"\n")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
fields = sorted({name for one in (PATIENT, ENCOUNTER, COVERAGE, CHARGE) for name in one})


@UNTIMED
@given(
    st.sampled_from([PATIENT, ENCOUNTER, COVERAGE, CHARGE]),
    st.dictionaries(st.sampled_from(fields), json_values, max_size=4),
)
def test_a_field_of_any_type_never_raises(resource, changes):
    parsed = read_ndjson(lines({**resource, **changes}))
    assert parsed.records or parsed.findings


def has_a_line(content: bytes) -> bool:
    return bool(content.removeprefix(b"\xef\xbb\xbf").strip())


@UNTIMED
@given(st.binary(min_size=1, max_size=200).filter(has_a_line))
def test_any_bytes_with_a_line_end_as_rows_or_findings(content):
    parsed = read_ndjson(content)
    assert parsed.records or parsed.findings


def test_a_part_of_an_export_may_be_empty():
    parsed = read_ndjson(b"")
    assert (parsed.records, parsed.findings) == (0, ())
