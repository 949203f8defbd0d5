"""Journals of the NetSuite account: created, changed and deleted by the account's own rules.

Requests are read in `netsuite_fields.py`; answered at once or in a job in `netsuite.py`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.erp.books import BookLine, Company, Document, RefusedError
from sandbox.erp.netsuite_books import CLASSIFICATIONS, NetsuiteBooks
from sandbox.erp.netsuite_errors import NetsuiteError, bad_field, user_error

OUTSIDE = (
    "The transaction date you specified is not within the date range of your accounting period."
)
EXISTS = "This record already exists."
UNBALANCED = "The amounts in a journal entry must balance."
NO_PERMISSION = "You do not have permission to approve this transaction."


class Journals:
    """The record type journalEntry."""

    def __init__(self, books: NetsuiteBooks) -> None:
        self._books = books

    def create(self, values: dict[str, Any], *, is_partial: bool = False) -> str:
        """Create a journal and return its internal id. Raises NetsuiteError.

        `is_partial`: a user event script of the customer keeps the first two lines only.
        """
        subsidiary, company = self._company(values)
        key = values.get("externalId", "")
        if key and self._books.has_external_id(key):
            raise user_error(EXISTS)
        day = values.get("tranDate") or date.today()  # noqa: DTZ011 - NetSuite's own default
        month = self._posting_month(values, day)
        lines = [self._line(number, one) for number, one in enumerate(values["line"])]
        self._check(company, month, lines)
        kept = lines[:2] if is_partial else lines
        document = company.add(key, day, values.get("memo", ""), kept, is_posted=False)
        internal_id = self._books.document_id(subsidiary, document)
        self._books.posted_in[internal_id] = month
        document.is_posted = self._is_approved(values)
        return internal_id

    def change(self, internal_id: str, values: dict[str, Any]) -> None:
        """Approve a journal: the only change that is understood here. Raises NetsuiteError."""
        subsidiary, document = self._found(internal_id)
        if values.get("approved") is not True or set(values) - {"approved", "line"}:
            raise user_error("This sandbox changes nothing but the approval of a journal.")
        if not self._books.may_approve:
            raise user_error(NO_PERMISSION)
        month = self._books.posting_month(internal_id, document)
        self._check_open(month)
        self._check(self._books.companies[subsidiary], month, document.lines)
        document.is_posted = True

    def delete(self, internal_id: str) -> None:
        """Delete a journal, a posted one too, as NetSuite does. Raises NetsuiteError."""
        _, document = self._found(internal_id)
        self._check_open(self._books.posting_month(internal_id, document))
        self._books.deleted.add(internal_id)
        document.is_posted, document.key = False, ""

    def shown(self, internal_id: str) -> dict[str, Any]:
        """Return a journal's main properties. Raises NetsuiteError."""
        _, document = self._found(internal_id)
        return {
            "id": internal_id,
            "externalId": document.key,
            "tranDate": document.day.isoformat(),
            "memo": document.text,
            "approved": document.is_posted,
        }

    def _found(self, internal_id: str) -> tuple[str, Document]:
        found = self._books.document(internal_id)
        if found is None:
            text = "The record instance does not exist. Provide a valid record instance ID."
            raise NetsuiteError(404, "NONEXISTENT_ID", text, urlPath=f"journalEntry/{internal_id}")
        return found

    def _company(self, values: dict[str, Any]) -> tuple[str, Company]:
        subsidiary = values.get("subsidiary")
        if subsidiary is None:
            raise user_error("Please enter value(s) for: Subsidiary.")
        if subsidiary not in self._books.companies:
            raise bad_field(subsidiary, "subsidiary", "subsidiary")
        return subsidiary, self._books.companies[subsidiary]

    def _is_approved(self, values: dict[str, Any]) -> bool:
        """A role without the permission has its journal saved, and waiting, all the same."""
        is_marked = values.get("approved", False) and self._books.may_approve
        return not self._books.requires_approval or is_marked

    def _posting_month(self, values: dict[str, Any], day: date) -> date:
        """Return the period's first day: the named one, else the next open one from the date on.

        The latter is the preference "Default Posting Period When Transaction Date in Closed
        Period": the journal silently goes into another month.
        """
        months = self._books.periods()
        named = values.get("postingPeriod")
        if named is not None:
            period = next((one for one in months if one[0] == named), None)
            if period is None:
                raise bad_field(named, "postingperiod", "postingPeriod")
            if not period[1] <= day <= period[2]:
                raise user_error(OUTSIDE)
            self._check_open(period[1])
            return period[1]
        open_ones = (start for _, start, end, closed, locked in months if not closed | locked)
        found = next((start for start in open_ones if start >= day.replace(day=1)), None)
        if found is None:
            raise user_error(OUTSIDE)
        return found

    def _check_open(self, month: date) -> None:
        for _, start, _, is_closed, is_locked in self._books.periods():
            if start == month and (is_closed or is_locked):
                raise user_error(OUTSIDE)

    def _line(self, number: int, values: dict[str, Any]) -> BookLine:
        path = f"line.items[{number}]"
        if "account" not in values:
            raise user_error("Please enter value(s) for: Account.", errorPath=f"{path}.account")
        account = self._name("account", values["account"], f"{path}.account")
        debit, credit = values.get("debit", Decimal(0)), values.get("credit", Decimal(0))
        if (debit > 0) == (credit > 0) or min(debit, credit) < 0:
            raise user_error("Please enter either a debit or a credit.", errorPath=path)
        segments = tuple(
            (name, self._name(name, values[name], f"{path}.{name}"))
            for name in CLASSIFICATIONS
            if name in values
        )
        return BookLine(account, debit, credit, values.get("memo", ""), segments)

    def _name(self, kind: str, internal_id: str, path: str) -> str:
        """Return what an internal id stands for; an inactive record cannot be chosen."""
        books = self._books
        listed = books.accounts() if kind == "account" else books.segments(kind)
        for found, name, is_active in listed:
            if found == internal_id and is_active:
                return name
        raise bad_field(internal_id, kind, path)

    def _check(self, company: Company, month: date, lines: list[BookLine]) -> None:
        if not lines:
            raise user_error("You must enter at least one line item for this transaction.")
        if len(lines) > self._books.max_lines:
            raise user_error("This transaction exceeds the maximum number of lines.")
        try:
            company.check(month, lines)
        except RefusedError as refusal:
            raise _worded(refusal, company) from None


def _worded(refusal: RefusedError, company: Company) -> NetsuiteError:
    if refusal.rule == "UNBALANCED":
        return user_error(UNBALANCED)
    if refusal.rule == "ACCOUNT":
        text = f"The {refusal.what} account cannot be used with the {company.code} subsidiary."
        return user_error(text)
    if refusal.rule == "SEGMENT":
        dimension = refusal.what.partition(" ")[0]
        return bad_field(refusal.what, dimension, f"line.items.{dimension}")
    return user_error(OUTSIDE)
