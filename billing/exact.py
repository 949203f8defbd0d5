"""Which numbers fit the columns of money, units and rates, and JSON in which every number is exact.

The one place that states the widths; every reader asks here. What a number means is not known here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation

UNREADABLE = Decimal("NaN")
_MOST_CHARACTERS = 60
_MOST_JSON_DIGITS = 40


@dataclass(frozen=True)
class Width:
    """At most so many digits before the point, and so many places after it."""

    digits: int
    places: int

    @property
    def longest(self) -> int:
        """Return how many characters a number has at most: sign, digits, point, places."""
        return 1 + self.digits + 1 + self.places

    @property
    def most(self) -> Decimal:
        """Return the largest number that fits."""
        return Decimal(10**self.digits) - Decimal(1).scaleb(-self.places)

    @property
    def pattern(self) -> str:
        """Return how X12 writes such a number: no plus, comma or exponent; zeros may surround."""
        digits, places = f"[0-9]{{1,{self.digits}}}", self.places
        return rf"^-?(?:0*{digits}(?:\.[0-9]{{0,{places}}}0*)?|0*\.[0-9]{{1,{places}}}0*)$"

    def exactly(self, number: Decimal | int | None) -> Decimal | None:
        """Return the number with all its places; None where it does not fit, or not exactly."""
        value = UNREADABLE if number is None else Decimal(number)
        if not value.is_finite() or (value and value.adjusted() >= self.digits):
            return None
        try:
            return value.quantize(Decimal(1).scaleb(-self.places), context=_EXACT)
        except (Inexact, InvalidOperation):
            return None


_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
MONEY = Width(digits=12, places=2)
SUMMED = Width(digits=16, places=2)  # money of many events: lines of an entry, balances of an ERP
UNITS = Width(digits=12, places=3)
RATE = Width(digits=12, places=6)


def decimal_of(text: str) -> Decimal | None:
    """Return the number in a text of a person or another system; None: no number, or too long."""
    try:
        return Decimal(text) if len(text) <= _MOST_CHARACTERS else None
    except InvalidOperation:
        return None


def read_json(content: bytes | str) -> object:
    """Return a JSON document, whole numbers as int and all others as Decimal.

    A number that is too long, too large or none (NaN) is UNREADABLE, so that one value does not
    make the others unreadable. Raises ValueError for what is no JSON or is nested too deeply.
    """
    try:
        return json.loads(
            content, parse_int=_whole, parse_float=_decimal, parse_constant=lambda _: UNREADABLE
        )
    except RecursionError:
        raise ValueError("the document is nested too deeply") from None


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= _MOST_JSON_DIGITS else UNREADABLE


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return UNREADABLE
