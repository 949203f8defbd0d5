"""The books inside every ERP of the sandbox: companies with accounts, periods and documents.

Plain storage with the rules that all ERPs share; how they are spoken to is in one module each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal


class RefusedError(Exception):
    """The books refuse a document; `rule` is one of PERIOD, ACCOUNT, UNBALANCED, SEGMENT."""

    def __init__(self, rule: str, what: str) -> None:
        super().__init__(f"{rule}: {what}")
        self.rule, self.what = rule, what


@dataclass(frozen=True)
class BookLine:
    """A line of a document; `segments` are values by the ERP's own dimension names."""

    account: str
    debit: Decimal
    credit: Decimal
    text: str = ""
    segments: tuple[tuple[str, str], ...] = ()


@dataclass
class Document:
    """A document of the books: a draft until it is posted."""

    number: int
    key: str
    day: date
    text: str
    lines: list[BookLine]
    is_posted: bool = False


@dataclass
class Company:
    """One legal entity in the ERP. Months are its periods."""

    code: str
    accounts: dict[str, bool] = field(default_factory=dict)  # number -> is active
    segments: dict[str, dict[str, bool]] = field(default_factory=dict)  # dimension -> value
    closed: set[date] = field(default_factory=set)  # first days of closed months
    documents: list[Document] = field(default_factory=list)
    first: date = date(2025, 1, 1)
    last: date = date(2027, 12, 31)
    last_number: int = 0  # numbers of deleted drafts are not given again

    def check(self, day: date, lines: list[BookLine]) -> None:
        """Say no to what no ERP would post. Raises RefusedError."""
        if not self.first <= day <= self.last or day.replace(day=1) in self.closed:
            raise RefusedError("PERIOD", f"{day:%Y-%m}")
        for line in lines:
            if not self.accounts.get(line.account):
                raise RefusedError("ACCOUNT", line.account)
            for dimension, value in line.segments:
                if not self.segments.get(dimension, {}).get(value):
                    raise RefusedError("SEGMENT", f"{dimension} {value}")
        if sum(line.debit for line in lines) != sum(line.credit for line in lines):
            raise RefusedError("UNBALANCED", self.code)

    def add(
        self, key: str, day: date, text: str, lines: list[BookLine], *, is_posted: bool
    ) -> Document:
        """Keep a document; one that is posted is checked first. Raises RefusedError."""
        if is_posted:
            self.check(day, lines)
        self.last_number += 1
        document = Document(self.last_number, key, day, text, list(lines), is_posted)
        self.documents.append(document)
        return document

    def post(self, document: Document) -> None:
        """Post a draft. Raises RefusedError."""
        self.check(document.day, document.lines)
        document.is_posted = True

    def with_key(self, key: str) -> list[Document]:
        """Return all documents that carry a key."""
        return [document for document in self.documents if document.key == key]

    def posted_lines(self) -> list[tuple[Document, BookLine]]:
        """Return every posted line with its document."""
        posted = (document for document in self.documents if document.is_posted)
        return [(document, line) for document in posted for line in document.lines]

    def months(self) -> list[tuple[date, date, bool]]:
        """Return first day, last day and whether it is open, of each month."""
        found, start = [], self.first
        while start <= self.last:
            after = (start.replace(day=28) + timedelta(days=4)).replace(day=1)
            found.append((start, after - timedelta(days=1), start not in self.closed))
            start = after
        return found
