"""The lists that accounting lays into the folder of an entity, in the ERP's own names.

Read anew for each question and never kept: whoever lays a new one closes a period by it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar

from billing.ledger.erp import ErpPeriod
from billing.ledger.segments import DIMENSIONS
from resources.erp.journal_file_folder import Folder, StrangeFileError
from resources.erp.journal_file_text import (
    UnreadableFileError,
    cents_of,
    day_of,
    rows_of,
    word_of,
    yes_of,
)

Row = dict[str, str]
Item = TypeVar("Item")
Name = TypeVar("Name")


class ListMissingError(Exception):
    """A list that must be there is missing or cannot be read; the text names it and the rule."""


@dataclass(frozen=True)
class ListedLine:
    """A posted line of the ERP's general ledger."""

    number: str  # of its document
    day: date
    account: str
    debit: Decimal
    credit: Decimal


@dataclass(frozen=True)
class Lists:
    """The three lists without which nothing is written: by them an entry is checked first."""

    periods: tuple[ErpPeriod, ...]
    accounts: dict[str, bool]  # is it active
    segments: dict[tuple[str, str], bool]  # by dimension and segment


def read_lists(folder: Folder, entity: str) -> Lists:
    """Return all three. Raises ListMissingError, OSError."""
    return Lists(tuple(periods(folder, entity)), accounts(folder), segments(folder))


def periods(folder: Folder, entity: str) -> list[ErpPeriod]:
    """Return `periods.csv`, oldest first. Raises ListMissingError, OSError."""
    columns = ("start", "end", "name", "is_open")
    found = _required(folder, "periods.csv", columns, lambda row: _period(entity, row))
    found.sort(key=lambda period: period.start)
    if any(before.end >= after.start for before, after in pairwise(found)):
        raise ListMissingError("periods.csv: two periods overlap")
    return found


def accounts(folder: Folder) -> dict[str, bool]:
    """Return `accounts.csv`: each account and whether it is active. Raises ListMissingError."""
    read = _required(
        folder, "accounts.csv", ("account", "is_active"),
        lambda row: (word_of(row["account"]), yes_of(row["is_active"])),
    )  # fmt: skip
    return _once("accounts.csv", read)


def segments(folder: Folder) -> dict[tuple[str, str], bool]:
    """Return `segments.csv`: each value of a dimension and whether it is active.

    Raises ListMissingError, OSError.
    """
    columns = ("dimension", "segment", "is_active")
    return _once("segments.csv", _required(folder, "segments.csv", columns, _segment))


def trial_balance(folder: Folder, as_of: date) -> dict[str, Decimal] | None:
    """Return the balances that `trial_balance.csv` has for a day, None where it has none.

    Raises ListMissingError, OSError.
    """
    columns = ("as_of", "account", "balance")
    rows = _optional(folder, "trial_balance.csv", columns, _balance) or []
    listed = _once("trial_balance.csv", [((day, account), amount) for day, account, amount in rows])
    found = {account: amount for (day, account), amount in listed.items() if day == as_of}
    return found or None


def general_ledger(folder: Folder) -> list[ListedLine]:
    """Return the lines of `general_ledger.csv`, none where accounting lays no such list.

    Raises ListMissingError, OSError.
    """
    columns = ("document_number", "posting_date", "account", "debit", "credit")
    return _optional(folder, "general_ledger.csv", columns, _listed_line) or []


def _period(entity: str, row: Row) -> ErpPeriod:
    start, end = day_of(row["start"]), day_of(row["end"])
    if end < start:
        raise UnreadableFileError("a period ends before it starts")
    return ErpPeriod(entity, start, end, word_of(row["name"]), yes_of(row["is_open"]))


def _segment(row: Row) -> tuple[tuple[str, str], bool]:
    if row["dimension"] not in DIMENSIONS:
        raise UnreadableFileError(f"a dimension is one of {', '.join(DIMENSIONS)}")
    return (row["dimension"], word_of(row["segment"])), yes_of(row["is_active"])


def _balance(row: Row) -> tuple[date, str, Decimal]:
    return day_of(row["as_of"]), word_of(row["account"]), cents_of(row["balance"])


def _listed_line(row: Row) -> ListedLine:
    return ListedLine(
        word_of(row["document_number"]),
        day_of(row["posting_date"]),
        word_of(row["account"]),
        cents_of(row["debit"]),
        cents_of(row["credit"]),
    )


def _required(
    folder: Folder, name: str, columns: Sequence[str], read: Callable[[Row], Item]
) -> list[Item]:
    found = _optional(folder, name, columns, read)
    if found is None:
        raise ListMissingError(f"{name} is missing: accounting lays it into the folder lists")
    return found


def _optional(
    folder: Folder, name: str, columns: Sequence[str], read: Callable[[Row], Item]
) -> list[Item] | None:
    try:
        content = folder.read(name)
        return None if content is None else [read(row) for row in rows_of(content, columns)]
    except UnreadableFileError as rule:
        raise ListMissingError(f"{name}: {rule}") from None
    except StrangeFileError:
        raise ListMissingError(f"{name} is not a plain file") from None


def _once(name: str, rows: Iterable[tuple[Name, Item]]) -> dict[Name, Item]:
    found: dict[Name, Item] = {}
    for key, value in rows:
        if key in found:
            raise ListMissingError(f"{name}: something is listed twice")
        found[key] = value
    return found
