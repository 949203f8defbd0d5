"""How our keys, texts and names fit into SAP's fields, and how they are read back out of them.

SAP keeps the two reference fields of a document's header in capitals, numbers with or without
leading zeros, and an item's text in 50 characters.
"""

import re
from collections.abc import Iterable

KEY = re.compile(r"[a-z0-9-]{1,40}")
KEY_PART = 20
TEXT = 50
REST = 17
MARK = "+"


def key_parts(key: str) -> tuple[str, str] | None:
    """Return what the two reference fields of a header hold for a key; None where none could.

    Of the keys that are carried, no two have the same parts: capitals keep small letters, digits
    and hyphens apart, and the second part begins only when the first is full.
    """
    if not KEY.fullmatch(key):
        return None
    return key[:KEY_PART].upper(), key[KEY_PART:].upper()


def key_of(first: str, second: str) -> str:
    """Return the key that these two reference fields hold; empty where they hold none of ours."""
    key = (first + second).lower()
    return key if key_parts(key) == (first, second) else ""


def text_parts(text: str) -> tuple[str, str] | None:
    """Return item text and assignment reference for a description; None where it does not fit.

    What is over 50 characters goes into the assignment reference, behind a mark. No part begins or
    ends with a blank and the second has no two in a row: SAP would drop them.
    """
    if len(text) != len(text.encode("utf-16-le")) // 2:
        return None
    if len(text) <= TEXT:
        return text, ""
    for cut in range(TEXT, len(text) - REST - 1, -1):
        if " " not in text[cut - 1 : cut + 1] and "  " not in text[cut:]:
            return text[:cut], MARK + text[cut:]
    return None


def text_of(text: str, assignment: str) -> str:
    """Return the description that item text and assignment reference hold.

    SAP fills an empty assignment reference by the account's sort key: only what has the mark and
    is needed to pass 50 characters is ours.
    """
    whole = text + assignment.removeprefix(MARK)
    return whole if assignment.startswith(MARK) and len(whole) > TEXT else text


def plain(number: str) -> str:
    """Return a number without leading zeros; anything else as it is."""
    return (number.lstrip("0") or "0") if number.isdecimal() else number


def padded(number: str) -> str:
    """Return a number as SAP stores it, with ten digits; anything else as it is."""
    return number.zfill(10) if number.isdecimal() else number


def spelled(value: str, known: Iterable[str]) -> str:
    """Return a value in the spelling in which it is known here, leading zeros apart."""
    return next((name for name in known if plain(name) == plain(value)), plain(value))
