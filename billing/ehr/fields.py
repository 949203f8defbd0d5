"""Single fields of FHIR R4 resources, read without trust: a wrong type is None, never an error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from billing.cash.fields import cleaned
from billing.exact import MONEY, UNITS

Resource = Mapping[str, object]
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", re.ASCII)
_LARGEST_ORDER = 2**31 - 1


def text(value: object) -> str | None:
    """Return a string without outer blanks, or None."""
    return cleaned(value) if isinstance(value, str) else None


def mapping(value: object) -> Resource:
    """Return an object, or an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> Iterator[Resource]:
    """Yield the objects of a list (a lone object counts as a list of one)."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield item


def reference(value: object, kind: str) -> str | None:
    """Return the id of a literal reference (`Patient/x`, a URL that ends so, `urn:uuid:x`)."""
    found = text(mapping(value).get("reference"))
    if found is None:
        return None
    found = found.split("/_history/")[0].removeprefix("urn:uuid:")
    head, separator, last = found.rpartition("/")
    return last or None if not separator or head.split("/")[-1] == kind else None


def identifier(resource: Resource, system: str) -> str | None:
    """Return the value of the first identifier of a system."""
    for item in mappings(resource.get("identifier")):
        if text(item.get("system")) == system:
            return text(item.get("value"))
    return None


def day(value: object) -> date | None:
    """Return the calendar day as written, which is the local day that billing means."""
    found = _DAY.match(value) if isinstance(value, str) else None
    try:
        return date.fromisoformat(found[0]) if found else None
    except ValueError:
        return None


def instant(value: object) -> datetime | None:
    """Return an instant in UTC; a time without a zone is taken as UTC, a bare day as none."""
    if not isinstance(value, str) or not _INSTANT.match(value):
        return None
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def number(value: object) -> Decimal | None:
    """Return a number of a document that `billing.exact.read_json` read."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value)


def amount(value: object) -> Decimal | None:
    """Return an amount that has at most two decimals and fits, else None."""
    return MONEY.exactly(number(value))


def units(value: object) -> Decimal | None:
    """Return a quantity that has at most three decimals and fits, else None."""
    return UNITS.exactly(number(value))


def order(value: object) -> int | None:
    """Return a positive 32-bit number, else None."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value <= _LARGEST_ORDER else None
