"""What Dynamics 365 Finance's answers mean: journals, lines, and refusals in our words.

Pure reading of answers, and how a key is written; the calls are in `dynamics_finance_journals.py`.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from billing.ledger.erp import (
    CREATED,
    DRAFT,
    POSTED,
    ErpDocument,
    ErpRejected,
    ErpUnknown,
    JournalEntry,
    JournalLine,
    Reason,
)
from resources.erp.dynamics_finance_settings import DynamicsFinanceSettings
from resources.erp.odata import amount, day

_KEY = re.compile(r"[^*\s]+")
TEXT = 60  # characters of a line's text, and of a journal's description

# Words of the English client, in small letters, and what they mean: all of a row, first match.
TEXTS: tuple[tuple[tuple[str, ...], Reason], ...] = (
    (("period", "not open"), Reason.PERIOD_CLOSED),
    (("period", "closed"), Reason.PERIOD_CLOSED),
    (("period", "on hold"), Reason.PERIOD_CLOSED),
    (("not balance",), Reason.UNBALANCED),
    (("don't balance",), Reason.UNBALANCED),
    (("dimension", "not valid"), Reason.MAPPING),
    (("dimension", "cannot be used"), Reason.MAPPING),
    (("main account",), Reason.ACCOUNT_UNKNOWN),
    (("account", "suspended"), Reason.ACCOUNT_UNKNOWN),
    (("account", "not valid"), Reason.ACCOUNT_UNKNOWN),
    (("account", "not found"), Reason.ACCOUNT_UNKNOWN),
    (("access denied",), Reason.ACCESS),
)


def reason_of(body: Any) -> Reason:
    """Return our word for an error body. Raises ErpUnknown when it is none of this ERP."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    inner = error.get("innererror")
    said = f"{error.get('message', '')} {inner.get('message', '') if inner else ''}".lower()
    return next((why for words, why in TEXTS if all(w in said for w in words)), Reason.OTHER)


def document_digest(key: str) -> str:
    """Return what stands in `Document` of each line: 20 characters, 100 bits of the key.

    It goes on to the posted entry, whose number is the only field that says where it came from;
    the whole key is in the description of the journal.
    """
    digest = hashlib.sha256(f"document {key}".encode()).digest()
    return base64.b32encode(digest)[:20].decode()


def description_of(entry: JournalEntry) -> str:
    """Return what stands in a journal's description: the key, and how many lines belong to it.

    By the number a journal is known that an import has left half way.
    """
    return f"{entry.key} {len(entry.lines)}"


@dataclass(frozen=True)
class Header:
    """A journal. `number` is the ERP's own in its company; `key` is empty if it is not ours."""

    number: str
    key: str
    count: int
    is_posted: bool

    def state(self, lines: int) -> str:
        """Return the state of a journal that has so many lines."""
        if self.is_posted:
            return POSTED
        return CREATED if lines == self.count else DRAFT


def header_of(row: Mapping[str, Any]) -> Header:
    """Return a journal as it was read. Raises ErpUnknown."""
    try:
        is_posted = {"Yes": True, "No": False}[str(row["IsPosted"])]
        number = str(row["JournalBatchNumber"])
        key, _, count = str(row["Description"]).partition(" ")
    except KeyError:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER) from None
    is_ours = count.isdecimal() and count.isascii()
    return Header(number, key if is_ours else "", int(count) if is_ours else 0, is_posted)


def document_of(
    entity: str,
    header: Header,
    rows: Sequence[Mapping[str, Any]],
    settings: DynamicsFinanceSettings,
) -> ErpDocument:
    """Return a journal with its lines as a document. Raises ErpUnknown."""
    rows = sorted(rows, key=lambda row: amount(row["LineNumber"]))
    days = {day(row["TransDate"]) for row in rows}
    vouchers = {str(row["Voucher"]) for row in rows}
    if len(days) != 1:
        raise ErpUnknown(Reason.DUPLICATE, "one journal has lines of several days")
    return ErpDocument(
        reference=f"{settings.company(entity)}/{header.number}",
        number=", ".join(sorted(vouchers)),
        key=header.key,
        state=header.state(len(rows)),
        accounting_date=days.pop(),
        lines=tuple(
            JournalLine(
                line_no=number,
                debit=amount(row["DebitAmount"]),
                credit=amount(row["CreditAmount"]),
                description=str(row["Text"]),
                **settings.values_of(entity, str(row["AccountDisplayValue"])),
            )
            for number, row in enumerate(rows, start=1)
        ),
    )


def check_texts(entry: JournalEntry) -> None:
    """Refuse what the ERP would cut, or read as a pattern. Raises ErpRejected (TOO_LARGE)."""
    if len(description_of(entry)) > TEXT or not _KEY.fullmatch(entry.key):
        raise ErpRejected(Reason.TOO_LARGE, "the key is longer than the ERP keeps")
    if any(len(line.description) > TEXT for line in entry.lines):
        raise ErpRejected(Reason.TOO_LARGE, "a description is longer than the ERP keeps")
