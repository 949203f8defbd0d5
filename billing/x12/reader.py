"""Any bytes that claim to be X12 in, rows and findings out; nothing in a file makes it raise.

835 and 837 become rows of their own tables, every transaction a row of raw.x12_transaction, and
what is left rows of the tables of `carried`. A broken rule is said by position, never by value.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from billing.arrow import arrow_table
from billing.finding import Finding
from billing.intake import FileKind
from billing.parsed import ParsedFile, together
from billing.x12 import carried, columns, rules
from billing.x12.carried import Keys, carried_tables
from billing.x12.claims import claim_levels, read_claims
from billing.x12.document import Document, Specification
from billing.x12.envelope import Transaction
from billing.x12.framing import BLOCK_BYTES, Framed
from billing.x12.index import Index, Mask
from billing.x12.limits import FILE_LIMIT, LIMITS, Limits, unlisted
from billing.x12.portions import Portions
from billing.x12.remittance import (
    adjustment_table,
    claim_table,
    line_table,
    provider_adjustment_table,
    read_remittances,
)
from billing.x12.remittance_checks import check_remittances, remittance_levels
from billing.x12.remittance_header import remittance_table
from billing.x12.rules import finding
from billing.x12.source import Source
from billing.x12.specs.acknowledgements import ACKNOWLEDGEMENT, PREMIUM, UNKNOWN
from billing.x12.specs.claim import CLAIM
from billing.x12.specs.inquiries import AUTHORISATION, ELIGIBILITY, STATUS
from billing.x12.specs.remittance import REMITTANCE

Tables = dict[str, pa.Table]
# Asked for by level (payment, claim, line): its segments, and which of them do not balance.
Levels = Callable[[], Mapping[str, tuple[Index, Mask]]]
# Every table of `raw` that an X12 file can fill.
SCHEMAS = columns.SCHEMAS | carried.SCHEMAS
_RECORDS = ("claim", "remittance_claim", "provider_adjustment")


@dataclass(frozen=True)
class Read:
    """A document and what was made of it; `accounted` segments are in a row or a finding."""

    document: Document
    parts: Sequence[Tables]
    findings: Sequence[Finding]
    accounted: int
    levels: Levels


class X12File:
    """A file that is read document by document, in flat memory however large it is."""

    def __init__(self, source: Source, width: int = BLOCK_BYTES, limits: Limits = LIMITS) -> None:
        """`width`: about how many bytes are read at once."""
        specifications = {name: one for name, (one, _) in _READERS.items()}
        self._portions = Portions(source, specifications, UNKNOWN, width, limits)
        self._most_findings, self._found = limits.findings, 0
        self._first_claim = 1

    @property
    def framed(self) -> Framed:
        """The interchanges of the file."""
        return self._portions.framed

    def documents(self) -> Iterator[Read]:
        """Yield what is read, a few million bytes at a time. Can be gone through once."""
        for document in self._portions:
            set_id = document.portions[0].transaction.set_id
            read = _READERS[set_id][1] if set_id in _READERS else _nothing
            tables, found, levels = read(document, self._first_claim)
            keys = Keys(document, self._first_claim)
            beside, more, accounted = carried_tables(document, keys)
            self._first_claim += keys.claim_count
            listed = self._listed([*found, *more])
            yield Read(document, [tables, *beside], listed, accounted, levels)

    def rest(self) -> ParsedFile:
        """Return what is known when every document has been read: envelopes and their findings."""
        portions = self._portions
        found = [*_file_findings(self.framed, portions.transactions), *portions.findings]
        table = _transaction_table(portions.transactions)
        others = sum(item.set_id not in {"835", "837"} for item in portions.transactions)
        return ParsedFile(
            kind=FileKind.X12,
            tables={"x12_transaction": table},
            findings=in_order([*self._listed(found), *self._unlisted(), *_limits(found)]),
            records=others,
            segments=portions.segments,
            accounted=portions.outside,
            reserialised=portions.is_same,
        )

    def _listed(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Keep the first findings of the file, and count them all."""
        found = in_order(findings)
        room = max(self._most_findings - self._found, 0)
        self._found += len(found)
        return found[:room]

    def _unlisted(self) -> Iterator[Finding]:
        """Yield a finding for those that are only counted."""
        more = self._found - self._most_findings
        if more > 0:
            yield finding(unlisted(more, self._most_findings), 0)


def read_x12_parts(
    source: Source, width: int = BLOCK_BYTES, limits: Limits = LIMITS
) -> Iterator[ParsedFile]:
    """Read an X12 file of any size, part by part; together they are what `read_x12` gives.

    Raises nothing: a file in which no segment is found is one part with a finding.
    """
    file = X12File(source, width, limits)
    for read in file.documents():
        tables = _joined(read.parts)
        yield ParsedFile(
            kind=FileKind.X12,
            tables=tables,
            findings=tuple(read.findings),
            records=sum(len(tables[name]) for name in _RECORDS if name in tables),
            segments=0,
            accounted=read.accounted,
            reserialised=True,
        )
    yield file.rest()


def read_x12(content: bytes, width: int = BLOCK_BYTES, limits: Limits = LIMITS) -> ParsedFile:
    """Read an X12 file of any number of interchanges.

    Money is decimal128(14, 2) and null where it cannot be read; `segment` is the 1-based ordinal
    in the file. Raises nothing: a file in which no segment is found is one finding.
    """
    return together(read_x12_parts(Source(content), width, limits), SCHEMAS, in_order)


def _remittances(document: Document, first_claim: int) -> tuple[Tables, list[Finding], Levels]:
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
    return tables, checked.findings, lambda: remittance_levels(read)


def _claims(document: Document, first_claim: int) -> tuple[Tables, list[Finding], Levels]:
    tables, findings = read_claims(document, first_claim)
    return tables, findings, lambda: claim_levels(document)


def _nothing(document: Document, first_claim: int) -> tuple[Tables, list[Finding], Levels]:
    """A set whose every segment is carried."""
    del document, first_claim
    return {}, [], dict


_Read = Callable[[Document, int], tuple[Tables, list[Finding], Levels]]
_READERS: dict[str, tuple[Specification, _Read]] = {
    "835": (REMITTANCE, _remittances),
    "837": (CLAIM, _claims),
    "270": (ELIGIBILITY, _nothing),
    "271": (ELIGIBILITY, _nothing),
    "276": (STATUS, _nothing),
    "277": (STATUS, _nothing),
    "278": (AUTHORISATION, _nothing),
    "820": (PREMIUM, _nothing),
    "997": (ACKNOWLEDGEMENT, _nothing),
    "999": (ACKNOWLEDGEMENT, _nothing),
}


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
            item.content.value,
            _transaction_code(item),
        )
        for item in transactions
    ]
    return arrow_table(columns.X12_TRANSACTION, rows)


def _transaction_code(item: Transaction) -> str | None:
    if item.is_abandoned:
        return rules.TRANSACTION_TOO_LONG.code
    return None if item.is_closed else rules.TRUNCATED.code


def _file_findings(framed: Framed, transactions: Sequence[Transaction]) -> list[Finding]:
    if not framed.interchanges:
        return [finding(rules.UNREADABLE, 0)]
    found = [finding(rules.UNREAD_BYTES, 0)] if framed.unread else []
    return found if transactions else [*found, finding(rules.NO_TRANSACTION, 1)]


def _limits(findings: Sequence[Finding]) -> list[Finding]:
    """Return what says that a file was not read to its end: it is listed in any case."""
    return [one for one in findings if one.code == FILE_LIMIT]


def _joined(parts: Sequence[Tables]) -> Tables:
    """Put the rows of each table together."""
    found: dict[str, list[pa.Table]] = {}
    for part in parts:
        for name, rows in part.items():
            found.setdefault(name, []).append(rows)
    return {name: pa.concat_tables(rows) for name, rows in found.items()}


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Sort by place; one finding for the same rule, record kind and segment."""
    distinct = {(item.segment, item.code, item.record_kind): item for item in reversed(findings)}
    return tuple(distinct[key] for key in sorted(distinct))
