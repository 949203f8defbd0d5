"""One journal entry as a file, its control totals, and both read back.

Amounts, dates and numbers stand as they are; all other columns are text and disarmed. Accounts and
segments are called as the ERP calls them: the mapping is made before and undone afterwards.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from decimal import Decimal

from billing.ledger.erp import InvalidEntryError, JournalEntry, JournalLine
from billing.ledger.segments import SegmentMap
from resources.erp.journal_file_text import (
    CENTS,
    UnreadableFileError,
    armed,
    cents_of,
    day_of,
    disarmed,
    rows_of,
    table,
    whole_of,
)

HEAD = ("key", "entry_number", "entity", "accounting_date", "entry_description")
COLUMNS = (
    *HEAD, "line_number", "account", "debit", "credit", "line_description", "facility",
    "payer_class",
)  # fmt: skip
TOTALS = ("lines", "debit_total", "credit_total", "sha256")
CONTROL = ("file", "key", *TOTALS)
DATA_END, CONTROL_END = ".csv", ".control.csv"
# Lower case only: two keys are two names, even where a file system does not tell case apart.
KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Totals:
    """Control totals of a file: lines without the heading, both sums, and the hash of its bytes."""

    lines: int
    debit: Decimal
    credit: Decimal
    sha256: str


def is_key(key: str) -> bool:
    """Say whether a key can be part of a file's name: nothing that leads out of a folder."""
    return KEY.fullmatch(key) is not None


def name_of(entry: JournalEntry) -> str:
    """Return the name of an entry's file without its end: sorted by number, unique by key."""
    return f"{entry.entry_no:010d}_{entry.key}"


def renamed(entry: JournalEntry, segments: SegmentMap, dimensions: tuple[str, ...]) -> JournalEntry:
    """Return the entry in the ERP's names. Raises UnmappedSegmentError."""

    def segment(line: JournalLine, name: str) -> str:
        carried = getattr(line, name) if name in dimensions else ""
        return segments.segment(entry.entity, name, carried)

    lines = (
        replace(
            line,
            account=segments.account(entry.entity, line.account),
            facility=segment(line, "facility"),
            payer_class=segment(line, "payer_class"),
        )
        for line in entry.lines
    )
    return replace(entry, lines=tuple(lines))


def own_lines(entry: JournalEntry, segments: SegmentMap) -> tuple[JournalLine, ...]:
    """Return the lines of an entry in the ERP's names, in ours."""
    entity = entry.entity
    return tuple(
        replace(
            line,
            account=segments.own_account(entity, line.account),
            facility=segments.own_value(entity, "facility", line.facility),
            payer_class=segments.own_value(entity, "payer_class", line.payer_class),
        )
        for line in entry.lines
    )


def rendered(entry: JournalEntry, line_end: str) -> bytes:
    """Return the file of an entry: the same entry gives the same bytes, always."""
    head = (
        disarmed(entry.key), str(entry.entry_no), disarmed(entry.entity),
        entry.accounting_date.isoformat(), disarmed(entry.description),
    )  # fmt: skip
    rows = (
        (
            *head, str(line.line_no), disarmed(line.account), _amount(line.debit),
            _amount(line.credit), disarmed(line.description), disarmed(line.facility),
            disarmed(line.payer_class),
        )
        for line in entry.lines
    )  # fmt: skip
    return table(COLUMNS, rows, line_end)


def parsed(content: bytes) -> JournalEntry:
    """Return the entry of a file. Raises UnreadableFileError, also where its lines disagree."""
    rows = rows_of(content, COLUMNS)
    if not rows or len({tuple(row[name] for name in HEAD) for row in rows}) != 1:
        raise UnreadableFileError("all lines of a file belong to one entry")
    head = rows[0]
    try:
        return JournalEntry(
            entity=armed(head["entity"]),
            key=armed(head["key"]),
            entry_no=whole_of(head["entry_number"]),
            accounting_date=day_of(head["accounting_date"]),
            description=armed(head["entry_description"]),
            lines=tuple(map(_line, rows)),
        )
    except InvalidEntryError:
        raise UnreadableFileError("the lines of a file are no balanced entry") from None


def totals_of(entry: JournalEntry, content: bytes) -> Totals:
    """Return the control totals of a file and its entry."""
    credit = sum((line.credit for line in entry.lines), Decimal(0))
    digest = hashlib.sha256(content).hexdigest()
    return Totals(len(entry.lines), entry.debit_total, credit, digest)


def control(entry: JournalEntry, totals: Totals, line_end: str) -> bytes:
    """Return the control file that belongs to an entry's file."""
    row = (
        f"{name_of(entry)}{DATA_END}", disarmed(entry.key), str(totals.lines),
        _amount(totals.debit), _amount(totals.credit), totals.sha256,
    )  # fmt: skip
    return table(CONTROL, [row], line_end)


def controlled(content: bytes) -> Totals:
    """Return the totals that a control file states. Raises UnreadableFileError."""
    rows = rows_of(content, CONTROL)
    if len(rows) != 1:
        raise UnreadableFileError("a control file has one line")
    return stated(rows[0])


def stated(row: dict[str, str]) -> Totals:
    """Return the control totals of a row of any table. Raises UnreadableFileError."""
    if not DIGEST.fullmatch(row["sha256"]):
        raise UnreadableFileError("the SHA-256 of a file has 64 digits, in lower case")
    return Totals(
        whole_of(row["lines"]),
        cents_of(row["debit_total"]),
        cents_of(row["credit_total"]),
        row["sha256"],
    )


def _line(row: dict[str, str]) -> JournalLine:
    return JournalLine(
        line_no=whole_of(row["line_number"]),
        account=armed(row["account"]),
        debit=cents_of(row["debit"]),
        credit=cents_of(row["credit"]),
        description=armed(row["line_description"]),
        facility=armed(row["facility"]),
        payer_class=armed(row["payer_class"]),
    )


def _amount(amount: Decimal) -> str:
    return f"{amount:.{CENTS}f}"
