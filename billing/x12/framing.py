"""A file cut into interchanges, each brought to one canonical form: the same delimiters, no
line ends, upper-case segment ids. What the segments mean is not known here.

Canonical bytes: 0x1F between elements, 0x1D between components, 0x1C between repetitions and
0x1E after every segment. Two envelopes around the same business content give the same bytes.
"""

import re
from dataclasses import dataclass

from billing.x12 import delimiters
from billing.x12.delimiters import Delimiters

ELEMENT, COMPONENT, REPETITION, SEGMENT = b"\x1f", b"\x1d", b"\x1c", b"\x1e"
BOM = b"\xef\xbb\xbf"
BLANK = b" \t\r\n\x00\x1a"
_LINE_ENDS = b"\r\n\x00"
_PADDED = re.compile(rb"\x1e[ \t\x1a\x1e]+")
_HAS_LOWER_ID = re.compile(rb"\x1e[A-Z0-9]{0,2}[a-z]")
_LOWER_ID = re.compile(rb"(?:\A|(?<=\x1e))[A-Z0-9]*[a-z][A-Za-z0-9]*(?=[\x1e\x1f])")


@dataclass(frozen=True)
class Interchange:
    """Bytes `start` to `end` of a file; `body` is their canonical form."""

    start: int
    end: int
    delimiters: Delimiters
    has_header: bool
    is_terminated: bool
    body: bytes


@dataclass(frozen=True)
class Framed:
    """The interchanges of a file and the stretches (start, end) that belong to none."""

    interchanges: tuple[Interchange, ...]
    unread: tuple[tuple[int, int], ...]


def frame(content: bytes) -> Framed:
    """Cut a file into interchanges; together with the unread stretches they are all of it."""
    starts = [
        (position, found)
        for position in delimiters.header_positions(content)
        if (found := delimiters.of_header(content, position)) is not None
    ]
    first = starts[0][0] if starts else len(content)
    leading = delimiters.guessed(content[:first])
    interchanges = [_interchange(content, leading[0], first, leading[1], False)] if leading else []
    ends = [position for position, _ in starts[1:]] + [len(content)]
    for (position, found), end in zip(starts, ends, strict=False):
        interchanges.append(_interchange(content, position, end, found, True))
    unread_end = interchanges[0].start if interchanges else len(content)
    is_blank = not content[:unread_end].removeprefix(BOM).strip(BLANK)
    return Framed(tuple(interchanges), () if is_blank else ((0, unread_end),))


def canonical(raw: bytes, marks: Delimiters) -> bytes:
    """Return raw segments in canonical form: each ends in 0x1E, blank ones are left out."""
    ends = bytes(byte for byte in _LINE_ENDS if byte not in marks.element + marks.segment)
    body = raw.translate(_table(marks), ends).lstrip(b" \t\x1a\x1e")
    if body and not body.endswith(SEGMENT):
        body = body.rstrip(b" \t\x1a") + SEGMENT
    body = _PADDED.sub(SEGMENT, body)
    if _HAS_LOWER_ID.search(body) or body[:3].upper() != body[:3]:
        body = _LOWER_ID.sub(lambda name: name[0].upper(), body)
    return body


def _interchange(
    content: bytes, start: int, end: int, marks: Delimiters, has_header: bool
) -> Interchange:
    raw = content[start:end]
    is_terminated = raw.rstrip(BLANK.replace(marks.segment, b"")).endswith(marks.segment)
    return Interchange(start, end, marks, has_header, is_terminated, canonical(raw, marks))


def _table(marks: Delimiters) -> bytes:
    """A byte map; a control byte that is not a delimiter of this file becomes a space."""
    table = bytearray(range(256))
    for byte in ELEMENT + COMPONENT + REPETITION + SEGMENT:
        table[byte] = 0x20
    if marks.repetition is not None:
        table[marks.repetition[0]] = REPETITION[0]
    table[marks.component[0]] = COMPONENT[0]
    table[marks.segment[0]] = SEGMENT[0]
    table[marks.element[0]] = ELEMENT[0]
    return bytes(table)


def is_covered(content: bytes, framed: Framed) -> bool:
    """Prove that the canonical form lost nothing of the file.

    Interchanges and unread stretches follow each other with only blanks between them, and each
    canonical form, with the file's own delimiters put back, has the same bytes in the same
    order; blanks, terminators and the case of ids aside, which carry no content.
    """
    stretches = sorted([*framed.unread, *((item.start, item.end) for item in framed.interchanges)])
    gaps = zip(
        [0, *(end for _, end in stretches)], [*(s for s, _ in stretches), len(content)], strict=True
    )
    are_gaps_blank = all(not content[a:b].removeprefix(BOM).strip(BLANK) for a, b in gaps)
    return are_gaps_blank and all(_is_same(content, item) for item in framed.interchanges)


def _is_same(content: bytes, item: Interchange) -> bool:
    marks = item.delimiters
    spare = bytes(set(ELEMENT + COMPONENT + REPETITION + SEGMENT) - set(_all(marks)))
    ignored = BLANK + spare + marks.segment
    original = content[item.start : item.end].translate(None, ignored)
    restored = item.body.translate(_inverse(marks), SEGMENT).translate(None, ignored)
    return original == restored or original.upper() == restored.upper()


def _inverse(marks: Delimiters) -> bytes:
    table = bytearray(range(256))
    table[COMPONENT[0]] = marks.component[0]
    table[REPETITION[0]] = (marks.repetition or REPETITION)[0]
    table[ELEMENT[0]] = marks.element[0]
    return bytes(table)


def _all(marks: Delimiters) -> bytes:
    return marks.element + marks.component + marks.segment + (marks.repetition or b"")
