"""The delimiters of an interchange: read off its ISA segment, or guessed where there is none.

X12.5 fixes where they stand in an ISA of 106 bytes; in one of another length the separators are
counted. What the delimiters separate is not looked at here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BLANK = b" \t\r\n\x00\x1a"
_ISA_SEPARATORS = 16
_ISA_BYTES = 106
_ISA_MOST_BYTES = 400
_ISA_LEAST_BYTES = 19
_ISA_PLACES = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)
_FIRST_SEGMENTS = rb"(?:GS|TA1|IEA|ISB|ISE|ST)"
_DEFAULT_COMPONENT = b":"
# ISA, its separator, and ten more short elements: no other segment looks like that.
_ISA = re.compile(rb"ISA([^A-Za-z0-9\s])(?:(?:(?!\1).){0,40}\1){10}", re.IGNORECASE | re.DOTALL)
# Every repeat is bounded: a file of blanks behind an ST costs no more than any other.
_ST = re.compile(
    rb"(?:\A|(?<=[^A-Za-z0-9]))ST([^A-Za-z0-9\s.,'])[0-9]{3}\1 {0,9}[A-Za-z0-9-]{0,35} {0,9}"
    rb"(?:\1 {0,35}[A-Za-z0-9]{0,35} {0,35})?(?P<terminator>[^A-Za-z0-9 ])"
    rb"(?=\s{0,99}(?:[A-Za-z][A-Za-z0-9]{1,2}\1|[A-Za-z0-9]{0,3}\Z))",
    re.IGNORECASE,
)
_GS = re.compile(
    rb"(?:\A|(?<=[^A-Za-z0-9]))GS([^A-Za-z0-9\s.,'])[A-Z]{2}\1(?:(?:(?!\1).){0,40}\1){5}"
    rb" ?[XT] ?\1 {0,9}[0-9]{6}[A-Za-z0-9]{0,8} {0,9}(?P<terminator>[^A-Za-z0-9 ])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Delimiters:
    """One byte each, but for a terminator that is one character of UTF-8.

    `repetition` is None before version 00402 and where ISA11 says nothing.
    """

    element: bytes
    component: bytes
    segment: bytes
    repetition: bytes | None


UPPER, LOWER = (b"ISA",), (b"isa", b"Isa")


def header_positions(content: bytes, names: tuple[bytes, ...] = UPPER + LOWER) -> list[int]:
    """Return where each ISA segment may start, wherever in the file it stands."""
    return sorted(
        position
        for name in names
        for position in _occurrences(content, name)
        if _ISA.match(content, position)
    )


def of_header(content: bytes, position: int) -> Delimiters | None:
    """Return the delimiters that the ISA at `position` declares, None when it is cut off."""
    element = content[position + 3 : position + 4]
    head = content[position : position + _ISA_MOST_BYTES]
    found = _fixed(head, element) or _counted(head, element) or _before_next_segment(head, element)
    if found is None:
        return None
    component, segment = found
    taken = (element, component, segment)
    return Delimiters(element, component, segment, _repetition(head.split(element), taken))


def guessed(content: bytes) -> tuple[int, Delimiters] | None:
    """Return where the first ST (or the GS before it) starts and the delimiters around it."""
    first = _ST.search(content) or _GS.search(content)
    if first is None or first["terminator"] == first[1]:
        return None
    element, segment = first[1], first["terminator"]
    group = re.search(
        rb"(?:\A|(?<=[^A-Za-z0-9]))GS" + re.escape(element), content[: first.start()], re.IGNORECASE
    )
    start = group.start() if group else first.start()
    return start, Delimiters(element, _component(content, element), segment, None)


def _occurrences(content: bytes, name: bytes) -> Iterator[int]:
    """Yield where `name` stands, unless what is around it cannot be that of an ISA."""
    position = content.find(name)
    while position >= 0:
        before = content[max(position - 1, 0) : position]
        element = content[position + 3 : position + 4]
        again = content.find(name + element, position + 3, position + _ISA_LEAST_BYTES)
        if before != element and not before.isalnum() and again < 0:
            yield position
        position = content.find(name, position + 1)


def _fixed(head: bytes, element: bytes) -> tuple[bytes, bytes] | None:
    """The last two bytes of an ISA whose separators stand where X12.5 puts them."""
    is_fixed = len(head) >= _ISA_BYTES and all(
        head[place : place + 1] == element for place in _ISA_PLACES
    )
    return _ending(head[_ISA_BYTES - 2 :], head, element) if is_fixed else None


def _counted(head: bytes, element: bytes) -> tuple[bytes, bytes] | None:
    """The two bytes after the sixteenth separator, when a segment follows them."""
    fields = head.split(element, _ISA_SEPARATORS)
    return _ending(fields[-1], head, element) if len(fields) > _ISA_SEPARATORS else None


def _ending(rest: bytes, head: bytes, element: bytes) -> tuple[bytes, bytes] | None:
    """Read component separator and terminator at the start of `rest`, where they make sense."""
    width = _character(rest)
    component, segment = rest[width - 1 : width], rest[width : width + _character(rest[width:])]
    following = rest[width + len(segment) :]
    if not segment.strip(b" \t\r\n"):
        component, segment, following = _line_end(component, rest[width:], element)
    known = re.match(rb"[A-Z][A-Z0-9]{1,2}" + re.escape(element), following.lstrip(_BLANK), re.I)
    if not segment or segment.isalnum() or element in {segment, component}:
        return None
    if following.strip(_BLANK) and not known:
        return None
    span = head[: len(head) - len(rest)]
    return None if _holds_segment(span, segment, element) else (_usable(component), segment)


def _line_end(component: bytes, rest: bytes, element: bytes) -> tuple[bytes, bytes, bytes]:
    """A blank is no delimiter (X12.5): behind it a line end is, or else what comes before one.

    Where GS ends in the byte that stands for the component separator, ISA16 was left out.
    """
    ends = re.match(rb"[ \t]*(\r?)(\n|(?<=\r))", rest)
    if ends is None:
        return component, rest[:1], rest[1:]
    following = rest[ends.end() :]
    first = re.match(rb"\s*GS" + re.escape(element) + rb"[^\r\n]*?([^\r\n])[ \t]*[\r\n]", following)
    if first and first[1] == component and not component.isalnum():
        return _DEFAULT_COMPONENT, component, following
    return component, ends[2] or ends[1], following


def _before_next_segment(head: bytes, element: bytes) -> tuple[bytes, bytes] | None:
    """An ISA with too few, too many or empty elements: what stands before GS ends it."""
    pattern = rb"([^A-Za-z0-9 ])\s*" + _FIRST_SEGMENTS + re.escape(element)
    following = re.search(pattern, head, re.IGNORECASE)
    if following is None or following[1] == element:
        return None
    span = head[: following.start()]
    if _holds_segment(span, following[1], element):
        return None
    last = span.rsplit(element, 1)[-1].strip()
    return (_usable(last) if len(last) == 1 else _DEFAULT_COMPONENT), following[1]


def _holds_segment(span: bytes, segment: bytes, element: bytes) -> bool:
    """Say whether other segments stand in what is held for one ISA: then it is none."""
    pattern = re.escape(segment) + rb"\s{0,9}[A-Z][A-Z0-9]{1,2}" + re.escape(element)
    return re.search(pattern, span, re.IGNORECASE) is not None


def _usable(component: bytes) -> bytes:
    """Letters, digits and blanks are data: as a separator they would cut values apart."""
    is_data = component.isalnum() or not component.strip()
    return _DEFAULT_COMPONENT if is_data else component


def _character(rest: bytes) -> int:
    """Return how many bytes the first character has: one, or two to four of UTF-8."""
    lead = rest[0] if rest else 0
    width = 4 if lead >= 0xF0 else 3 if lead >= 0xE0 else 2 if lead >= 0xC2 else 1
    is_whole = all(0x80 <= byte < 0xC0 for byte in rest[1:width]) and len(rest) >= width
    return width if is_whole else 1


def _repetition(fields: list[bytes], taken: tuple[bytes, ...]) -> bytes | None:
    if len(fields) <= 12 or fields[12].strip() < b"00402":
        return None
    declared = fields[11]
    is_usable = len(declared) == 1 and not declared.isalnum() and not declared.isspace()
    return declared if is_usable and declared not in taken else None


def _component(content: bytes, element: bytes) -> bytes:
    """What stands behind the qualifier of a procedure, diagnosis or status."""
    mark = re.escape(element)
    composite = re.search(
        rb"(?:SVC|SV1|SV3|HI)" + mark + rb"[A-Za-z]{2,3}([^A-Za-z0-9\s])"
        rb"|STC" + mark + rb"[A-Za-z][0-9]{1,3}([^A-Za-z0-9\s])[0-9]",
        content,
        re.IGNORECASE,
    )
    found = (composite[1] or composite[2]) if composite else None
    return found if found and found != element else _DEFAULT_COMPONENT
