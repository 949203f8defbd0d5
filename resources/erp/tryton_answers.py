"""What Tryton's answers mean: documents, the ids of a company's books, and refusals in our words.

Pure reading of answers; the calls are in `tryton.py` and `tryton_http.py`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from billing.ledger.changes import ErpChange
from billing.ledger.erp import (
    ErpDocument,
    ErpLine,
    ErpPeriod,
    ErpRejected,
    ErpUnknown,
    JournalEntry,
    JournalLine,
    Reason,
    compare,
)
from resources.erp.tryton_http import TrytonRefusedError, TrytonUnclearError

LINE_FIELDS = ("id", "account.code", "debit", "credit", "description")
MOVE_FIELDS = (
    "number",
    "state",
    "date",
    "external_reference",
    "description",
    *(f"lines.{f}" for f in LINE_FIELDS),
)
FOREIGN_FIELDS = (
    "account.code",
    "debit",
    "credit",
    "move.number",
    "move.date",
    "move.external_reference",
)
CHANGE_FIELDS = ("external_reference", "create_date", "write_date")


@dataclass(frozen=True)
class Books:
    """Ids of one company that a document names: they do not change while it exists."""

    journal: int
    accounts: dict[str, int]
    periods: tuple[ErpPeriod, ...]

    def period(self, day: date) -> ErpPeriod | None:
        """Return the period that the day lies in."""
        return next((period for period in self.periods if period.start <= day <= period.end), None)

    def has(self, entry: JournalEntry) -> bool:
        """Say whether the period and all accounts of an entry are known here."""
        known = all(line.account in self.accounts for line in entry.lines)
        return known and self.period(entry.accounting_date) is not None


def reason_of(refusal: TrytonRefusedError) -> Reason:
    """Return our word for Tryton's refusal, by the words of its English messages (8.2)."""
    message = refusal.message.lower()
    if refusal.status in {401, 403} or "not allowed to" in message:
        return Reason.ACCESS
    if "external reference is already used" in message:
        return Reason.DUPLICATE
    if "must balance" in message:
        return Reason.UNBALANCED
    if 'field "account"' in message:
        return Reason.ACCOUNT_UNKNOWN
    if 'field "period"' in message or "closed" in message:
        return Reason.PERIOD_CLOSED
    return Reason.OTHER


@contextmanager
def outcomes() -> Iterator[None]:
    """Turn Tryton's two ways of not succeeding into the protocol's ErpRejected and ErpUnknown."""
    try:
        yield
    except TrytonRefusedError as refusal:
        raise ErpRejected(reason_of(refusal)) from None
    except TrytonUnclearError as unclear:
        raise ErpUnknown(unclear.reason) from None


def says_the_same(entry: JournalEntry, draft: ErpDocument) -> bool:
    """Say whether posting this draft would give exactly the entry."""
    return compare(entry, draft) == ["the document is not posted"]


def document_of(row: dict[str, Any]) -> ErpDocument:
    """Return a move as a document: its lines in the order in which they were made."""
    lines = sorted(row["lines"], key=lambda line: int(line["id"]))
    return ErpDocument(
        reference=str(row["id"]),
        number=row["number"] or "",
        key=row["external_reference"],
        state=row["state"],
        accounting_date=row["date"],
        lines=tuple(_line(number, line) for number, line in enumerate(lines, start=1)),
        description=row.get("description") or "",
    )


def _line(number: int, row: dict[str, Any]) -> JournalLine:
    return JournalLine(
        line_no=number,
        account=row["account"]["code"],
        debit=row["debit"],
        credit=row["credit"],
        description=row["description"] or "",
    )


def line_of(entity: str, row: dict[str, Any]) -> ErpLine:
    """Return a posted line as the ERP has it; `key` is empty where its document has none."""
    return ErpLine(
        entity=entity,
        reference=str(row["move"]["id"]),
        key=row["move"]["external_reference"] or "",
        accounting_date=row["move"]["date"],
        account=row["account"]["code"],
        debit=row["debit"],
        credit=row["credit"],
    )


def changed_from(since: datetime | None) -> list[object]:
    """Return the condition on documents made or written at or after a moment; Tryton's is in UTC.

    A document that was never written after it was made has no moment of writing.
    """
    if since is None:
        return []
    moment = since.astimezone(UTC).replace(tzinfo=None)
    return [["OR", ["write_date", ">=", moment], ["create_date", ">=", moment]]]


def change_of(row: dict[str, Any]) -> ErpChange:
    """Return a move as a changed document."""
    changed_at = row["write_date"] or row["create_date"]
    key = row["external_reference"] or ""
    return ErpChange(str(row["id"]), key, changed_at.replace(tzinfo=UTC))
