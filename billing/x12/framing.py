"""A file cut into interchanges, each brought to one canonical form block by block: the same
delimiters, no line ends, upper-case segment ids. What the segments mean is not known here.

Canonical bytes: 0x1F between elements, 0x1D between components, 0x1C between repetitions and
0x1E after every segment. Two envelopes around the same business content give the same bytes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from billing.x12 import delimiters
from billing.x12.delimiters import Delimiters
from billing.x12.limits import LIMITS
from billing.x12.source import Source

ELEMENT, COMPONENT, REPETITION, SEGMENT = b"\x1f", b"\x1d", b"\x1c", b"\x1e"
BOM = b"\xef\xbb\xbf"
BLANK = b" \t\r\n\x00\x1a"
# What is read at once: it stays in the processor's cache. A longer segment is cut off.
BLOCK_BYTES = 3_500_000
LONGEST_SEGMENT = 8_000_000
# A segment takes memory however short it is: it counts for at least so many bytes.
LEAST_BYTES = 24
_HEADER_BYTES = 600
_LINE_ENDS = b"\r\n\x00"
_PADDING = b" \t\x1a\x1e"
_PADDED = re.compile(rb"\x1e[ \t\x1a\x1e]+")
_LOWER_ID = re.compile(rb"(?:\A|(?<=\x1e))[A-Z0-9]*[a-z][A-Za-z0-9]*(?=[\x1e\x1f])")
_ID_BYTES = 3


@dataclass(frozen=True)
class Interchange:
    """Bytes `start` to `end` of a file and what delimits them."""

    start: int
    end: int
    delimiters: Delimiters
    has_header: bool


@dataclass(frozen=True)
class Block:
    """Whole segments of an interchange in canonical form.

    `is_same`: putting the delimiters back gives the bytes that came, blanks aside. `is_cut`: its
    last segment is longer than any segment may be, and only its beginning is here.
    """

    body: bytes
    is_same: bool
    is_last: bool
    is_cut: bool = False


@dataclass(frozen=True)
class Framed:
    """The interchanges of a file and the stretches (start, end) that belong to none.

    `is_cut`: it has more of them than are read.
    """

    interchanges: tuple[Interchange, ...]
    unread: tuple[tuple[int, int], ...]
    is_cut: bool = False


def frame(source: Source, most: int = LIMITS.interchanges) -> Framed:
    """Cut a file into interchanges; together with the unread stretches they are all of it.

    Of more than `most` interchanges the first are found.
    """
    # Upper case is the rule; a file of lower case has no other.
    starts = _headers(source, delimiters.UPPER, most) or _headers(source, delimiters.LOWER, most)
    first = starts[0][0] if starts else source.size
    leading = _without_header(source, first)
    interchanges = [Interchange(leading[0], first, leading[1], False)] if leading else []
    ends = [position for position, _ in starts[1:]] + [source.size]
    for (position, found), end in list(zip(starts, ends, strict=False))[:most]:
        interchanges.append(Interchange(position, end, found, True))
    unread_end = interchanges[0].start if interchanges else source.size
    is_blank = _is_blank(source, unread_end)
    unread = () if is_blank else ((0, unread_end),)
    return Framed(tuple(interchanges), unread, is_cut=len(starts) > most)


def blocks(source: Source, interchange: Interchange, width: int = BLOCK_BYTES) -> Iterator[Block]:
    """Read an interchange, a few million bytes of whole segments at a time."""
    marks, held, position = interchange.delimiters, b"", interchange.start
    while position < interchange.end:
        end = min(position + width, interchange.end)
        raw = held + source.read(position, end)
        position, is_last = end, end == interchange.end
        whole = len(raw) if is_last else _whole_segments(raw, marks)
        held = raw[whole:]
        is_cut = len(held) > LONGEST_SEGMENT
        if is_cut:
            raw, whole, held = raw[: whole + LONGEST_SEGMENT], len(raw), b""
            position = _after_segment(source, interchange, position, width)
            is_last = position == interchange.end
        if whole:
            body = canonical(raw[:whole], marks)
            same = is_same(raw[:whole], body, marks)
            *first, last = _pieces(body, max(width // LEAST_BYTES, 1))
            yield from (Block(piece, same, is_last=False) for piece in first)
            yield Block(last, same, is_last, is_cut)


def canonical(raw: bytes, marks: Delimiters) -> bytes:
    """Return raw segments in canonical form: each ends in 0x1E, blank ones are left out."""
    ends = bytes(byte for byte in _LINE_ENDS if byte not in marks.element + marks.segment)
    if len(marks.segment) > 1:
        raw, marks = raw.replace(marks.segment, SEGMENT), replace(marks, segment=SEGMENT)
    body = raw.translate(_table(marks), ends).lstrip(_PADDING)
    if body and not body.endswith(SEGMENT):
        body = body.rstrip(b" \t\x1a") + SEGMENT
    starts = segment_starts(body)
    if _begins_with(body, starts, _PADDING):
        body = _PADDED.sub(SEGMENT, body)
        starts = segment_starts(body)
    if any(_is_lower(body, starts + offset) for offset in range(_ID_BYTES)):
        body = _LOWER_ID.sub(lambda name: name[0].upper(), body)
    return body


def is_same(raw: bytes, body: bytes, marks: Delimiters) -> bool:
    """Prove that the canonical form lost nothing of the bytes that came.

    With the delimiters put back it is those bytes, to the last one where every segment ends
    alike; else blanks, terminators and the case of ids aside, which carry no content.
    """
    written = body.translate(_inverse(marks))
    line_end = _line_end(raw, marks)
    if line_end is not None and written.replace(marks.segment, marks.segment + line_end) == raw:
        return True
    spare = bytes(set(ELEMENT + COMPONENT + REPETITION + SEGMENT) - set(_all(marks)))
    ignored = BLANK + spare + marks.segment
    original, restored = raw.translate(None, ignored), written.translate(None, ignored)
    return original == restored or original.upper() == restored.upper()


def segment_starts(body: bytes) -> npt.NDArray[np.int64]:
    """Return the byte offset of every segment of a canonical body."""
    ends = np.flatnonzero(np.frombuffer(body, np.uint8) == SEGMENT[0])
    return np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1]) if len(ends) else ends


def _pieces(body: bytes, most: int) -> list[bytes]:
    """Cut canonical segments into pieces of at most so many."""
    if body.count(SEGMENT) <= most:
        return [body]
    starts = segment_starts(body)[::most].tolist()
    return [body[at:end] for at, end in zip(starts, [*starts[1:], len(body)], strict=True)]


def _headers(source: Source, names: tuple[bytes, ...], most: int) -> list[tuple[int, Delimiters]]:
    """Return where each interchange with an ISA starts, with the delimiters it declares.

    Looks no further once there is one more than `most`.
    """
    found: list[tuple[int, Delimiters]] = []
    for offset, window in source.windows(0, source.size, BLOCK_BYTES, _HEADER_BYTES):
        before = source.read(max(0, offset - 1), offset)
        for position in delimiters.header_positions(before + window, names):
            at = position - len(before)
            if len(found) > most:
                return found
            if not 0 <= at < BLOCK_BYTES:
                continue
            declared = delimiters.of_header(window, at)
            if declared is not None:
                found.append((offset + at, declared))
    return found


def _without_header(source: Source, end: int) -> tuple[int, Delimiters] | None:
    """Return where segments without an ISA begin and the delimiters they seem to have."""
    for offset, window in source.windows(0, end, BLOCK_BYTES, _HEADER_BYTES):
        guessed = delimiters.guessed(window)
        if guessed is not None:
            return offset + guessed[0], guessed[1]
    return None


def _is_blank(source: Source, end: int) -> bool:
    windows = source.windows(0, end, BLOCK_BYTES, 0)
    return all(not (w if o else w.removeprefix(BOM)).strip(BLANK) for o, w in windows)


def _after_segment(source: Source, interchange: Interchange, position: int, width: int) -> int:
    """Return where the segment ends that stands at `position`, its terminator included."""
    for offset, window in source.windows(position, interchange.end, width, 0):
        at = window.find(interchange.delimiters.segment)
        if at >= 0:
            return offset + at + len(interchange.delimiters.segment)
    return interchange.end


def _whole_segments(raw: bytes, marks: Delimiters) -> int:
    """Return where the last whole segment and the line end behind it are over."""
    found = raw.rfind(marks.segment)
    at = found + len(marks.segment) if found >= 0 else 0
    while 0 < at < len(raw) and raw[at] in _LINE_ENDS and raw[at] not in marks.element:
        at += 1
    return at


def _begins_with(body: bytes, starts: npt.NDArray[np.int64], wanted: bytes) -> bool:
    """Say whether any segment begins with one of these bytes."""
    first = np.frombuffer(body, np.uint8)[starts]
    return any(bool(np.any(first == byte)) for byte in wanted)


def _is_lower(body: bytes, places: npt.NDArray[np.int64]) -> bool:
    """Say whether a lower-case letter stands at any of these places."""
    data = np.frombuffer(body, np.uint8)
    return bool(np.any(data[np.minimum(places, len(data) - 1)] - np.uint8(ord("a")) < 26))


def _line_end(raw: bytes, marks: Delimiters) -> bytes | None:
    """Return the line end behind the first terminator, None where there is no terminator."""
    at = raw.find(marks.segment)
    if at < 0:
        return None
    behind = raw[at + 1 : at + 3]
    return behind[: len(behind) - len(behind.lstrip(_LINE_ENDS))]


def _table(marks: Delimiters) -> bytes:
    """A byte map; a tab or control byte that is no delimiter of this file becomes a space."""
    table = bytearray(range(256))
    for byte in b"\t" + ELEMENT + COMPONENT + REPETITION + SEGMENT:
        table[byte] = 0x20
    if marks.repetition is not None:
        table[marks.repetition[0]] = REPETITION[0]
    table[marks.component[0]] = COMPONENT[0]
    table[marks.segment[0]] = SEGMENT[0]
    table[marks.element[0]] = ELEMENT[0]
    return bytes(table)


def _inverse(marks: Delimiters) -> bytes:
    table = bytearray(range(256))
    table[COMPONENT[0]] = marks.component[0]
    table[REPETITION[0]] = (marks.repetition or REPETITION)[0]
    table[ELEMENT[0]] = marks.element[0]
    table[SEGMENT[0]] = marks.segment[0]
    return bytes(table)


def _all(marks: Delimiters) -> bytes:
    return marks.element + marks.component + marks.segment + (marks.repetition or b"")
