"""Documents behind requests: read once, kept in the archive under their hash, given back whole.

Neither the name nor the content of a document is shown anywhere: patients may stand in both.
"""

import mimetypes
from dataclasses import dataclass, field
from pathlib import Path

from resources.archive import Archive, ArchiveDamagedError, identify

MOST_BYTES = 10 * 1024 * 1024
UNKNOWN_TYPE = "application/octet-stream"


class AttachmentError(Exception):
    """A document cannot be taken or given; the text says why, and names no patient."""


@dataclass(frozen=True)
class Attachment:
    """A document as a request names it: SHA-256, size in bytes, and media type by its ending."""

    sha256: str
    size_bytes: int
    media_type: str
    content: bytes = field(repr=False)


def read_attachment(path: Path) -> Attachment:
    """Read a document. Raises AttachmentError: none there, empty, or larger than 10 MiB."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as problem:
        raise AttachmentError(f"the attachment cannot be read: {problem.strerror}") from None
    if not content:
        raise AttachmentError("the attachment is empty")
    if len(content) > MOST_BYTES:
        raise AttachmentError(f"the attachment is larger than {MOST_BYTES:,} bytes")
    media_type = (mimetypes.guess_type(path.name)[0] or UNKNOWN_TYPE).lower()
    return Attachment(identify(content).sha256, len(content), media_type, content)


def keep(archive: Archive, attachment: Attachment) -> None:
    """Keep the bytes durably. Raises AttachmentError where the archive cannot be written."""
    try:
        archive.store(attachment.content)
    except OSError as problem:
        raise AttachmentError(f"the archive cannot be written: {problem.strerror}") from None


def give_back(archive: Archive, sha256: str, size_bytes: int | None, target: Path) -> int:
    """Write a kept document to a new file, its hash checked; return its size in bytes.

    Raises AttachmentError: as `read_kept`, or the file exists.
    """
    content = read_kept(archive, sha256, size_bytes)
    try:
        with target.open("xb") as file:
            file.write(content)
    except OSError as problem:
        raise AttachmentError(f"the file cannot be written: {problem.strerror}") from None
    return len(content)


def read_kept(archive: Archive, sha256: str, size_bytes: int | None) -> bytes:
    """Return a kept document, its hash checked.

    Raises AttachmentError: not kept, changed in the archive, or of another size.
    """
    try:
        content = archive.read(sha256)
    except FileNotFoundError:
        raise AttachmentError(f"the archive does not hold {sha256}") from None
    except ArchiveDamagedError as damage:
        raise AttachmentError(str(damage)) from None
    if size_bytes is not None and len(content) != size_bytes:
        raise AttachmentError(f"the request says {size_bytes:,} bytes, not {len(content):,}")
    return content
