"""Reading an evidence pack, a folder or a .tar of one, without unpacking anything.

Part of the stand-alone verifier: standard library only, Python 3.9 and later.
"""

from __future__ import annotations

import csv
import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Protocol

Row = dict[str, Any]  # a cell is text, or None where the database has null


@dataclass
class Check:
    """One line of the outcome: what was looked at, and everything that does not hold."""

    name: str
    looked: int = 0
    problems: list[str] = field(default_factory=list)

    def expect(self, holds: bool, problem: str) -> None:
        """Count one look; keep the problem unless it holds."""
        self.looked += 1
        if not holds:
            self.problems.append(problem)


class Tables(Protocol):
    """Tables by their names in a pack: those of a pack, or of a living database."""

    def table(self, name: str) -> Iterator[Row]:
        """The rows of a table, as the database has them."""


class Pack:
    """A pack by its relative names. What cannot be read raises OSError, KeyError, ValueError."""

    def __init__(self, path: Path) -> None:
        """`path` is the folder or the .tar; nothing is read yet but the list of a .tar."""
        self.folder = path
        self.tar = None if path.is_dir() else tarfile.open(path)  # noqa: SIM115 (kept open)
        self.members = {}
        for member in self.tar.getmembers() if self.tar else []:
            if member.isfile():
                self.members[member.name.partition("/")[2]] = member

    def names(self) -> set[str]:
        """Every file of the pack."""
        if self.tar:
            return set(self.members)
        found = (one for one in self.folder.rglob("*") if one.is_file() or one.is_symlink())
        return {one.relative_to(self.folder).as_posix() for one in found}

    def open(self, name: str) -> IO[bytes]:
        """Open a file by its relative name."""
        if self.tar:
            content = self.tar.extractfile(self.members[name])
            if content is None:
                raise KeyError(name)
            return content
        if name.startswith("/") or ".." in name.split("/"):
            raise ValueError(f"not a name within the pack: {name}")
        return (self.folder / name).open("rb")

    def table(self, name: str) -> Iterator[Row]:
        """The rows of a CSV table, as the database had them."""
        with self.open(name) as content:
            text = io.TextIOWrapper(content, encoding="utf-8", newline="")
            for row in csv.DictReader(text, strict=True):
                yield {column: value_of(text) for column, text in row.items()}

    @property
    def manifest(self) -> dict[str, Any]:
        """What the pack says of itself."""
        with self.open("MANIFEST.json") as content:
            told: dict[str, Any] = json.load(content)
        return told


def value_of(text: str | None) -> str | None:
    """Undo the form of a cell: nothing is null, one leading backslash is not part of a text."""
    if not text:
        return None
    return text[1:] if text[0] == "\\" else text


def in_order(text: str | None) -> tuple[int, str]:
    """The place of a number in order; what is no number comes last."""
    known = text or ""
    return (int(known), "") if known.isdigit() else (1 << 63, known)


def money(text: str | None) -> Decimal:
    """An amount; nothing is zero."""
    return Decimal(text or 0)


def by_entry(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows of each entry, in their order."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["entry_id"], []).append(row)
    return found
