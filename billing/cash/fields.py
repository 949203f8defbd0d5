"""Single fields of bank and card records: text, minor units, two-digit years. No record knowledge.

A field that cannot be read is None, never zero: the reader that asked reports the finding.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal

from billing.exact import MONEY

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,30}")
# ISO 4217: currencies whose minor unit is not a hundredth, as far as banks report in them.
_MINOR_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "BHD": 3, "KWD": 3, "OMR": 3, "JOD": 3}


def decoded(content: bytes) -> str:
    """Decode as UTF-8, else as Latin-1, so that every byte string is some text."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def cleaned(text: str) -> str | None:
    """Return the text without outer blanks and without what a database cannot store, or None."""
    kept = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8").strip()
    return kept or None


def whole_number(text: str) -> int | None:
    """Read an optionally signed ASCII whole number, or None."""
    stripped = text.strip()
    return int(stripped) if _WHOLE_NUMBER.fullmatch(stripped) else None


def from_minor_units(units: int | None, currency: str = "USD") -> Decimal | None:
    """Turn minor units into an amount with two decimals; None if it does not fit exactly."""
    if units is None:
        return None
    return MONEY.exactly(Decimal(units).scaleb(-_MINOR_DIGITS.get(currency.upper(), 2)))


def short_date(text: str) -> date | None:
    """Read YYMMDD (years 2000-2079, else 1980-1999) or YYYYMMDD, or None."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdecimal() and len(digits) in (6, 8)):
        return None
    if len(digits) == 6:
        digits = ("20" if digits < "80" else "19") + digits
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def bank_time(day: str, clock: str) -> datetime | None:
    """Read a date (as `short_date`) with an hour and minute HHMM, by the bank's own clock.

    2400 and 9999 are the end of the day, an hour that cannot be read its beginning (BAI2 01, 02).
    None where the date cannot be read.
    """
    read_day = short_date(day)
    if read_day is None:
        return None
    digits = clock.strip()
    if digits in {"2400", "9999"}:
        return datetime.combine(read_day, time(23, 59, 59))
    is_clock = re.fullmatch(r"([01][0-9]|2[0-3])[0-5][0-9]", digits)
    return datetime.combine(
        read_day, time(int(digits[:2]), int(digits[2:])) if is_clock else time()
    )
