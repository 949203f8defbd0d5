"""The delimiters of an interchange: read off its ISA segment, or guessed where there is none.

Counts separators instead of trusting that ISA has 106 bytes. What the delimiters separate is
not looked at here.
"""

import re
from dataclasses import dataclass

_BLANK = b" \t\r\n\x00\x1a"
_ISA_SEPARATORS = 16
_ISA_MOST_BYTES = 400
_FIRST_SEGMENTS = rb"(?:GS|TA1|IEA|ISB|ISE)"
# ISA, its separator, and ten more short elements: no other segment looks like that.
_ISA = re.compile(rb"ISA([^A-Za-z0-9\s])(?:(?:(?!\1).){0,40}\1){10}", re.IGNORECASE | re.DOTALL)
_ST = re.compile(
    rb"(?:\A|(?<=[^A-Za-z0-9]))ST([^A-Za-z0-9\s.,'])[0-9]{3}\1 *[A-Za-z0-9]* *"
    rb"(?:\1 *[A-Za-z0-9]* *)?(?P<terminator>[^A-Za-z0-9 ])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Delimiters:
    """One byte each; `repetition` is None before version 00402 and where ISA11 says nothing."""

    element: bytes
    component: bytes
    segment: bytes
    repetition: bytes | None


UPPER, LOWER = (b"ISA",), (b"isa", b"Isa")


def header_positions(content: bytes, names: tuple[bytes, ...] = UPPER + LOWER) -> list[int]:
    """Return where each ISA segment starts, wherever in the file it stands."""
    return sorted(
        position
        for name in names
        for position in _occurrences(content, name)
        if _is_header(content, position)
    )


def of_header(content: bytes, position: int) -> Delimiters | None:
    """Return the delimiters that the ISA at `position` declares, None when it is cut off."""
    element = content[position + 3 : position + 4]
    head = content[position : position + _ISA_MOST_BYTES]
    found = _counted(head, element) or _before_next_segment(head, element)
    if found is None or found[1] == element:
        return None
    component, segment = found
    taken = (element, component, segment)
    return Delimiters(element, component, segment, _repetition(head.split(element), taken))


def guessed(content: bytes) -> tuple[int, Delimiters] | None:
    """Return where the first ST (or the GS before it) starts and the delimiters around it."""
    first = _ST.search(content)
    if first is None or first["terminator"] == first[1]:
        return None
    element, segment = first[1], first["terminator"]
    group = re.search(
        rb"(?:\A|(?<=[^A-Za-z0-9]))GS" + re.escape(element), content[: first.start()], re.IGNORECASE
    )
    start = group.start() if group else first.start()
    return start, Delimiters(element, _component(content, element), segment, None)


def _occurrences(content: bytes, name: bytes) -> list[int]:
    found = []
    position = content.find(name)
    while position >= 0:
        found.append(position)
        position = content.find(name, position + 1)
    return found


def _is_header(content: bytes, position: int) -> bool:
    match = _ISA.match(content, position)
    before = content[position - 1 : position] if position else b""
    return match is not None and before != match[1] and not before.isalnum()


def _counted(head: bytes, element: bytes) -> tuple[bytes, bytes] | None:
    """The two bytes after the sixteenth separator, when a known segment follows them."""
    fields = head.split(element, _ISA_SEPARATORS)
    if len(fields) <= _ISA_SEPARATORS:
        return None
    rest = fields[-1]
    following = rest[2:].lstrip(_BLANK)
    known = re.match(_FIRST_SEGMENTS + re.escape(element), following, re.IGNORECASE)
    if len(rest) < 2 or rest[1:2].isalnum() or (following and not known):
        return None
    return rest[0:1], rest[1:2]


def _before_next_segment(head: bytes, element: bytes) -> tuple[bytes, bytes] | None:
    """An ISA with too few, too many or empty elements: what stands before GS ends it."""
    pattern = rb"([^A-Za-z0-9 ])\s*" + _FIRST_SEGMENTS + re.escape(element)
    following = re.search(pattern, head, re.IGNORECASE)
    if following is None or following[1] == element:
        return None
    last = head[: following.start()].rsplit(element, 1)[-1].strip()
    is_component = len(last) == 1 and not last.isalnum()
    return (last if is_component else b":"), following[1]


def _repetition(fields: list[bytes], taken: tuple[bytes, ...]) -> bytes | None:
    if len(fields) <= 12 or fields[12].strip() < b"00402":
        return None
    declared = fields[11]
    is_usable = len(declared) == 1 and not declared.isalnum() and not declared.isspace()
    return declared if is_usable and declared not in taken else None


def _component(content: bytes, element: bytes) -> bytes:
    composite = re.search(
        rb"(?:SVC|SV1)" + re.escape(element) + rb"[A-Za-z]{2}([^A-Za-z0-9\s])",
        content,
        re.IGNORECASE,
    )
    return composite[1] if composite and composite[1] != element else b":"
