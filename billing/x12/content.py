"""The identity of a record: a hash of its content that no envelope, delimiter, line end or
empty trailing element changes.
"""

import re
from hashlib import sha256

from billing.x12.framing import ELEMENT

_BLANK_COMPONENTS = re.compile(rb"(?<!\x1d)\x1d+(?=[\x1e\x1f])")
_BLANK_ELEMENTS = re.compile(rb"(?<!\x1f)\x1f+(?=\x1e)")


def content_hash(segments: bytes, *context: str | None) -> str:
    """Return the SHA-256 of canonical segments and of what they depend on outside themselves."""
    if b"\x1d\x1e" in segments or b"\x1d\x1f" in segments:
        segments = _BLANK_COMPONENTS.sub(b"", segments)
    if b"\x1f\x1e" in segments:
        segments = _BLANK_ELEMENTS.sub(b"", segments)
    tail = ELEMENT.join((value or "").encode() for value in context)
    return sha256(segments + tail).hexdigest()
