"""What all policy files share: how a broken one is reported."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from billing.exact import MONEY, decimal_of


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
    amount = MONEY.exactly(decimal_of(value))
    if amount is None or amount < 0:
        raise ValueError(f"an amount is a number of whole cents from 0 to {MONEY.most}")
    return amount
