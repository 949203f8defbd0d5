"""The general journals of a Business Central: batches of lines, and how they become entries.

Rules and messages are those of the base application; how they are called is in
`business_central.py`.
"""

from __future__ import annotations

import base64
import re
import uuid
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.erp.books import BookLine, Company, RefusedError

CENT = Decimal("0.01")
LENGTHS = {"documentNumber": 20, "externalDocumentNumber": 35, "description": 100, "comment": 250}
LINE_FIELDS = {"lineNumber", "accountNumber", "postingDate", "amount", *LENGTHS}


class BcError(Exception):
    """A refusal: status, code of the documented table, and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass
class Line:
    """A line of a journal that is not posted."""

    id: str
    values: dict[str, Any]
    dimensions: dict[str, str] = field(default_factory=dict)


@dataclass
class Journal:
    """A batch of the general journal template."""

    id: str
    code: str
    name: str
    version: int = 1
    lines: dict[int, Line] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """The version, as the service writes it."""
        return f'W/"{base64.b64encode(f"19;{self.id};{self.version};".encode()).decode()}"'


@dataclass
class Journals:
    """The journals of one company."""

    company: Company
    increments: bool = True  # the template counts names up that end in a digit
    all: dict[str, Journal] = field(default_factory=dict)

    def create(self, content: dict[str, Any]) -> Journal:
        """Make an empty journal."""
        _known(content, {"code", "displayName"})
        code = str(content.get("code") or "").upper()
        if not code:
            raise BcError(
                400, "BadRequest_RequiredParamNotProvided", "Field 'code' must not be blank."
            )
        _fits("code", code, 10)
        _fits("displayName", str(content.get("displayName", "")), 100)
        if any(one.code == code for one in self.all.values()):
            raise _same_key("Gen. Journal Batch", f"Journal Template Name='GENERAL',Name='{code}'")
        journal = Journal(str(uuid.uuid4()), code, str(content.get("displayName", "")))
        self.all[journal.id] = journal
        return journal

    def get(self, journal_id: str) -> Journal:
        """Return a journal by its id."""
        if journal_id not in self.all:
            raise BcError(404, "Internal_RecordNotFound", "The Gen. Journal Batch does not exist.")
        return self.all[journal_id]

    def held(self, journal_id: str, etag: str) -> Journal:
        """Return a journal for a change, if it is still as its reader saw it."""
        if not etag:
            raise BcError(
                400,
                "BadRequest_InvalidToken",
                "Could not validate the client concurrency token required by the service."
                " Please provide a valid token in the client request.",
            )
        journal = self.get(journal_id)
        if etag not in {"*", journal.etag}:
            raise BcError(
                409, "Request_EntityChanged", "Another user has already changed the record."
            )
        return journal

    def rename(self, journal_id: str, etag: str, content: dict[str, Any]) -> Journal:
        """Change a journal's name."""
        _known(content, {"displayName"})
        journal = self.held(journal_id, etag)
        _fits("displayName", str(content["displayName"]), 100)
        if journal.name != content["displayName"]:
            journal.name = str(content["displayName"])
            journal.version += 1
        return journal

    def add(self, journal_id: str, content: dict[str, Any]) -> Line:
        """Add a line to a journal."""
        journal = self.get(journal_id)
        _known(content, LINE_FIELDS)
        values = self._checked(content)
        number = values["lineNumber"]
        if number in journal.lines:
            raise _same_key("Gen. Journal Line", f"Line No.='{number}'")
        journal.lines[number] = Line(str(uuid.uuid4()), values)
        return journal.lines[number]

    def line(self, journal_id: str, line_id: str) -> Line:
        """Return a line of a journal."""
        for line in self.get(journal_id).lines.values():
            if line.id == line_id:
                return line
        raise BcError(404, "Internal_RecordNotFound", "The Gen. Journal Line does not exist.")

    def set_dimension(self, line: Line, content: dict[str, Any]) -> None:
        """Give a line a value of a dimension."""
        _known(content, {"code", "valueCode"})
        code, value = str(content.get("code", "")), str(content.get("valueCode", ""))
        if code not in self.company.segments:
            raise _dialog('The "code" does not match to a Dimension.')
        if value not in self.company.segments[code]:
            raise _dialog('The "valueCode" does not match to a Dimension Value.')
        if code in line.dimensions:
            raise _dialog("The dimension set line already exists.")
        line.dimensions[code] = value

    def post(self, journal_id: str) -> None:
        """Post all lines of a journal, or none of them."""
        journal = self.get(journal_id)
        if not journal.lines:
            raise _dialog("There is nothing to post.")
        lines = [journal.lines[number] for number in sorted(journal.lines)]
        documents: dict[tuple[str, date], list[BookLine]] = {}
        for line in lines:
            where = (line.values["documentNumber"], line.values["postingDate"])
            documents.setdefault(where, []).append(_book_line(line))
        try:
            for (_, day), of_document in documents.items():
                self.company.check(day, of_document)
        except RefusedError as refused:
            raise _refusal(refused) from None
        for (number, day), of_document in documents.items():
            self.company.add(number, day, "", of_document, is_posted=True)
        journal.lines.clear()
        self._count_up(journal)

    def _checked(self, content: dict[str, Any]) -> dict[str, Any]:
        values = {name: str(content.get(name, "")) for name in LENGTHS}
        for name, length in LENGTHS.items():
            _fits(name, values[name], length)
        for name in ("documentNumber", "externalDocumentNumber"):
            values[name] = values[name].upper()
        account = str(content.get("accountNumber", ""))
        if account not in self.company.accounts:
            raise _dialog('The "accountNumber" does not match to an Account.')
        if not self.company.accounts[account]:
            raise BcError(
                400,
                "Application_FieldValidationException",
                f"Blocked must be equal to 'No'  in G/L Account: No.={account}."
                " Current value is 'Yes'.",
            )
        amount = content.get("amount")
        if isinstance(amount, bool) or not isinstance(amount, int | Decimal):
            raise BcError(400, "BadRequest", "Cannot convert the literal to 'Edm.Decimal'.")
        return {
            **values,
            "accountNumber": account,
            "amount": Decimal(amount).quantize(CENT, ROUND_HALF_UP),
            "postingDate": _day(content.get("postingDate")),
            "lineNumber": int(content.get("lineNumber") or 10000),
        }

    def _count_up(self, journal: Journal) -> None:
        """Do what the template's "Increment Batch Name" does once a batch is empty."""
        if self.increments and re.search(r"\d", journal.code):
            journal.code = re.sub(
                r"\d+(?=\D*$)", lambda found: str(int(found[0]) + 1), journal.code
            )
            del self.all[journal.id]
            journal.id = str(uuid.uuid4())
            self.all[journal.id] = journal


def _book_line(line: Line) -> BookLine:
    amount = line.values["amount"]
    return BookLine(
        account=line.values["accountNumber"],
        debit=max(amount, Decimal(0)),
        credit=max(-amount, Decimal(0)),
        text=line.values["description"],
        segments=tuple(line.dimensions.items()),
    )


def _refusal(refused: RefusedError) -> BcError:
    if refused.rule == "PERIOD":
        return BcError(
            400,
            "Application_FieldValidationException",
            "Posting Date is not within your range of allowed posting dates in"
            " Gen. Journal Line Journal Template Name='GENERAL'.",
        )
    if refused.rule == "UNBALANCED":
        return _dialog(
            "The lines in 05/09/26 are out of balance by 0.01."
            " Check that Posting Date and Amount are correct for each line."
        )
    if refused.rule == "ACCOUNT":
        return BcError(
            400,
            "Application_FieldValidationException",
            f"Blocked must be equal to 'No'  in G/L Account: No.={refused.what}.",
        )
    return _dialog(f"A dimension used in Gen. Journal Line has caused an error. {refused.what}")


def _dialog(message: str) -> BcError:
    return BcError(400, "Application_DialogException", message)


def _same_key(table: str, what: str) -> BcError:
    message = f"The {table} already exists. Identification fields and values: {what}"
    return BcError(400, "Internal_EntityWithSameKeyExists", message)


def _known(content: Any, fields: set[str]) -> None:
    if not isinstance(content, dict):
        raise BcError(400, "BadRequest", "Invalid Request Body")
    unknown = sorted(set(content) - fields)
    if unknown:
        raise BcError(400, "BadRequest", f"The property '{unknown[0]}' does not exist.")


def _fits(name: str, text: str, length: int) -> None:
    if len(text) > length:
        raise BcError(
            400,
            "Application_StringExceededLength",
            f"The length of the string is {len(text)}, but it must be less than or equal to"
            f" {length} characters. Value: {text}",
        )
    if not text.isprintable():
        raise BcError(400, "BadRequest", f"{name} has control characters.")


def _day(text: Any) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise BcError(400, "BadRequest", "Unable to convert value to Date") from None
