"""What all policy files share: how a broken one is reported."""

from collections.abc import Mapping
from typing import Any


class PolicyFileError(Exception):
    """A policy file breaks a rule; the text names the file and the rule."""


def text_of(item: Mapping[str, Any], key: str) -> str:
    """Return a required text. Raises PolicyFileError when it is absent or not a text."""
    value = item.get(key)
    if not isinstance(value, str) or not value:
        raise PolicyFileError(f"{key} must be a text in quotes")
    return value
