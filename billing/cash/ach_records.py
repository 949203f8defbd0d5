"""NACHA text cut into 94-character records, and the records nested into batches and entries.

Positions are those of the NACHA operating rules, 0-based half-open here. No judgement of content.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

WIDTH = 94
FILLER = "9" * WIDTH
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|$)")


@dataclass(frozen=True)
class Record:
    """One record, padded with blanks to 94 characters; `ordinal` counts from 1, fillers too."""

    ordinal: int
    text: str
    is_whole: bool = True

    @property
    def code(self) -> str:
        """Return the record type: 1 file, 5 batch, 6 entry, 7 addenda, 8 and 9 controls."""
        return self.text[0]


@dataclass
class Entry:
    """A 6 record and its addenda."""

    record: Record
    addenda: list[Record] = field(default_factory=list)


@dataclass
class Batch:
    """A 5 record (None where it is missing), its entries and its 8 record."""

    header: Record | None
    entries: list[Entry] = field(default_factory=list)
    control: Record | None = None


@dataclass
class AchFile:
    """A whole file; `strays` are records that belong to nothing."""

    header: Record | None = None
    batches: list[Batch] = field(default_factory=list)
    control: Record | None = None
    strays: list[Record] = field(default_factory=list)
    record_count: int = 0


def split_lossless(text: str) -> list[str]:
    """Cut the text into records with their line ends; the pieces put together are the text."""
    pieces = [piece for piece in _LINE.findall(text) if piece]
    if len(pieces) == 1 and len(pieces[0].strip()) > WIDTH:
        return [text[at : at + WIDTH] for at in range(0, len(text), WIDTH)]
    return pieces


def records(text: str) -> Iterator[Record]:
    """Yield the records; blank lines are none, short ones are padded."""
    ordinal = 0
    for piece in split_lossless(text):
        line = piece.rstrip("\r\n").removeprefix("\ufeff")
        if line.strip():
            ordinal += 1
            is_whole = len(line.rstrip()) <= WIDTH
            yield Record(ordinal, line.ljust(WIDTH)[:WIDTH], is_whole)


def build_file(found: Iterable[Record]) -> AchFile:
    """Nest the records; never raises, whatever their order."""
    file = AchFile()
    batch: Batch | None = None
    for record in found:
        file.record_count += 1
        if record.code == "1" and file.header is None:
            file.header = record
        elif record.code == "5":
            batch = Batch(record)
            file.batches.append(batch)
        elif record.code == "6":
            if batch is None:
                batch = Batch(None)
                file.batches.append(batch)
            batch.entries.append(Entry(record))
        elif not _closes_or_adds(record, file, batch):
            file.strays.append(record)
        batch = None if record.code in ("8", "9") else batch
    return file


def _closes_or_adds(record: Record, file: AchFile, batch: Batch | None) -> bool:
    if record.code == "7" and batch is not None and batch.entries:
        batch.entries[-1].addenda.append(record)
    elif record.code == "8" and batch is not None:
        batch.control = record
    elif record.code == "9" and file.control is None and record.text != FILLER:
        file.control = record
    else:
        return record.text == FILLER
    return True
