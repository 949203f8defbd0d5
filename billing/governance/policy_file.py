"""What all policy files share: how a broken one is reported."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any


class PolicyFileError(Exception):
    """A policy file breaks a rule; the text names the file and the rule."""


def text_of(item: Mapping[str, Any], key: str) -> str:
    """Return a required text. Raises PolicyFileError when it is absent or not a text."""
    value = item.get(key)
    if not isinstance(value, str) or not value:
        raise PolicyFileError(f"{key} must be a text in quotes")
    return value


def exact(value: object) -> Decimal:
    """Return an amount in US dollars, in whole cents. Raises ValueError, which says the rule."""
    if not isinstance(value, str):
        raise ValueError("an amount must be a text in quotes, or null")  # noqa: TRY004 - not a type
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise ValueError("an amount is a decimal number") from None
    if not amount.is_finite() or amount < 0 or amount != amount.quantize(Decimal("0.01")):
        raise ValueError("an amount is above zero and in whole cents")
    return amount
