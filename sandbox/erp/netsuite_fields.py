"""Reads the JSON of a NetSuite journal as strictly as its validation headers ask for.

Whether the journal may be posted is decided in `netsuite_records.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from starlette.requests import Request

from sandbox.erp.netsuite_errors import NetsuiteError, bad_field

HEADER_FIELDS = {
    "subsidiary": "reference",
    "currency": "reference",
    "postingPeriod": "reference",
    "department": "reference",
    "class": "reference",
    "location": "reference",
    "tranDate": "date",
    "reversalDate": "date",
    "reversalDefer": "boolean",
    "exchangeRate": "amount",
    "memo": "text",
    "externalId": "text",
    "approved": "boolean",
    "line": "lines",
}
LINE_FIELDS = {
    "account": "reference",
    "entity": "reference",
    "department": "reference",
    "class": "reference",
    "location": "reference",
    "debit": "amount",
    "credit": "amount",
    "memo": "text",
}
LONGEST_TEXTS = {"externalId": 255, "memo": 999, "line.memo": 4000}
MODES = {"error", "warning", "ignore"}
JSON_TYPES = {"application/json", "application/vnd.oracle.resource+json"}


@dataclass
class Reader:
    """The two validation headers; `dropped` has what a lenient one lets pass unseen."""

    is_strict_with_names: bool
    is_strict_with_values: bool
    dropped: list[str] = field(default_factory=list)

    def journal(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the known properties, lines as a list. Raises NetsuiteError."""
        found = self._fields(body, HEADER_FIELDS, "")
        lines = body.get("line")
        items = lines.get("items", []) if isinstance(lines, dict) else []
        if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
            raise bad_field("items", "line", "line.items")
        found["line"] = [
            self._fields(item, LINE_FIELDS, f"line.items[{number}].")
            for number, item in enumerate(items)
        ]
        return found

    def _fields(self, body: dict[str, Any], known: dict[str, str], place: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in body.items():
            if name not in known and not name.startswith(("custbody", "custcol")):
                self._unknown(f"{place}{name}")
            elif name in known and known[name] != "lines":
                self._keep(found, name, value, known[name], place)
        return found

    def _unknown(self, path: str) -> None:
        if self.is_strict_with_names:
            text = f"Invalid property name in the request body: {path.rpartition('.')[2]}."
            raise NetsuiteError(400, "INVALID_CONTENT", text, errorPath=path)
        self.dropped.append(path)

    def _keep(self, found: dict[str, Any], name: str, value: Any, kind: str, place: str) -> None:
        longest = LONGEST_TEXTS.get(f"line.{name}" if place else name, 999)
        read = _read(value, kind)
        if read is not None and not (kind == "text" and len(read) > longest):
            found[name] = read
        elif self.is_strict_with_values:
            raise bad_field("", name.lower(), f"{place}{name}")
        else:
            self.dropped.append(f"{place}{name}")


def reader_of(request: Request) -> Reader:
    """Return the reader that the request's headers ask for; without them names are lenient."""
    modes: list[bool] = []
    for header, usual in (("Name", "Warning"), ("Value", "Error")):
        name = f"X-NetSuite-Property{header}Validation"
        mode = request.headers.get(name, usual).lower()
        if mode not in MODES:
            text = f"Invalid value of the request header {name}."
            raise NetsuiteError(400, "INVALID_HEADER", text, errorHeader=name)
        modes.append(mode == "error")
    is_strict_with_names, is_strict_with_values = modes
    return Reader(is_strict_with_names, is_strict_with_values)


async def json_of(request: Request) -> dict[str, Any]:
    """Return the request's JSON object with exact decimals. Raises NetsuiteError."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind not in JSON_TYPES:
        text = "Unsupported media type. Use application/json."
        raise NetsuiteError(415, "UNSUPPORTED_MEDIA_TYPE", text, errorHeader="Content-Type")
    try:
        found = json.loads(await request.body(), parse_float=Decimal)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise NetsuiteError(400, "INVALID_CONTENT", "The request body is no valid JSON object.")
    return found


def _read(value: Any, kind: str) -> Any:
    """Return a value as its kind, or None where it is none of that kind."""
    if kind == "reference":
        internal_id = value.get("id") if isinstance(value, dict) else None
        return str(internal_id) if isinstance(internal_id, str | int) else None
    if kind == "amount":
        is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
        amount = Decimal(value) if is_number else None
        return amount if amount is not None and amount == round(amount, 2) else None
    if kind == "date":
        return _date(value)
    return value if isinstance(value, bool if kind == "boolean" else str) else None


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
