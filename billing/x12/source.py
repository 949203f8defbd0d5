"""The bytes of a file, a stretch at a time: a file of any size is never in memory as a whole.

Reading only; what the bytes say is not known here.
"""

from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from typing import BinaryIO

_HASHED_AT_ONCE = 1_000_000


class Source:
    """A seekable file. `bytes` are a file too."""

    def __init__(self, file: BinaryIO | bytes) -> None:
        self._file = BytesIO(file) if isinstance(file, bytes) else file
        self.size = self._file.seek(0, 2)

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` up to `end`, fewer where the file ends before."""
        self._file.seek(start)
        return self._file.read(max(0, min(end, self.size) - start))

    def sha256(self) -> str:
        """Return the hash of the whole file."""
        digest = sha256()
        for _, window in self.windows(0, self.size, _HASHED_AT_ONCE, 0):
            digest.update(window)
        return digest.hexdigest()

    def windows(
        self, start: int, end: int, width: int, overlap: int
    ) -> Iterator[tuple[int, bytes]]:
        """Yield (offset, bytes) of stretches of `width`, each with `overlap` bytes of the next."""
        for offset in range(start, end, width):
            yield offset, self.read(offset, min(offset + width + overlap, end))
