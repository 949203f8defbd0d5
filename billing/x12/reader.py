"""Any bytes that claim to be X12 in, rows and findings out; nothing in a file makes it raise.

835 and 837 become rows; every transaction, whatever its set, becomes a row of
raw.x12_transaction. Which rule broke is said by position, never by value.
"""

from collections.abc import Callable, Sequence

import oxedi
import pyarrow as pa

from billing.arrow import arrow_table
from billing.intake import FileKind
from billing.parsed import Finding, ParsedFile
from billing.x12 import rules
from billing.x12.claims import read_claims
from billing.x12.columns import SCHEMAS
from billing.x12.content import content_hash
from billing.x12.document import Document, read_document
from billing.x12.envelope import Transaction, read_envelopes
from billing.x12.framing import Framed, frame, is_covered
from billing.x12.remittance import (
    adjustment_table,
    claim_table,
    line_table,
    provider_adjustment_table,
    read_remittances,
)
from billing.x12.remittance_checks import check_remittances
from billing.x12.remittance_header import remittance_table
from billing.x12.rules import finding
from billing.x12.specs.claim import claim_spec
from billing.x12.specs.remittance import remittance_spec

Tables = dict[str, pa.Table]
_RECORDS = ("claim", "remittance_claim", "provider_adjustment")


def read_x12(content: bytes) -> ParsedFile:
    """Read an X12 file of any number of interchanges.

    Money is decimal128(14, 2) and null where it cannot be read; `segment` is the 1-based ordinal
    in the file. Raises nothing: a file in which no segment is found is one finding.
    """
    framed = frame(content)
    transactions, findings, segments = read_envelopes(framed.interchanges)
    parts: list[Tables] = [{"x12_transaction": _transaction_table(transactions)}]
    is_lossless = is_covered(content, framed)
    for members, spec, read in _batches(transactions):
        document = _document(members, spec, findings)
        if document is not None:
            first = 1 + sum(_claims(part) for part in parts)
            tables, found = read(document, first)
            parts.append(tables)
            findings += found
            is_lossless &= document.is_lossless
    findings += _file_findings(framed, transactions)
    tables = _together(parts)
    return ParsedFile(
        kind=FileKind.X12,
        tables=tables,
        findings=_in_order(findings),
        records=_records(tables),
        segments=segments,
        reserialised=is_lossless,
    )


def _remittances(document: Document, first_claim: int) -> tuple[Tables, list[Finding]]:
    read = read_remittances(document)
    checked = check_remittances(read)
    lines = line_table(read, first_claim)
    tables = {
        "remittance": remittance_table(read, checked),
        "remittance_claim": claim_table(read, lines, first_claim, checked.claim_codes),
        "remittance_line": lines,
        "claim_adjustment": adjustment_table(read, lines, first_claim),
        "provider_adjustment": provider_adjustment_table(read),
    }
    return tables, checked.findings


_Read = Callable[[Document, int], tuple[Tables, list[Finding]]]


def _batches(
    transactions: Sequence[Transaction],
) -> list[tuple[list[Transaction], oxedi.Spec, _Read]]:
    """Group the transactions that have a spec: 835 by version, 837 of every kind and version."""
    advice = [item for item in transactions if item.set_id == "835"]
    old = [item for item in advice if (item.version or "") < "005" and item.version]
    new = [item for item in advice if item not in old]
    claims = [item for item in transactions if item.set_id == "837"]
    batches: list[tuple[list[Transaction], oxedi.Spec, _Read]] = [
        (new, remittance_spec("5010"), _remittances),
        (old, remittance_spec("4010"), _remittances),
        (claims, claim_spec(), read_claims),
    ]
    return [batch for batch in batches if batch[0]]


def _document(
    members: list[Transaction], spec: oxedi.Spec, findings: list[Finding]
) -> Document | None:
    try:
        return read_document(members, spec)
    except oxedi.ParseError:
        findings += [finding(rules.UNREADABLE, item.segment) for item in members]
        return None


def _transaction_table(transactions: Sequence[Transaction]) -> pa.Table:
    rows = [
        (
            item.segment,
            item.number,
            item.set_id,
            item.version,
            item.interchange_control,
            item.group_control,
            item.control,
            item.sender_id,
            item.receiver_id,
            item.interchange_date,
            item.segment_count,
            content_hash(item.content()),
            None if item.is_closed else rules.TRUNCATED.code,
        )
        for item in transactions
    ]
    return arrow_table(SCHEMAS["x12_transaction"], rows)


def _file_findings(framed: Framed, transactions: Sequence[Transaction]) -> list[Finding]:
    if not framed.interchanges:
        return [finding(rules.UNREADABLE, 0)]
    found = [finding(rules.UNREAD_BYTES, 0)] if framed.unread else []
    return found if transactions else [*found, finding(rules.NO_TRANSACTION, 1)]


def _together(parts: list[Tables]) -> Tables:
    """Return every table of the schema, empty where the file has none of it."""
    together = {}
    for name, schema in SCHEMAS.items():
        found = [part[name] for part in parts if name in part]
        together[name] = pa.concat_tables(found) if found else schema.empty_table()
    return together


def _claims(tables: Tables) -> int:
    return sum(len(tables[name]) for name in ("claim", "remittance_claim") if name in tables)


def _records(tables: Tables) -> int:
    """Count claims, remittance claims, provider adjustments and transactions of other sets."""
    sets = tables["x12_transaction"]["set_id"].to_pylist()
    return sum(len(tables[name]) for name in _RECORDS) + sum(
        name not in {"835", "837"} for name in sets
    )


def _in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """Sort by place; one finding for the same rule, record kind and segment."""
    distinct = {(item.segment, item.code, item.record_kind): item for item in reversed(findings)}
    return tuple(distinct[key] for key in sorted(distinct))
