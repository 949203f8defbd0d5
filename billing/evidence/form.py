"""The form of an evidence pack: how a value becomes a cell, and what its manifest says.

Pure: no database, no clock. What is in the pack is asked for in resources/warehouse/evidence.py;
how it is read again is in verify_pack.py, which undoes `cell`.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TextIO

FORMAT = "tieout evidence 1"
MANIFEST, HEAD = "MANIFEST.json", "MANIFEST.sha256"
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True)
class Tally:
    """What was counted while a table was written: rows, and the sum of each `*_amount` column."""

    rows: int
    totals: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class PackedFile:
    """One file of a pack; `what` says its grain. A copy of a policy file has no tally."""

    path: str
    what: str
    sha256: str
    size_bytes: int
    tally: Tally | None = None


def cell(value: object) -> str:
    r"""One value as the text of a CSV cell: nothing is null, a lone backslash the empty text.

    A text that a spreadsheet would take for a formula gets a backslash before it. Times are UTC,
    in the form that the audit hash takes them.
    """
    text = text_of(value)
    if text is None:
        return ""
    is_formula = text[:1] in "=+-@\t\r" and not _NUMBER.fullmatch(text)
    return "\\" + text if not text or text[0] == "\\" or is_formula else text


def text_of(value: object) -> str | None:
    """One value as text, None where it is null; times are UTC, in the form of the audit hash."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def write_table(target: TextIO, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Tally:
    """Write a CSV table with its heading; return its count and its sums, in US dollars."""
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(columns)
    amounts = [at for at, name in enumerate(columns) if name.endswith("_amount")]
    totals = {columns[at]: Decimal(0) for at in amounts}
    count = 0
    for row in rows:
        writer.writerow([cell(value) for value in row])
        count += 1
        for at in amounts:
            totals[columns[at]] += Decimal(str(row[at])) if row[at] is not None else 0
    return Tally(count, totals)


def manifest(
    parameters: Mapping[str, object], facts: Mapping[str, object], files: Iterable[PackedFile]
) -> bytes:
    """The manifest as bytes: the same content gives the same bytes."""
    content = {
        "format": FORMAT,
        "parameters": dict(parameters),
        **facts,
        "files": [_entry(one) for one in sorted(files, key=lambda one: one.path)],
    }
    return (json.dumps(content, indent=2, ensure_ascii=True) + "\n").encode()


def head_line(manifest_bytes: bytes) -> bytes:
    """The line of MANIFEST.sha256, in the form that `sha256sum -c` reads."""
    return f"{hashlib.sha256(manifest_bytes).hexdigest()}  {MANIFEST}\n".encode()


def count_rows(content: bytes) -> Tally:
    """Count the rows below the heading of a CSV file that is taken over as it is."""
    rows = csv.reader(io.StringIO(content.decode(), newline=""))
    return Tally(max(0, sum(1 for row in rows if row) - 1))


def _entry(one: PackedFile) -> dict[str, object]:
    tally = one.tally
    return {
        "path": one.path,
        "what": one.what,
        "sha256": one.sha256,
        "bytes": one.size_bytes,
        "rows": tally.rows if tally else None,
        "totals": {name: format(total, "f") for name, total in tally.totals.items()}
        if tally
        else {},
    }


def months(text: str) -> tuple[date, date]:
    """First and last day of `2026-09` or `2026-07..2026-09`. Raises ValueError on another form."""
    first, _, last = text.partition("..")
    begin, until = _month(first), _month(last or first)
    if begin > until:
        raise ValueError(f"a period ends after it begins: {text}")
    following = date(until.year + until.month // 12, until.month % 12 + 1, 1)
    return begin, date.fromordinal(following.toordinal() - 1)


def _month(text: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}", text):
        raise ValueError(f"not a month like 2026-09: {text}")
    return date.fromisoformat(f"{text}-01")


def draw(
    entries: Iterable[tuple[int, str]], size: int, seed: str
) -> Iterator[tuple[int, int, str]]:
    """Draw `size` of (entry_id, content_hash): yields (rank, entry_id, ticket).

    The tickets are hashes over seed, entry and content, so anybody can draw the same ones again.
    """
    tickets = sorted(
        (hashlib.sha256(f"{seed}|{entry_id}|{content}".encode()).hexdigest(), entry_id)
        for entry_id, content in entries
    )
    for rank, (ticket, entry_id) in enumerate(tickets[:size], 1):
        yield rank, entry_id, ticket
