"""JSON with exact decimals, both ways, as the ERPs of the sandbox read and write it."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any


def written(value: Any) -> bytes:
    """Return a value as JSON: decimals as numbers, dates as texts."""
    return _text(value).encode()


def read(body: bytes) -> Any:
    """Return a JSON body with decimals for its numbers. Raises ValueError."""
    return json.loads(body, parse_float=Decimal)


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return json.dumps(value.isoformat())
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_text(one) for one in value) + "]"
    return json.dumps(value)
