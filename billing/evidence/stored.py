"""Rows of a living ledger as the database stores them, and the texts that their hashes are over.

What a kind of row must agree with is in as_audited.py, contents.py and digests.py; the rules that
an evidence pack shares are in verify_*.py.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from billing.evidence.verify_chain import audited
from billing.evidence.verify_pack import Row, Tables

Stored = dict[str, Any]  # numbers are exact, dates and times are text
UNIT, PART = "\x1f", "\x1e"


def stored(tables: Tables, name: str) -> list[Stored]:
    """All rows of a table of the ledger. The names of its columns are the database's own."""
    return [read(row["content"]) for row in tables.table(f"stored/{name}")]


def read(content: str) -> Stored:
    """A row or a detail from its JSON."""
    found: Stored = json.loads(content, parse_float=Decimal, parse_int=Decimal)
    return found


def said(tables: Tables, *actions: str) -> list[tuple[Row, Stored]]:
    """Audit rows of some actions, and what they say, as stored."""
    return [(row, detail) for row, detail in audited(tables, *actions)]


def text(value: object) -> str | None:
    """A value as PostgreSQL casts it to text."""
    if isinstance(value, Decimal):
        return format(value, "f")
    return value if isinstance(value, str) else None


def joined(separator: str, values: Iterable[object]) -> str:
    """Texts with a separator, without those that are null: PostgreSQL's concat_ws."""
    return separator.join(one for value in values if (one := text(value)) is not None)


def sha256(content: str) -> str:
    """The hash of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(content.encode()).hexdigest()


def json_text(value: object) -> str:
    """A value as PostgreSQL writes jsonb: keys by length, then by bytes."""
    if isinstance(value, Mapping):
        names = sorted(value, key=lambda name: (len(name.encode()), name.encode()))
        parts = (f"{json.dumps(name, ensure_ascii=False)}: {json_text(value[name])}"
                 for name in names)  # fmt: skip
        return "{" + ", ".join(parts) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(json_text(one) for one in value) + "]"
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(value, ensure_ascii=False)


def without_nulls(value: Any) -> Any:
    """A value without the keys that are null, at any depth: jsonb_strip_nulls."""
    if isinstance(value, Mapping):
        return {name: without_nulls(one) for name, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value
