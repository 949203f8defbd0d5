"""Lines of a manual entry as a person writes them: a CSV file, read into typed lines.

Whether accounts, keys and dimensions exist is the database's to say (`ledger.ask_entry`).
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from billing.exact import MONEY, decimal_of

COLUMNS = ("account", "debit", "credit", "key", "account_number", "facility", "payer_class", "memo")
NEEDED = ("account", "debit", "credit")
MEMO_LENGTH = 100


class ManualEntryError(Exception):
    """The lines break a rule of their own; the text names the line, never what stands in it."""


@dataclass(frozen=True)
class ManualLine:
    """One side of an entry, in US dollars: either `debit` or `credit` is above zero.

    `key` names the item of the account's sub-ledger. `account_number` names a patient account
    instead; only its keyed hash may go on. Empty dimensions follow the books.
    """

    account: str
    debit: Decimal
    credit: Decimal
    key: str = ""
    account_number: str = ""
    facility: str = ""
    payer_class: str = ""
    memo: str = ""


def read_lines(text: str) -> tuple[ManualLine, ...]:
    """Read the CSV file of an entry. Raises ManualEntryError: columns, amounts, no balance."""
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), strict=True)
    try:
        columns, rows = tuple(reader.fieldnames or ()), list(reader)
    except csv.Error:
        raise ManualEntryError("the file is no CSV") from None
    if not set(NEEDED) <= set(columns) or not set(columns) <= set(COLUMNS):
        raise ManualEntryError(f"the columns are {', '.join(COLUMNS)}")
    lines = tuple(_line(number, row) for number, row in enumerate(rows, start=1))
    if len(lines) < 2:
        raise ManualEntryError("an entry has at least two lines")
    difference = sum((one.debit - one.credit for one in lines), Decimal(0))
    if difference:
        raise ManualEntryError(f"debits less credits are {difference}, not zero")
    return lines


def _line(number: int, row: Mapping[str | None, str | None]) -> ManualLine:
    if None in row or None in row.values():
        raise ManualEntryError(f"line {number} has not as many fields as the heading")
    texts = {str(name): (value or "").strip() for name, value in row.items()}
    debit, credit = _amount(number, texts.pop("debit")), _amount(number, texts.pop("credit"))
    if (debit > 0) == (credit > 0):
        raise ManualEntryError(f"line {number} needs either a debit or a credit")
    if texts.get("key") and texts.get("account_number"):
        raise ManualEntryError(f"line {number} has a key or an account number, not both")
    if len(texts.get("memo", "")) > MEMO_LENGTH:
        raise ManualEntryError(f"line {number}: a memo has at most {MEMO_LENGTH} characters")
    return ManualLine(debit=debit, credit=credit, **texts)


def _amount(number: int, text: str) -> Decimal:
    amount = decimal_of(text or "0")
    if amount is None:
        raise ManualEntryError(f"line {number}: an amount is a number such as 12.50")
    money = MONEY.exactly(amount)
    if money is None or money < 0:
        raise ManualEntryError(
            f"line {number}: an amount is not negative, in whole cents, and has at most "
            f"{MONEY.digits} digits before the point"
        )
    return money
