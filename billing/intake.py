"""What a received file is, and whether it has arrived whole, judged by its bytes.

Recognition only: nothing here reads a record. A name is a hint of last resort, never a proof.
"""

import re
from enum import StrEnum

from billing.exact import read_json


class FileKind(StrEnum):
    """The formats that have a reader, and `unknown`."""

    X12 = "x12"
    BAI2 = "bai2"
    NACHA = "nacha"
    FHIR_NDJSON = "fhir_ndjson"
    CARD_LIST = "card_list"
    UNKNOWN = "unknown"


_BOM = b"\xef\xbb\xbf"
_PADDING = b" \t\r\n\x00\x1a"
_HEAD_BYTES = 4096
_X12_HEAD = re.compile(
    rb"(?:\A|[^A-Za-z0-9])(?:ISA([^A-Za-z0-9\s])[^\r\n]{0,4}\1"
    rb"|GS([^A-Za-z0-9\s.,'])[A-Z]{2}\2|ST([^A-Za-z0-9\s.,'])[0-9]{3}\3)",
    re.IGNORECASE,
)
_LAST_IEA = re.compile(
    rb"IEA([^A-Za-z0-9\s])[0-9]{0,5}\1 {0,9}([0-9A-Za-z]{0,35}) {0,9}([^0-9A-Za-z]{0,99})\Z",
    re.IGNORECASE,
)
_TAIL_BYTES = 512  # more than an IEA with its line end can have
_NACHA_WIDTH = 94
_NACHA_CONTROL_BYTES = 55  # what record 9 uses; the rest is blank, and some senders cut it
_X12_SUFFIXES = (".835", ".837", ".x12", ".edi", ".era", ".837p", ".837i")


def recognise(content: bytes, name: str) -> FileKind:
    """Return the kind of a file by its content; only where that says nothing, by its name."""
    body = content.removeprefix(_BOM).lstrip(_PADDING)
    head = body[:_HEAD_BYTES]
    if head.startswith(b"01,"):
        return FileKind.BAI2
    if _is_nacha(head):
        return FileKind.NACHA
    if head.startswith(b"{"):
        return _json_kind(body)
    if _X12_HEAD.search(head) or (head and name.lower().endswith(_X12_SUFFIXES)):
        return FileKind.X12
    return FileKind.UNKNOWN


def is_complete(content: bytes, kind: FileKind) -> bool:
    """Say whether the last record that closes a file of this kind is there.

    X12: as many IEA as ISA, the last one whole. BAI2: record 99. NACHA: record 9. NDJSON: a
    newline at the end. A list: valid JSON. An unknown file is complete when it is not empty.
    """
    body = content.removeprefix(_BOM)
    if kind is FileKind.X12:
        return _x12_is_complete(body)
    if kind is FileKind.BAI2:
        return _last_line(body).startswith(b"99,")
    if kind is FileKind.NACHA:
        return _nacha_is_complete(body)
    if kind is FileKind.FHIR_NDJSON:
        return body.endswith(b"\n")
    if kind is FileKind.CARD_LIST:
        return _is_json(body)
    return bool(body.strip(_PADDING))


def _is_nacha(head: bytes) -> bool:
    """A file header record: 1, priority code 01, then 94 characters without a comma rule."""
    first = head.split(b"\n", 1)[0].rstrip(b"\r")
    return first.startswith(b"101") and first[34:37] == b"094"


def _json_kind(body: bytes) -> FileKind:
    if re.search(rb'"resourceType"\s*:', body[: _HEAD_BYTES * 16]):
        return FileKind.FHIR_NDJSON
    if re.search(rb'"object"\s*:\s*"list"', body):
        return FileKind.CARD_LIST
    return FileKind.UNKNOWN


def _x12_is_complete(body: bytes) -> bool:
    last = _LAST_IEA.search(body.rstrip(b"\x00\x1a \t")[-_TAIL_BYTES:])
    if last is None or not last[3]:
        return False
    # Most files have one interchange: whether a second ISA stands anywhere is seen much sooner.
    if body.upper().count(b"ISA" + last[1]) <= 1:
        return True
    return _segment_count(body, b"ISA", last[1]) <= _segment_count(body, b"IEA", last[1])


def _segment_count(body: bytes, name: bytes, element: bytes) -> int:
    pattern = rb"(?:\A|[^A-Za-z0-9])" + name + re.escape(element)
    return sum(1 for _ in re.finditer(pattern, body, re.IGNORECASE))


def _nacha_is_complete(body: bytes) -> bool:
    last = _last_line(body)
    if len(last) > _NACHA_WIDTH:
        last = last[(len(last) - 1) // _NACHA_WIDTH * _NACHA_WIDTH :]
    return last.startswith(b"9") and len(last) >= _NACHA_CONTROL_BYTES


def _last_line(body: bytes) -> bytes:
    lines = body.rstrip(_PADDING).splitlines()
    return lines[-1].lstrip() if lines else b""


def _is_json(body: bytes) -> bool:
    try:
        read_json(body)
    except ValueError:
        return False
    return True
