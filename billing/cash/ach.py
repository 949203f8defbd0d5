"""NACHA files as rows of ach_entry, with the payer's trace from the addenda.

Entries are evidence beside the bank statement; returns and changes are kept, marked as such.
"""

from __future__ import annotations

from collections.abc import Iterator

from billing.arrow import arrow_table
from billing.cash.ach_controls import cents, check_batch, check_file, direction, is_advice
from billing.cash.ach_records import AchFile, Batch, Entry, build_file, records, split_lossless
from billing.cash.columns import ACH_ENTRY
from billing.cash.fields import cleaned, decoded, from_minor_units, short_date
from billing.cash.reassociation import find_trace
from billing.finding import Finding
from billing.intake import FileKind
from billing.parsed import ParsedFile

Row = tuple[object, ...]
_INTERNATIONAL = "IAT"
# Addenda types that make an entry news about an earlier entry instead of money of its own.
_NEWS = {"98": "NOTIFICATION_OF_CHANGE", "99": "RETURNED_ENTRY"}
_NEWS_RULE = "addenda 98 and 99 report on an earlier entry; they are no receipt"
_ENTRY_RULE = "an entry has a known transaction code and a numeric amount (record 6)"
_WIDTH_RULE = "a record is 94 characters wide"
_PLACE_RULE = "each record lies inside its batch and file"


def read_nacha(content: bytes) -> ParsedFile:
    """Read any bytes as a NACHA file: rows for what can be read, findings for the rest."""
    text = decoded(content)
    found = list(records(text))
    file = build_file(found)
    findings = [
        Finding("RECORD_TOO_LONG", "warning", record.ordinal, _WIDTH_RULE, "the record is longer")
        for record in found
        if not record.is_whole
    ]
    findings += _stray_findings(file)
    if file.header is None and not file.batches:
        rule = "a NACHA file begins with record 1 and holds batches"
        findings.append(Finding("UNREADABLE_NACHA", "error", 0, rule, "no header and no batch"))
    rows, more = _rows(file)
    return ParsedFile(
        kind=FileKind.NACHA,
        tables={"ach_entry": arrow_table(ACH_ENTRY, rows)},
        findings=(*findings, *more),
        records=len(rows),
        segments=len(found),
        reserialised="".join(split_lossless(text)) == text,
    )


def _rows(file: AchFile) -> tuple[list[Row], list[Finding]]:
    file_findings = list(check_file(file))
    findings = list(file_findings)
    # A missing control taints the batch that it cut; a contradicting one taints every batch.
    off = any(finding.code == "FILE_CONTROL_OFF" for finding in file_findings)
    rows: list[Row] = []
    for batch_no, batch in enumerate(file.batches, start=1):
        batch_findings = list(check_batch(batch))
        findings += batch_findings
        code = batch_findings[0].code if batch_findings else None
        if code is None and off:
            code = "BATCH_CONTROL_OFF"
        for entry in batch.entries:
            row, more = _entry(batch, entry, (batch_no, len(rows) + 1), code)
            rows.append(row)
            findings += more
    return rows, findings


def _entry(
    batch: Batch, entry: Entry, numbers: tuple[int, int], batch_code: str | None
) -> tuple[Row, list[Finding]]:
    head = batch.header.text if batch.header else ""
    text = entry.record.text
    amount = from_minor_units(cents(batch, entry))
    findings = _entry_findings(batch, entry)
    own_codes = [f.code for f in findings]
    trace = find_trace([addendum.text[3:83] for addendum in entry.addenda if _is_05(addendum.text)])
    # IAT batch headers carry no company name; ADV entries no trace number of their own.
    name = None if head[50:53] == _INTERNATIONAL else cleaned(head[4:20])
    return (
        entry.record.ordinal,
        *numbers,
        cleaned(head[50:53]),
        cleaned(head[40:50]),
        name,
        cleaned(head[53:63]),
        cleaned(text[1:3]),
        direction(text[1:3]),
        amount,
        short_date(head[69:75]),
        None if is_advice(batch) else cleaned(text[79:94]),
        *trace,
        batch_code or (own_codes[0] if own_codes else None),
    ), findings


def _entry_findings(batch: Batch, entry: Entry) -> list[Finding]:
    amount = from_minor_units(cents(batch, entry))
    place = entry.record.ordinal
    if amount is None:
        text = "the amount of the entry cannot be read"
        code = "AMOUNT_UNREADABLE"
        return [Finding(code, "error", place, _ENTRY_RULE, text, None, "ach_entry")]
    if direction(entry.record.text[1:3]) is None:
        text = "the transaction code is not known"
        code = "UNKNOWN_TRANSACTION_CODE"
        return [Finding(code, "error", place, _ENTRY_RULE, text, amount, "ach_entry")]
    codes = [_NEWS[kind] for a in entry.addenda if (kind := a.text[1:3]) in _NEWS]
    text = "the entry reports on an earlier entry"
    return [
        Finding(code, "warning", place, _NEWS_RULE, text, amount, "ach_entry") for code in codes[:1]
    ]


def _stray_findings(file: AchFile) -> Iterator[Finding]:
    for record in file.strays:
        text = "the record belongs to no entry, batch or file"
        yield Finding("STRAY_RECORD", "error", record.ordinal, _PLACE_RULE, text)


def _is_05(text: str) -> bool:
    return text[1:3] == "05"
