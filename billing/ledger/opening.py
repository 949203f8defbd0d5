"""A conversion list read: opening receivables and credits at cut-over, and what the ERP held.

A list is read whole or not at all; every problem names file, line and rule, and never a patient.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

COLUMNS = ("entity", "account_kind", "account_number", "payer_class", "facility", "amount",
           "cutover_date")  # fmt: skip
BALANCE_COLUMNS = ("entity", "account", "balance")
# What can be opened, and the account that the ERP held it on.
KINDS: Mapping[str, str] = {
    "payer_receivable": "1110",
    "patient_receivable": "1120",
    "payer_credit": "2120",
    "patient_credit": "2125",
}
MOST_SHOWN = 20
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_AMOUNT = re.compile(r"-?\d{1,12}(\.\d{1,2})?")


class OpeningError(ValueError):
    """A file that is not taken in, with its problems."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        left = len(self.problems) - MOST_SHOWN
        more = [f"and {left} more"] if left > 0 else []
        super().__init__("\n".join([*self.problems[:MOST_SHOWN], *more]))


@dataclass(frozen=True)
class Known:
    """What a list may name: the facilities of each entity, and the payer classes."""

    facilities: Mapping[str, frozenset[str]]
    payer_classes: frozenset[str]


@dataclass(frozen=True)
class OpeningLine:
    """An opening balance; `amount` in US dollars above zero, `line_no` counts the heading as 1."""

    line_no: int
    entity: str
    account_kind: str
    account_number: str
    payer_class: str
    facility: str
    amount: Decimal
    cutover_date: date


@dataclass(frozen=True)
class StatedBalance:
    """What the ERP held on a control account at cut-over; US dollars, debit positive."""

    entity: str
    account: str
    amount: Decimal


Row = tuple[int, dict[str, str]]


def read_opening(name: str, content: bytes, known: Known) -> list[OpeningLine]:
    """Return the lines of a conversion list (CSV, UTF-8, the seven columns of `COLUMNS`).

    Raises OpeningError with every problem: HEADING, ENCODING, ENTITY, KIND, ACCOUNT, CLASS,
    FACILITY, AMOUNT, DATE, TWICE (an account twice under one kind), CUTOVER (two dates), EMPTY.
    """
    rows = _rows(name, content, COLUMNS)
    problems = [
        f"{name}, line {number}: {rule}: {words}"
        for number, row in rows
        for rule, words in _line_problems(row, known)
    ]
    if problems:
        raise OpeningError(problems)
    lines = [_line(number, row) for number, row in rows]
    if problems := list(_list_problems(name, lines)):
        raise OpeningError(problems)
    return lines


def read_balances(name: str, content: bytes, known: Known) -> list[StatedBalance]:
    """Return what the ERP held (CSV: entity, account, balance; debit positive).

    Raises OpeningError: HEADING, ENCODING, ENTITY, ACCOUNT, AMOUNT, TWICE, EMPTY.
    """
    rows = _rows(name, content, BALANCE_COLUMNS)
    problems, seen = [], set()
    for number, row in rows:
        key = (row["entity"], row["account"])
        if row["entity"] not in known.facilities:
            problems.append(f"{name}, line {number}: ENTITY: not an entity of ours")
        if row["account"] not in KINDS.values():
            problems.append(f"{name}, line {number}: ACCOUNT: one of {', '.join(KINDS.values())}")
        if not _AMOUNT.fullmatch(row["balance"]):
            problems.append(f"{name}, line {number}: AMOUNT: not a number in whole cents")
        if key in seen:
            problems.append(f"{name}, line {number}: TWICE: {'/'.join(key)} is stated before")
        seen.add(key)
    if problems:
        raise OpeningError(problems)
    return [StatedBalance(r["entity"], r["account"], Decimal(r["balance"])) for _, r in rows]


def _rows(name: str, content: bytes, columns: tuple[str, ...]) -> list[Row]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OpeningError([f"{name}: ENCODING: not UTF-8"]) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        heading = [one.strip() for one in next(reader, [])]
        if tuple(heading) != columns:
            raise OpeningError([f"{name}, line 1: HEADING: columns are {','.join(columns)}"])
        rows = [(reader.line_num, [one.strip() for one in row]) for row in reader if row]
    except csv.Error:
        problem = f"{name}, line {reader.line_num}: FORMAT: not CSV"
        raise OpeningError([problem]) from None
    short = [f"{name}, line {number}: FORMAT: {len(row)} values instead of {len(columns)}"
             for number, row in rows if len(row) != len(columns)]  # fmt: skip
    if short:
        raise OpeningError(short)
    if not rows:
        raise OpeningError([f"{name}: EMPTY: no line after the heading"])
    return [(number, dict(zip(columns, row, strict=True))) for number, row in rows]


_CHECKS: tuple[tuple[str, str, Callable[[dict[str, str], Known], bool]], ...] = (
    ("ENTITY", "not an entity of ours", lambda row, known: row["entity"] in known.facilities),
    ("KIND", f"one of {', '.join(KINDS)}", lambda row, _: row["account_kind"] in KINDS),
    ("ACCOUNT", "the account number is missing", lambda row, _: bool(row["account_number"])),
    ("CLASS", "not a payer class of ours",
     lambda row, known: row["payer_class"] in known.payer_classes),
    ("FACILITY", "not a facility of the entity",
     lambda row, known: row["facility"] in known.facilities.get(row["entity"], frozenset())),
    ("AMOUNT", "not a number above zero in whole cents", lambda row, _: _is_amount(row["amount"])),
    ("DATE", "not a day such as 2026-09-30", lambda row, _: _is_day(row["cutover_date"])),
)  # fmt: skip


def _line_problems(row: dict[str, str], known: Known) -> Iterator[tuple[str, str]]:
    return ((rule, words) for rule, words, holds in _CHECKS if not holds(row, known))


def _is_amount(text: str) -> bool:
    try:
        return bool(_AMOUNT.fullmatch(text)) and Decimal(text) > 0
    except InvalidOperation:
        return False


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _line(number: int, row: dict[str, str]) -> OpeningLine:
    return OpeningLine(
        number, row["entity"], row["account_kind"], row["account_number"], row["payer_class"],
        row["facility"], Decimal(row["amount"]), date.fromisoformat(row["cutover_date"]),
    )  # fmt: skip


def _list_problems(name: str, lines: Iterable[OpeningLine]) -> Iterator[str]:
    """What only shows between lines: an account twice, and two cut-overs of one entity."""
    seen: dict[tuple[str, str, str], int] = {}
    days: dict[str, date] = {}
    for line in lines:
        before = seen.setdefault((line.entity, line.account_kind, line.account_number),
                                 line.line_no)  # fmt: skip
        if before != line.line_no:
            yield f"{name}, line {line.line_no}: TWICE: the account of line {before}"
        if days.setdefault(line.entity, line.cutover_date) != line.cutover_date:
            yield f"{name}, line {line.line_no}: CUTOVER: {line.entity} has another date above"
