"""The identity of a record: a hash of its content that no envelope, delimiter, line end or
empty trailing element changes.
"""

import re
from hashlib import sha256

from billing.x12.framing import ELEMENT

_BLANK_COMPONENTS = re.compile(rb"(?<!\x1d)\x1d+(?=[\x1e\x1f])")
_BLANK_ELEMENTS = re.compile(rb"(?<!\x1f)\x1f+(?=\x1e)")


class ContentHash:
    """The SHA-256 of canonical segments that come stretch by stretch."""

    __slots__ = ("_digest", "_sha256")

    def __init__(self) -> None:
        self._sha256 = sha256()
        self._digest = b""

    def update(self, segments: bytes, *, is_tight: bool = False) -> None:
        """Take the next whole segments; `is_tight`: no element or component at an end is blank."""
        self._sha256.update(segments if is_tight else _without_blank_ends(segments))

    @property
    def value(self) -> str:
        """The hash of all that has come so far."""
        return (self._digest or self._sha256.digest()).hex()

    def close(self) -> None:
        """Keep the hash alone: a file may hold many transactions, and nothing more comes."""
        self._digest = self._sha256.digest()
        del self._sha256


def content_hash(segments: bytes, *context: str | None) -> str:
    """Return the SHA-256 of canonical segments and of what they depend on outside themselves."""
    tail = ELEMENT.join((value or "").encode() for value in context)
    return sha256(_without_blank_ends(segments) + tail).hexdigest()


def _without_blank_ends(segments: bytes) -> bytes:
    if b"\x1d\x1e" in segments or b"\x1d\x1f" in segments:
        segments = _BLANK_COMPONENTS.sub(b"", segments)
    if b"\x1f\x1e" in segments:
        segments = _BLANK_ELEMENTS.sub(b"", segments)
    return segments
