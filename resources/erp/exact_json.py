"""JSON that carries money: decimals are written as the numbers that they are, never as floats."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any


def exact_json(value: Any) -> bytes:
    """Return a value as JSON; every Decimal becomes a JSON number with all of its digits.

    Raises TypeError for a float: what is not exact has no place in a posting.
    """
    return _text(value).encode()


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        raise TypeError("floats are not exact")
    if isinstance(value, Mapping):
        inside = (f"{json.dumps(str(name))}:{_text(one)}" for name, one in value.items())
        return "{" + ",".join(inside) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return "[" + ",".join(_text(one) for one in value) + "]"
    return json.dumps(value)
