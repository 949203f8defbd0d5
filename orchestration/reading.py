"""Archived files read again, once for all who ask, on every core; landed elsewhere where asked.

What the readings mean is decided by `prove_archive.py` and `rebuild.py`. No value of a document
is kept.
"""

import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing import get_context
from typing import Any

import psycopg

from billing.arrow import without_pandas
from billing.parse import parse_parts
from billing.parsed import ParsedFile
from orchestration.tables import printable
from resources.archive import Archive, ArchiveDamagedError
from resources.warehouse import landing
from resources.warehouse.database import ScrubbedConnection
from resources.warehouse.receiving import Received

AT_ONCE = 16  # files that a process is given at a time
FEW = 2 * AT_ONCE  # so few are read where we are: starting processes would take longer
# The second database is thrown away: nothing in it has to survive a power cut.
FAST = "-c synchronous_commit=off"


@dataclass(frozen=True)
class Target:
    """A second database that takes the rows of the files too."""

    url: str = field(repr=False)
    hash_key: bytes = field(repr=False)
    known_at: datetime


@dataclass(frozen=True)
class Reading:
    """What the bytes of one file say; `problem` where they could not be read at all."""

    file_id: uuid.UUID
    size_bytes: int = 0
    records: int = 0
    is_written_back: bool = True
    transactions: int = 0
    codes: frozenset[str] = frozenset()
    problem: str = ""
    landing_problem: str = ""


class Reader:
    """One process's archive and connection."""

    def __init__(self, archive: Archive, target: Target | None) -> None:
        """Connect to the second database, where there is one."""
        self._archive = archive
        self._target = target
        self._connection = (
            ScrubbedConnection.connect(target.url, application_name="tieout ingest", options=FAST)
            if target
            else None
        )

    def close(self) -> None:
        """Close the connection."""
        if self._connection:
            self._connection.close()

    def read(self, file: Received) -> Reading:
        """Read a file again, and land it; what goes wrong is said in the reading."""
        try:
            return self._read(file)
        except (OSError, ValueError, ArchiveDamagedError) as error:
            return Reading(file.file_id, problem=_problem(error))

    def _read(self, file: Received) -> Reading:
        counted = _Counted()
        with self._archive.open(file.sha256) as content:
            size = content.seek(0, 2)
            content.seek(0)
            landing_problem = self._take(file, counted.passing(parse_parts(content, file.name)))
            if landing_problem:  # it stopped on the way
                content.seek(0)
                counted = _Counted()
                _use_up(counted.passing(parse_parts(content, file.name)))
        return counted.reading(file.file_id, size, landing_problem)

    def _take(self, file: Received, parts: Iterator[ParsedFile]) -> str:
        """Land the parts, or only let them pass; returns what the database had against it."""
        if self._target is None or self._connection is None:
            _use_up(parts)
            return ""
        known_at, key = self._target.known_at, self._target.hash_key
        try:
            landing.land(self._connection, file, parts, known_at, key)
        except (psycopg.Error, LookupError) as error:
            self._connection.rollback()
            return f"{printable(file.name)} does not land again: {error}"
        return ""


class _Counted:
    """What passed by of one file."""

    def __init__(self) -> None:
        self.records, self.transactions, self.is_written_back = 0, 0, True
        self.codes: set[str] = set()

    def passing(self, parts: Iterable[ParsedFile]) -> Iterator[ParsedFile]:
        """Hand the parts on, and count them."""
        for part in parts:
            self.records += part.records
            self.is_written_back &= part.reserialised
            self.codes |= {finding.code for finding in part.findings}
            if "x12_transaction" in part.tables:
                self.transactions += part.tables["x12_transaction"].num_rows
            yield part

    def reading(self, file_id: uuid.UUID, size: int, landing_problem: str) -> Reading:
        """The file as it passed."""
        return Reading(
            file_id, size, self.records, self.is_written_back, self.transactions,
            frozenset(self.codes), landing_problem=landing_problem,
        )  # fmt: skip


def confirmed(archive: Archive, sha256: str, known: Reading) -> Reading:
    """A reading that is known, once the bytes have been seen to be the same ones."""
    try:
        with archive.open(sha256):
            return known
    except (OSError, ArchiveDamagedError) as error:
        return Reading(known.file_id, problem=_problem(error))


def _problem(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "its archived bytes are missing"
    if isinstance(error, ArchiveDamagedError):
        return "its archived bytes have changed"
    return f"cannot be read ({type(error).__name__})"


def same_identity(file_id: uuid.UUID, sha256: str) -> bool:
    """Whether an id is the one that a content of this hash gets."""
    return file_id.bytes == bytes.fromhex(sha256)[:16]


def read_all(
    archive: Archive,
    files: Sequence[Received],
    target: Target | None = None,
    advance: Callable[[int], None] = lambda _count: None,
) -> Iterator[Reading]:
    """A reading of each file, in any order. `advance` gets how many more are done."""
    with ExitStack() as stack:
        for found in _batches(archive, files, target, stack):
            advance(len(found))
            yield from found


def _batches(
    archive: Archive, files: Sequence[Received], target: Target | None, stack: ExitStack
) -> Iterable[list[Reading]]:
    batches = [files[at : at + AT_ONCE] for at in range(0, len(files), AT_ONCE)]
    cores = len(os.sched_getaffinity(0))
    if len(files) <= FEW or cores == 1:
        reader = stack.enter_context(closing(Reader(archive, target)))
        return ([reader.read(file) for file in batch] for batch in batches)
    pool = stack.enter_context(
        ProcessPoolExecutor(
            cores, mp_context=get_context("spawn"), initializer=_begin, initargs=(archive, target)
        )
    )
    return pool.map(_read_batch, batches)


_PROCESS: dict[str, Any] = {}  # of a process of the pool, which lives for one `read_all`


def _begin(archive: Archive, target: Target | None) -> None:
    _PROCESS["pandas"] = stack = ExitStack()
    stack.enter_context(without_pandas())
    _PROCESS["reader"] = Reader(archive, target)


def _read_batch(files: Sequence[Received]) -> list[Reading]:
    reader: Reader = _PROCESS["reader"]
    return [reader.read(file) for file in files]


def _use_up(parts: Iterable[object]) -> None:
    for _ in parts:
        pass
