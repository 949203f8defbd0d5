"""The byte archive: every received content once, unchanged, under its SHA-256.

Names of remote files never become paths here. Nothing is ever overwritten or deleted.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_SHA256 = re.compile(r"[0-9a-f]{64}")


class ArchiveDamagedError(Exception):
    """The stored bytes do not have the hash that they are stored under."""


@dataclass(frozen=True)
class StoredFile:
    """What identifies a content: the id is the first half of its hash, the same anywhere."""

    file_id: uuid.UUID
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Archive:
    """A folder of contents: `<root>/<first two hex digits>/<sha256>`."""

    root: Path

    def store(self, content: bytes) -> StoredFile:
        """Keep the content durably before anything reads it; storing it again changes nothing."""
        stored = identify(content)
        path = self._path(stored.sha256)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_durably(path, content)
        return stored

    def read(self, sha256: str) -> bytes:
        """Return the bytes. Raises FileNotFoundError, or ArchiveDamagedError on a changed file."""
        content = self._path(sha256).read_bytes()
        if identify(content).sha256 != sha256:
            raise ArchiveDamagedError(f"the archived file {sha256} has changed")
        return content

    @contextmanager
    def open(self, sha256: str) -> Iterator[BinaryIO]:
        """Open a content of any size, once its bytes have been seen to be the stored ones.

        Raises FileNotFoundError, or ArchiveDamagedError on a changed file.
        """
        with self._path(sha256).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise ArchiveDamagedError(f"the archived file {sha256} has changed")
            file.seek(0)
            yield file

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise ValueError("a SHA-256 is 64 lower-case hexadecimal digits")
        return self.root / sha256[:2] / sha256


def identify(content: bytes) -> StoredFile:
    """Return the identity of a content without storing it."""
    digest = hashlib.sha256(content)
    file_id = uuid.UUID(bytes=digest.digest()[:16])
    return StoredFile(file_id, digest.hexdigest(), len(content))


def _write_durably(path: Path, content: bytes) -> None:
    """Write beside the target, sync, rename, sync the folder: whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".incoming-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
