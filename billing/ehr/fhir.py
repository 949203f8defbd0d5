"""FHIR R4 bulk data (NDJSON) as rows of the EHR tables: Patient, Encounter, Coverage, ChargeItem.

Resources of other types are counted, not read. One line that cannot be read is one finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa

from billing.arrow import arrow_table
from billing.ehr import columns, resources
from billing.ehr.fields import Resource, mapping, mappings, number, text
from billing.exact import read_json
from billing.finding import Finding
from billing.intake import FileKind
from billing.parsed import ParsedFile

Row = tuple[object, ...]
LINE_RULE = "each line is one JSON object with a resourceType (FHIR bulk data, NDJSON)"
ID_RULE = "each resource has an id"
AMOUNT_RULE = "priceOverride.value is a number of at most 12 digits and 2 decimals"
TYPE_RULE = "Patient, Encounter, Coverage and ChargeItem are read"
EXPORT_RULE = "an export is whole: no error, outcome or deleted entries (FHIR bulk data manifest)"
# A file of garbage must not fill the exception list: beyond this the rest is one finding.
MOST_LINE_FINDINGS = 1000
_READERS: dict[str, tuple[str, pa.Schema, Callable[[Resource], Row]]] = {
    "Patient": ("ehr_patient", columns.EHR_PATIENT, resources.patient),
    "Encounter": ("ehr_encounter", columns.EHR_ENCOUNTER, resources.encounter),
    "Coverage": ("ehr_coverage", columns.EHR_COVERAGE, resources.coverage),
    "ChargeItem": ("ehr_charge", columns.EHR_CHARGE, resources.charge_item),
}


def read_ndjson(content: bytes) -> ParsedFile:
    """Read any bytes as NDJSON (or one JSON resource or Bundle); never raises."""
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    reading = _Reading()
    whole = _whole_document(content, lines)
    if whole is None:
        for segment, line in enumerate(lines, start=1):
            if line.strip():
                reading.line(segment, line)
    else:
        for segment, resource in enumerate(whole, start=1):
            reading.resource(segment, resource)
    return ParsedFile(
        kind=FileKind.FHIR_NDJSON,
        tables={table: arrow_table(schema, reading.rows[table]) for table, schema, _ in _TABLES},
        findings=tuple(reading.all_findings()),
        records=sum(len(rows) for rows in reading.rows.values()),
        segments=reading.segments,
        reserialised=b"\n".join(lines) == content.removeprefix(b"\xef\xbb\xbf"),
    )


_TABLES = tuple(_READERS.values())


class _Reading:
    """Collects rows and findings while the lines go by."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {table: [] for table, _, _ in _TABLES}
        self.findings: list[Finding] = []
        self.segments = 0
        self.others = 0
        self.unlisted = 0

    def line(self, segment: int, line: bytes) -> None:
        """Read one line."""
        document = _loaded(line)
        if document is None or not text(document.get("resourceType")):
            self.segments += 1
            self._report("UNREADABLE_LINE", segment, LINE_RULE, "the line is no FHIR resource")
        else:
            self.resource(segment, document)

    def resource(self, segment: int, resource: Resource) -> None:
        """Turn one resource into a row, or count it."""
        self.segments += 1
        reader = _READERS.get(text(resource.get("resourceType")) or "")
        if reader is None:
            self._other(segment, resource)
            return
        table, _, row = reader
        if text(resource.get("id")) is None:
            self._report("MISSING_ID", segment, ID_RULE, "the resource has no id")
            return
        found = row(resource)
        self.rows[table].append((segment, *found))
        if table == "ehr_charge" and resources.charge_amount(resource) is None:
            self._report_amount(segment, resource)

    def _other(self, segment: int, resource: Resource) -> None:
        """Report what an export says about itself; count every other type."""
        kind = resource.get("resourceType")
        if kind == "OperationOutcome":
            self._report("EXPORT_PROBLEM", segment, EXPORT_RULE, "the export reports a problem")
        elif kind == "Bundle":
            message = "the export lists deletions, which are not applied"
            self._report("DELETIONS_NOT_APPLIED", segment, EXPORT_RULE, message)
        else:
            self.others += 1

    def all_findings(self) -> Iterator[Finding]:
        """Yield the findings, with one for what was only counted."""
        yield from self.findings
        if self.unlisted:
            message = f"{self.unlisted} more findings of this file are not listed"
            yield Finding("MORE_FINDINGS", "error", 0, LINE_RULE, message)
        if self.others:
            message = f"{self.others} resources of other types are not read"
            yield Finding("OTHER_RESOURCES", "warning", 0, TYPE_RULE, message)

    def _report_amount(self, segment: int, resource: Resource) -> None:
        if number(mapping(resource.get("priceOverride")).get("value")) is None:
            message = "the charge has no amount"
        else:
            message = "the amount of the charge cannot be kept exactly"
        self._report("AMOUNT_UNREADABLE", segment, AMOUNT_RULE, message, "ehr_charge")

    def _report(
        self, code: str, segment: int, rule: str, message: str, record_kind: str = "file"
    ) -> None:
        if len(self.findings) < MOST_LINE_FINDINGS:
            self.findings.append(Finding(code, "error", segment, rule, message, None, record_kind))
        else:
            self.unlisted += 1


def _loaded(line: bytes) -> Resource | None:
    try:
        document = read_json(line)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _whole_document(content: bytes, lines: list[bytes]) -> list[Resource] | None:
    """Return the resources of a file that is one JSON document over many lines, else None."""
    first = next((line for line in lines if line.strip()), b"")
    if _loaded(first) is not None and sum(1 for line in lines if line.strip()) > 1:
        return None
    document = _loaded(content)
    if document is None or not text(document.get("resourceType")):
        return None
    if document.get("resourceType") != "Bundle":
        return [document]
    return [mapping(entry.get("resource")) for entry in mappings(document.get("entry"))]
