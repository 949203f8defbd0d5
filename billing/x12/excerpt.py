"""Single segments of an archived file by their ordinal, and the same without patient data.

The ordinal is the one that every row carries as `segment`. A segment is shown by what it is
known to hold: an element that is not listed as harmless is masked.
"""

from collections.abc import Iterator

from billing.x12.framing import canonical, frame
from billing.x12.source import Source

MASK = "***"
_EVERY = tuple(range(1, 40))
# Elements that may be shown, by segment. What is absent is a name, an address, a birth date, the
# id of a person, an account, a claim or authorisation number, or free text.
_SHOWN: dict[str, tuple[int, ...]] = {
    "ISA": (1, 3, *range(5, 17)),
    "GS": _EVERY,
    "ST": _EVERY,
    "SE": _EVERY,
    "GE": _EVERY,
    "IEA": _EVERY,
    "BHT": (1, 2, 4, 5, 6),
    "BPR": (1, 2, 3, 4, 5, 10, 16),
    "TRN": (1, 2, 3),
    "CUR": _EVERY,
    "N1": (1, 3, 4),
    "NM1": (1, 2, 8),
    "REF": (1,),
    "LX": _EVERY,
    "TS3": _EVERY,
    "TS2": _EVERY,
    "CLP": (2, 3, 4, 5, 6, 8, 9, 11, 12, 13),
    "CAS": _EVERY,
    "MIA": _EVERY,
    "MOA": _EVERY,
    "AMT": _EVERY,
    "QTY": _EVERY,
    "LQ": _EVERY,
    "HL": _EVERY,
    "SBR": (1, 2, 5, 6, 7, 8, 9),
    "CLM": (2, 3, 4, 5, 6, 7, 8, 9, 12),
    "SVC": (2, 3, 4, 5, 7),
    "SV1": (2, 3, 4, 5, 7, 9, 11, 12),
    "SV2": (1, 3, 4, 5, 6, 7),
    "SV3": (2, 3, 5, 6),
    "PLB": (1, 2, 4, 6, 8, 10, 12, 14),
    "SVD": (2, 5),
    # Composites of codes only; STC12 is free text, STC09 a check number.
    "STC": (1, 2, 3, 4, 5, 6, 7, 8, 10, 11),
    "EB": (1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12),
    "AAA": _EVERY,
    "AK1": _EVERY,
    "AK2": _EVERY,
    "AK5": _EVERY,
    "AK9": _EVERY,
    "IK3": _EVERY,
    "IK4": (1, 2, 3),  # IK404 is a copy of what was wrong
    "IK5": _EVERY,
}
# Composites of which only the leading components may be shown: codes, not what follows them.
_LEADING: dict[str, dict[int, int]] = {
    "SVC": {1: 6, 6: 6},
    "SV1": {1: 6},
    "SV2": {2: 6},
    "SV3": {1: 6},
    "SVD": {3: 6},
    "PLB": dict.fromkeys((3, 5, 7, 9, 11, 13), 1),
}
_SERVICE_DATES = frozenset({"472", "150", "151", "050", "405"})
_CODE_LENGTH = 2


def segments(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (ordinal, byte offset, bytes without terminator and line ends) of each segment."""
    ordinal = 0
    for interchange in frame(Source(content)).interchanges:
        offset = interchange.start
        for piece in content[interchange.start : interchange.end].split(
            interchange.delimiters.segment
        ):
            if canonical(piece, interchange.delimiters):
                ordinal += 1
                text = piece.strip(b" \t\r\n\x00\x1a")
                yield ordinal, offset + piece.index(text), text
            offset += len(piece) + len(interchange.delimiters.segment)


def masked(segment: bytes) -> str:
    """Return a segment with every element masked that could tell who the patient is.

    Segment ids, codes, amounts, counts and service dates stay; a blank element stays blank.
    """
    text = segment.decode("latin-1")
    length = next((n for n, sign in enumerate(text) if not sign.isalnum()), len(text))
    if length == len(text):
        return text if len(text) <= 3 else MASK
    separator = text[length]
    name, *elements = text.split(separator)
    shown = [
        _element(name.upper(), number, element, elements)
        for number, element in enumerate(elements, start=1)
    ]
    return separator.join([name if len(name) <= 3 else MASK, *shown])


def _element(name: str, number: int, element: str, elements: list[str]) -> str:
    is_shown = number in _SHOWN.get(name, ())
    if name in {"DTM", "DTP"}:
        is_shown = number == 1 or elements[0].strip() in _SERVICE_DATES
    if is_shown or not element.strip():
        return element
    leading = _LEADING.get(name, {}).get(number)
    return MASK if leading is None else _composite(element, leading)


def _composite(element: str, leading: int) -> str:
    """Every such composite starts with a code of two characters, then its separator."""
    separator = element[_CODE_LENGTH : _CODE_LENGTH + 1]
    if not separator or separator.isalnum():
        return element if len(element) <= _CODE_LENGTH else MASK
    parts = element.split(separator)
    hidden = [MASK if part else part for part in parts[leading:]]
    return separator.join([*parts[:leading], *hidden])
