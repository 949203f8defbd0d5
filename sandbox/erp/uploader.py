"""The person between the folders of journal files and an ERP that only takes uploads.

Reads what lies in `outgoing` by the documented form alone, has the ERP's books take it, and lays
confirmations, rejections and the ERP's lists beside it. Nothing is repaired on the way.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from sandbox.erp.books import BookLine, Company, Document, RefusedError

COLUMNS = [
    "key",
    "entry_number",
    "entity",
    "accounting_date",
    "entry_description",
    "line_number",
    "account",
    "debit",
    "credit",
    "line_description",
    "facility",
    "payer_class",
]
CONTROL = ["file", "key", "lines", "debit_total", "credit_total", "sha256"]
CONFIRMATION = [
    "key",
    "document_number",
    "posting_date",
    "lines",
    "debit_total",
    "credit_total",
    "sha256",
]
WORDS = {
    "PERIOD": "PERIOD_CLOSED",
    "ACCOUNT": "ACCOUNT_UNKNOWN",
    "UNBALANCED": "UNBALANCED",
    "SEGMENT": "MAPPING",
}
DIMENSIONS = ("facility", "payer_class")


class UploadError(Exception):
    """A file is not of the documented form, or not the one that its control file is about."""


@dataclass(frozen=True)
class Offered:
    """A file that lies there for upload, with what its control file says of it."""

    name: str
    control: dict[str, str]
    rows: list[dict[str, str]]


class Uploader:
    """Uploads into the books of each company; `root` holds one folder per company."""

    def __init__(self, root: Path, companies: Mapping[str, Company]) -> None:
        """Make the folders that accounting makes, and lay the first lists."""
        self._root, self._companies = root, companies
        for entity in companies:
            for name in ("lists", "accepted", "rejected"):
                (root / entity / name).mkdir(parents=True, exist_ok=True)
        self.lay_lists()

    def run(self) -> None:
        """Upload everything that is complete and not answered yet, then lay new lists."""
        for entity, company in self._companies.items():
            for offered in self.offered(entity):
                if not company.with_key(offered.control["key"]):
                    self.upload(entity, offered)
        self.lay_lists()

    def offered(self, entity: str) -> list[Offered]:
        """Return the files that have a control file, oldest number first. Raises UploadError."""
        folder = self._root / entity / "outgoing"
        ends = ".control.csv"
        found = sorted(folder.glob(f"*{ends}")) if folder.exists() else []
        data = (control.with_name(control.name.removesuffix(ends) + ".csv") for control in found)
        pairs = zip(found, data, strict=True)
        return [_offered(control, data) for control, data in pairs if data.exists()]

    def upload(self, entity: str, offered: Offered) -> None:
        """Have the books take one file, and lay the answer where it belongs."""
        rows, key = offered.rows, offered.control["key"]
        company, answered = self._companies[entity], f"{offered.name}.csv"
        lines = [_book_line(row) for row in rows]
        day = date.fromisoformat(rows[0]["accounting_date"])
        text = rows[0]["entry_description"]
        try:
            document = company.add(key, day, text, lines, is_posted=True)
        except RefusedError as refusal:
            row = (key, WORDS[refusal.rule], "said by the import")
            self._lay(entity, "rejected", answered, ("key", "reason", "text"), [row])
        else:
            self._lay(entity, "accepted", answered, CONFIRMATION, [confirmation(offered, document)])

    def lay_lists(self, *, as_of: Sequence[date] = ()) -> None:
        """Export the lists of every company, with the trial balances of the days asked for."""
        for entity, company in self._companies.items():
            lists: dict[str, tuple[Sequence[str], Iterable[Sequence[str]]]] = {
                "periods.csv": (("start", "end", "name", "is_open"), _periods(company)),
                "accounts.csv": (
                    ("account", "is_active"),
                    ((number, _yes(active)) for number, active in company.accounts.items()),
                ),
                "segments.csv": (("dimension", "segment", "is_active"), _segments(company)),
                "general_ledger.csv": (
                    ("document_number", "posting_date", "account", "debit", "credit"),
                    _ledger(company),
                ),
            }
            if as_of:
                lists["trial_balance.csv"] = (
                    ("as_of", "account", "balance"),
                    [row for day in as_of for row in _balances(company, day)],
                )
            for name, (columns, rows) in lists.items():
                self._lay(entity, "lists", name, columns, rows)

    def _lay(
        self,
        entity: str,
        folder: str,
        name: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[str]],
    ) -> None:
        """Copy a file in under another name first, so that nobody reads half of it."""
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(columns)
        writer.writerows(rows)
        target = self._root / entity / folder / name
        under_way = target.with_name(f".{name}")
        under_way.write_text(text.getvalue(), encoding="utf-8", newline="")
        os.replace(under_way, target)  # noqa: PTH105 - the same on every system


def confirmation(offered: Offered, document: Document) -> tuple[str, ...]:
    """Return the row that says that a file is posted, with the totals of its control file."""
    control = offered.control
    return (
        control["key"],
        number_of(document),
        document.day.isoformat(),
        control["lines"],
        control["debit_total"],
        control["credit_total"],
        control["sha256"],
    )


def number_of(document: Document) -> str:
    """Return the number under which the ERP shows a document."""
    return f"GJ-{document.number:06d}"


def _offered(control_file: Path, data_file: Path) -> Offered:
    content = data_file.read_bytes()
    (control,) = _rows(control_file.read_bytes(), CONTROL)
    rows = _rows(content, COLUMNS)
    sums = [sum((Decimal(row[side]) for row in rows), Decimal(0)) for side in ("debit", "credit")]
    counted = [data_file.name, str(len(rows)), *map(str, sums), hashlib.sha256(content).hexdigest()]
    said = [control[name] for name in CONTROL if name != "key"]
    if counted != said or {row["key"] for row in rows} != {control["key"]}:
        raise UploadError("a file is not the one that its control file is about")
    return Offered(data_file.name.removesuffix(".csv"), control, rows)


def _rows(content: bytes, columns: Sequence[str]) -> list[dict[str, str]]:
    text = io.StringIO(content.decode(), newline="")
    head, *rows = csv.reader(text, strict=True)
    if head != columns or any(len(row) != len(columns) for row in rows):
        raise UploadError("a file is not of the documented form")
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _book_line(row: Mapping[str, str]) -> BookLine:
    carried = tuple((name, row[name]) for name in DIMENSIONS if row[name])
    debit, credit = Decimal(row["debit"]), Decimal(row["credit"])
    return BookLine(row["account"], debit, credit, row["line_description"], carried)


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def _periods(company: Company) -> list[tuple[str, ...]]:
    return [
        (start.isoformat(), end.isoformat(), f"{start:%Y-%m}", _yes(is_open))
        for start, end, is_open in company.months()
    ]


def _segments(company: Company) -> list[tuple[str, ...]]:
    return [
        (dimension, value, _yes(active))
        for dimension, values in company.segments.items()
        for value, active in values.items()
    ]


def _ledger(company: Company) -> list[tuple[str, ...]]:
    return [
        (
            number_of(document), document.day.isoformat(), line.account,
            f"{line.debit:.2f}", f"{line.credit:.2f}",
        )
        for document, line in company.posted_lines()
    ]  # fmt: skip


def _balances(company: Company, day: date) -> list[tuple[str, ...]]:
    sums = dict.fromkeys(company.accounts, Decimal(0))
    for document, line in company.posted_lines():
        if document.day <= day:
            sums[line.account] += line.debit - line.credit
    return [(day.isoformat(), account, f"{amount:.2f}") for account, amount in sums.items()]
