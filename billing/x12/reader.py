"""Any bytes that claim to be X12 in, rows and findings out; nothing in a file makes it raise.

835 and 837 become rows of their own tables, every transaction a row of raw.x12_transaction, and
what is left rows of the tables of `carried`. A broken rule is said by position, never by value.
"""

from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa

from billing.arrow import arrow_table
from billing.intake import FileKind
from billing.parsed import Finding, ParsedFile
from billing.x12 import carried, columns, rules
from billing.x12.carried import Keys, carried_tables
from billing.x12.claims import read_claims
from billing.x12.document import Document, Specification
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
from billing.x12.specs.acknowledgements import ACKNOWLEDGEMENT, PREMIUM, UNKNOWN
from billing.x12.specs.claim import CLAIM
from billing.x12.specs.inquiries import AUTHORISATION, ELIGIBILITY, STATUS
from billing.x12.specs.remittance import REMITTANCE

Tables = dict[str, pa.Table]
# Every table of `raw` that an X12 file can fill.
SCHEMAS = columns.SCHEMAS | carried.SCHEMAS
_PORTION_BYTES = 4_000_000
_RECORDS = ("claim", "remittance_claim", "provider_adjustment")


def read_x12(content: bytes) -> ParsedFile:
    """Read an X12 file of any number of interchanges.

    Money is decimal128(14, 2) and null where it cannot be read; `segment` is the 1-based ordinal
    in the file. Raises nothing: a file in which no segment is found is one finding.
    """
    framed = frame(content)
    transactions, findings, segments = read_envelopes(framed.interchanges)
    parts: list[Tables] = [{"x12_transaction": _transaction_table(transactions)}]
    accounted = segments - sum(item.segment_count for item in transactions)
    first_claim = 1
    for members, specification, read in _batches(transactions):
        document = Document(members, specification)
        tables, found = read(document, first_claim)
        keys = Keys(document, first_claim)
        beside, more, read_segments = carried_tables(document, keys)
        parts += [tables, *beside]
        findings += [*found, *more]
        accounted += read_segments
        first_claim += keys.claim_count
    findings += _file_findings(framed, transactions)
    tables = _together(parts)
    return ParsedFile(
        kind=FileKind.X12,
        tables=tables,
        findings=_in_order(findings),
        records=_records(tables),
        segments=segments,
        accounted=accounted,
        reserialised=is_covered(content, framed),
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


def _nothing(document: Document, first_claim: int) -> tuple[Tables, list[Finding]]:
    """A set whose every segment is carried."""
    del document, first_claim
    return {}, []


_Read = Callable[[Document, int], tuple[Tables, list[Finding]]]
_READERS: dict[str, tuple[Specification, _Read]] = {
    "835": (REMITTANCE, _remittances),
    "837": (CLAIM, read_claims),
    "270": (ELIGIBILITY, _nothing),
    "271": (ELIGIBILITY, _nothing),
    "276": (STATUS, _nothing),
    "277": (STATUS, _nothing),
    "278": (AUTHORISATION, _nothing),
    "820": (PREMIUM, _nothing),
    "997": (ACKNOWLEDGEMENT, _nothing),
    "999": (ACKNOWLEDGEMENT, _nothing),
}


def documents(transactions: Sequence[Transaction]) -> Iterator[Document]:
    """Return the transactions of a file, kind by kind, each with the specification of its kind."""
    for members, specification, _ in _batches(transactions):
        yield Document(members, specification)


def _batches(
    transactions: Sequence[Transaction],
) -> Iterator[tuple[list[Transaction], Specification, _Read]]:
    """Group the transactions kind by kind; one of an unknown kind is carried as it is."""
    for set_id in dict.fromkeys(item.set_id for item in transactions):
        specification, read = _READERS.get(set_id, (UNKNOWN, _nothing))
        for members in _portions([item for item in transactions if item.set_id == set_id]):
            yield members, specification, read


def _portions(transactions: Sequence[Transaction]) -> Iterator[list[Transaction]]:
    """Cut a list of transactions so that what is read at once stays in the processor's cache."""
    portion: list[Transaction] = []
    size = 0
    for item in transactions:
        if portion and size + len(item.body) > _PORTION_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(item)
        size += len(item.body)
    if portion:
        yield portion


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
            item.content_hash,
            None if item.is_closed else rules.TRUNCATED.code,
        )
        for item in transactions
    ]
    return arrow_table(columns.X12_TRANSACTION, rows)


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
