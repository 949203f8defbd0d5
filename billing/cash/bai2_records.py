r"""BAI2 text cut into records without loss: every byte belongs to exactly one physical record.

Knows about record ends, continuations (88) and fields; nothing about what the fields mean.
The published library is not used: it refuses a whole file for one unknown type code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

PART = "\x1e"
# A line end, or a record that follows "/" on the same line (some banks pad instead of breaking).
_BREAK = re.compile(r"(?:\r\n|\n|\r)|(?<=/)[ \t]+(?=(?:01|02|03|16|49|88|98|99),)")
_CODE = re.compile(r"\ufeff?\s*(01|02|03|16|49|88|98|99)(?=[,/]|\s*$)")


@dataclass(frozen=True)
class Physical:
    """One physical record: its ordinal among the records, its code ("" if it has none) and body."""

    ordinal: int
    code: str
    body: str
    is_terminated: bool


@dataclass
class Record:
    """A record with its continuations."""

    code: str
    ordinal: int
    parts: list[Physical] = field(default_factory=list)

    @property
    def physical_count(self) -> int:
        """Count the physical records that carry a code, as the trailers do."""
        return sum(1 for part in self.parts if part.code)

    @property
    def uncoded_count(self) -> int:
        """Count the lines that continue the record without the code 88."""
        return len(self.parts) - self.physical_count

    def joined(self) -> str:
        """Join the parts with PART between them; only a terminated part ends a field."""
        text = ""
        for part in self.parts[:-1]:
            text += part.body + ("," if part.is_terminated else "") + PART
        return text + self.parts[-1].body

    def fields(self) -> list[str]:
        """Return the comma-separated fields of a record without free text."""
        return [field.strip() for field in self.joined().replace(PART, "").split(",")]


def split_lossless(text: str) -> list[str]:
    """Cut the text after each record end; the pieces put together are the text."""
    pieces, start = [], 0
    for found in _BREAK.finditer(text):
        pieces.append(text[start : found.end()])
        start = found.end()
    return [*pieces, text[start:]] if start < len(text) else pieces


def physical_records(text: str) -> Iterator[Physical]:
    """Yield the physical records; blank lines are none."""
    ordinal = 0
    for piece in split_lossless(text):
        body = piece.strip().lstrip("\ufeff")
        if not body:
            continue
        ordinal += 1
        found = _CODE.match(body)
        rest = body[found.end() :].removeprefix(",") if found else body
        yield Physical(ordinal, found[1] if found else "", rest.removesuffix("/"), rest[-1:] == "/")


def records(text: str) -> Iterator[Record]:
    """Yield the records, continuations joined; a line without a code continues the one before."""
    current: Record | None = None
    for part in physical_records(text):
        if current is not None and part.code in ("", "88"):
            current.parts.append(part)
            continue
        if current is not None:
            yield current
        current = Record(part.code, part.ordinal, [part])
    if current is not None:
        yield current
