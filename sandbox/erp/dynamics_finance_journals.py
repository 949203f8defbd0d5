"""The general journals of a Dynamics 365 Finance, and the batch job that posts them.

Numbers are the server's own. How journals are spoken to is in `dynamics_finance.py`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.erp.books import BookLine, Company, RefusedError

HEADER_FIELDS = {"dataAreaId", "JournalName", "Description", "IntegrationKey", "PostingLayer"}
LINE_FIELDS = {
    "dataAreaId", "JournalBatchNumber", "AccountType", "AccountDisplayValue", "TransDate",
    "CurrencyCode", "Text", "Document", "DebitAmount", "CreditAmount",
}  # fmt: skip
READ_ONLY = {"IsPosted", "JournalBatchNumber", "JournalTotalDebit", "JournalTotalCredit",
             "AccountingCurrency", "LineNumber"}  # fmt: skip
LENGTHS = {"Description": 60, "Text": 60, "Document": 20}


class FinanceError(Exception):
    """A refusal: status, and the message inside of the error body."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True)
class Setup:
    """What an administrator has set up."""

    account_format: tuple[str, ...] = ("MainAccount", "Facility", "CostCenter", "PayerClass")
    delimiter: str = "-"
    journal_names: frozenset[str] = frozenset({"TIEOUT", "GenJrn"})
    currencies: frozenset[str] = frozenset({"USD"})


@dataclass
class Line:
    """A line of a journal; `values` as they are shown."""

    values: dict[str, Any]
    account: str
    segments: tuple[tuple[str, str], ...]


@dataclass
class Journal:
    """A journal of one company."""

    number: str
    name: str
    description: str
    voucher: str
    is_posted: bool = False
    lines: list[Line] = field(default_factory=list)
    log: str = ""


@dataclass
class Journals:
    """The journals of one company. `many_vouchers`: the journal name gives each line its own."""

    area: str
    company: Company
    setup: Setup
    all: dict[str, Journal] = field(default_factory=dict)
    many_vouchers: bool = False
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def create(self, content: dict[str, Any]) -> Journal:
        """Make an empty journal under the next number."""
        _known(content, HEADER_FIELDS)
        name = str(content.get("JournalName", ""))
        if name not in self.setup.journal_names:
            raise FinanceError(400, f"The value '{name}' in field 'Name' is not found.")
        _fits(content)
        number = next(self._numbers)
        description = str(content.get("Description") or name)
        journal = Journal(f"{number:05}", name, description, f"GJ{number:07}")
        self.all[journal.number] = journal
        return journal

    def add(self, content: dict[str, Any]) -> dict[str, Any]:
        """Add a line behind the others of its journal."""
        if "LineNumber" in content:
            raise FinanceError(400, "Field 'Line number' does not allow edit on create.")
        _known(content, LINE_FIELDS)
        _fits(content)
        journal = self.all.get(str(content.get("JournalBatchNumber", "")))
        if journal is None or journal.is_posted:
            raise FinanceError(400, "The journal batch number is not found or is posted.")
        debit, credit = _amount(content, "DebitAmount"), _amount(content, "CreditAmount")
        if (debit != 0) == (credit != 0):
            raise FinanceError(400, "Either a debit or a credit amount must be specified.")
        if content.get("CurrencyCode") not in self.setup.currencies:
            raise FinanceError(400, "Field 'Currency' must be filled in.")
        account, segments = self._ledger_account(content)
        count = len(journal.lines) + 1
        voucher = f"{journal.voucher}/{count}" if self.many_vouchers else journal.voucher
        values = {
            "dataAreaId": self.area,
            "JournalBatchNumber": journal.number,
            "LineNumber": Decimal(count),
            "AccountType": "Ledger",
            "AccountDisplayValue": self.setup.delimiter.join(
                {"MainAccount": account, **dict(segments)}.get(name, "")
                for name in self.setup.account_format
            ),
            "TransDate": _day(content.get("TransDate")),
            "CurrencyCode": content["CurrencyCode"],
            "Text": str(content.get("Text", "")),
            "Document": str(content.get("Document", "")),
            "Voucher": voucher,
            "DebitAmount": debit,
            "CreditAmount": credit,
        }
        journal.lines.append(Line(values, account, segments))
        return values

    def delete(self, number: str) -> None:
        """Delete a journal with its lines."""
        if number not in self.all:
            raise FinanceError(404, "No resource was found for the key.")
        if self.all[number].is_posted:
            raise FinanceError(400, "The journal is posted and cannot be deleted.")
        del self.all[number]

    def post_all(self) -> None:
        """Do what the batch job "Post journals" does: what cannot be posted stays, with a log."""
        for journal in self.all.values():
            if journal.is_posted or not journal.lines:
                continue
            lines = [_book_line(line) for line in journal.lines]
            first = journal.lines[0].values
            try:
                self.company.add(
                    journal.description.split(" ")[0], first["TransDate"], first["Document"], lines,
                    is_posted=True,
                )  # fmt: skip
            except RefusedError as refused:
                journal.log = _log(refused)
            else:
                journal.is_posted, journal.log = True, ""

    def _ledger_account(self, content: dict[str, Any]) -> tuple[str, tuple[tuple[str, str], ...]]:
        if content.get("AccountType", "Ledger") != "Ledger":
            raise FinanceError(400, "The account type is not supported here.")
        parts = str(content.get("AccountDisplayValue", "")).split(self.setup.delimiter)
        if len(parts) > len(self.setup.account_format):
            raise FinanceError(400, "The dimension format of the account is not valid.")
        values = dict(zip(self.setup.account_format, parts, strict=False))
        account = values.pop("MainAccount", "")
        if account not in self.company.accounts:
            raise FinanceError(400, "Account is not valid: the main account is not found.")
        for name, value in values.items():
            if value and value not in self.company.segments.get(name, {}):
                raise FinanceError(400, f"The dimension value for {name} is not valid.")
        return account, tuple((name, value) for name, value in values.items() if value)


def _book_line(line: Line) -> BookLine:
    values = line.values
    return BookLine(
        line.account, values["DebitAmount"], values["CreditAmount"], values["Text"], line.segments
    )


def _log(refused: RefusedError) -> str:
    texts = {
        "PERIOD": "The period for the date is not open.",
        "ACCOUNT": "The main account is suspended.",
        "SEGMENT": "The dimension value is suspended and cannot be used.",
    }
    return texts.get(
        refused.rule, "The transactions on a specific voucher don't balance as of a certain date."
    )


def _known(content: Any, fields: set[str]) -> None:
    if not isinstance(content, dict):
        raise FinanceError(400, "The body is not an object.")
    for name in content:
        if name in READ_ONLY and name not in fields:
            raise FinanceError(400, f"Field '{name}' does not allow edit on create.")
        if name not in fields:
            raise FinanceError(400, f"The property '{name}' does not exist on the type.")


def _fits(content: dict[str, Any]) -> None:
    for name, length in LENGTHS.items():
        if len(str(content.get(name, ""))) > length:
            raise FinanceError(400, f"The value is too long for field '{name}'.")


def _amount(content: dict[str, Any], name: str) -> Decimal:
    value = content.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise FinanceError(400, f"Cannot convert the value of '{name}' to Edm.Decimal.")
    if value < 0 or Decimal(value) != Decimal(value).quantize(Decimal("0.01")):
        raise FinanceError(400, f"The amount in '{name}' is not valid.")
    return Decimal(value)


def _day(text: Any) -> date:
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        raise FinanceError(400, "Field 'Date' must be filled in.") from None
