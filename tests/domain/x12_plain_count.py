"""A second count of an X12 file, written from X12.5 and the guides and from nothing of `billing`:
text is split, segments are walked once, amounts are summed. Slow, and easy to check by eye.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

BLANK = " \t\r\n\0\x1a"
ENVELOPE = {"ISA", "IEA", "GS", "GE", "ST", "SE", "TA1", "ISB", "ISE"}
# Where charge, payment and patient responsibility stand, by segment.
CLAIM = {"CLM": (2, None, None), "CLP": (3, 4, 5)}
LINE = {"SVC": (2, 3), "SV1": (2, None), "SV2": (3, None), "SV3": (2, None)}
_AMOUNT = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_MOST_DIGITS = 12

Segment = list[str]


@dataclass
class Balance:
    """One claim or line: what it charged, what was paid, and all adjustments of it."""

    charge: Decimal | None
    paid: Decimal | None
    parts: list[Decimal | None] = field(default_factory=list)

    def is_off(self) -> bool:
        """Say whether charge less parts is not the payment; False where that is not known."""
        known = [one for one in self.parts if one is not None]
        if self.charge is None or self.paid is None or len(known) < len(self.parts):
            return False
        return self.charge - sum(known, Decimal(0)) != self.paid


@dataclass
class Set:
    """The figures of one ST to SE."""

    set_id: str
    version: str | None
    counts: Counter[str] = field(default_factory=Counter)
    sums: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    adjusted: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    payment: Decimal | None = None
    has_payment: bool = False
    paid: list[Decimal | None] = field(default_factory=list)
    withheld: list[Decimal | None] = field(default_factory=list)
    claims: list[Balance] = field(default_factory=list)
    lines: list[Balance] = field(default_factory=list)

    def off_balance(self) -> dict[str, int]:
        """Count what does not add up: an 835 at three levels, the claims of an 837."""
        levels = {"payment": 0, "claim": 0, "line": 0}
        if self.set_id in {"835", "837"}:
            levels["claim"] = sum(one.is_off() for one in self.claims)
        if self.set_id == "835":
            levels["line"] = sum(one.is_off() for one in self.lines)
            withheld = [None if one is None else -one for one in self.withheld]
            whole = Balance(Decimal(0), self.payment, [*map(_negated, self.paid + withheld)])
            levels["payment"] = int(whole.is_off())
        return levels


def _negated(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else -amount


@dataclass
class Count:
    """The figures of one file."""

    segments: int = 0
    interchanges: int = 0
    sets: list[Set] = field(default_factory=list)


def amount(segment: Segment, number: int) -> Decimal | None:
    """Return element `number` as an X12 R (or N) in whole cents, None where it is none."""
    written = segment[number].strip() if len(segment) > number else ""
    if not _AMOUNT.fullmatch(written):
        return None
    value = Decimal(written)
    is_whole_cents = value == value.quantize(Decimal("0.01"))
    return value if is_whole_cents and abs(value) < 10**_MOST_DIGITS else None


def count(content: bytes) -> Count:
    """Count a file."""
    found = Count()
    version: str | None = None
    current: Set | None = None
    for segment in _segments(content):
        name = segment[0]
        found.segments += 1
        found.interchanges += name == "ISA"
        if name in ENVELOPE:
            current = None
        if name in {"ISA", "GS", "GE", "IEA"}:
            version = _element(segment, 8) if name == "GS" else None
        elif name == "ST":
            current = Set(_element(segment, 1) or "?", _element(segment, 3) or version)
            found.sets.append(current)
        elif current is not None:
            _add(current, segment)
    return found


def _element(segment: Segment, number: int) -> str | None:
    return (segment[number].strip() or None) if len(segment) > number else None


def _segments(content: bytes) -> Iterator[Segment]:
    """Yield the elements of each segment; an ISA declares anew what separates them."""
    text = content.decode("latin-1").removeprefix("\xef\xbb\xbf")
    at = _first(text)
    while at is not None and at < len(text):
        element, terminator = _separators(text, at)
        end = at
        following = None
        while end < len(text):
            stop = text.find(terminator, end)
            stop = len(text) if stop < 0 else stop
            raw = (
                re.sub("[\r\n\0]", "", text[end:stop]) if element not in "\r\n" else text[end:stop]
            )
            raw = raw.strip(BLANK.replace(element, ""))
            if end > at and re.match(r"ISA[^A-Z0-9\s]", raw, re.IGNORECASE):
                following = text.index(raw[:4], end)
                break
            end = stop + 1
            if raw:
                name, *rest = raw.split(element)
                yield [name.strip().upper(), *rest]
        at = following


def _first(text: str) -> int | None:
    for name in ("ISA", "GS", "ST"):
        digits = r"[0-9]{3}\1" if name == "ST" else r"[A-Z]{2}\1" if name == "GS" else ""
        found = re.search(rf"(?<![A-Z0-9]){name}([^A-Z0-9\s.,']){digits}", text, re.IGNORECASE)
        if found:
            return found.start()
    return None


def _separators(text: str, at: int) -> tuple[str, str]:
    """X12.5: the byte after ISA separates elements, the one after ISA16 ends segments."""
    if text[at : at + 3].upper() == "ISA":
        element = text[at + 3]
        fields = text[at : at + 400].split(element, 16)
        if len(fields) > 16 and len(fields[16]) > 1:
            return element, fields[16][1]
    element = text[at + 2]
    e = re.escape(element)
    tail = re.search(rf"(?<![A-Z0-9])ST{e}[0-9]{{3}}{e}[^{e}\W]*(?:{e}[^{e}\W]*)?(\W)", text[at:])
    return element, tail[1] if tail else "~"


def _add(one: Set, segment: Segment) -> None:
    name = segment[0]
    one.counts[name] += 1
    if name in CLAIM:
        _add_claim(one, segment, *CLAIM[name])
    elif name in LINE:
        _add_line(one, segment, *LINE[name])
    elif name == "CAS":
        _add_adjustments(one, segment)
    elif name == "PLB":
        _add_provider_adjustments(one, segment)
    elif name == "BPR" and not one.has_payment:
        one.has_payment, one.payment = True, amount(segment, 2)


def _sum(one: Set, name: str, value: Decimal | None) -> Decimal | None:
    one.sums[name] += value or 0
    return value


def _add_claim(
    one: Set, segment: Segment, charge: int, paid: int | None, patient: int | None
) -> None:
    charged = _sum(one, "charge", amount(segment, charge))
    one.lines.append(Balance(None, None))  # adjustments from here on are the claim's
    if paid is None or patient is None:
        one.claims.append(Balance(charged, Decimal(0)))
        return
    one.claims.append(Balance(charged, _sum(one, "paid", amount(segment, paid))))
    one.paid.append(one.claims[-1].paid)
    _sum(one, "patient_responsibility", amount(segment, patient))


def _add_line(one: Set, segment: Segment, charge: int, paid: int | None) -> None:
    charged = _sum(one, "line_charge", amount(segment, charge))
    if paid is not None:
        one.lines.append(Balance(charged, _sum(one, "line_paid", amount(segment, paid))))
    elif one.claims:
        one.claims[-1].parts.append(charged)


def _add_adjustments(one: Set, segment: Segment) -> None:
    for start in range(2, min(len(segment), 20), 3):
        if not any(part.strip() for part in segment[start : start + 2]):
            continue
        value = amount(segment, start + 1)
        one.counts["adjustments"] += 1
        one.adjusted[_element(segment, 1) or ""] += value or 0
        if one.claims and one.set_id == "835":
            one.claims[-1].parts.append(value)
            one.lines[-1].parts.append(value)


def _add_provider_adjustments(one: Set, segment: Segment) -> None:
    for start in range(3, min(len(segment), 15), 2):
        if any(part.strip() for part in segment[start : start + 2]):
            one.counts["provider_adjustments"] += 1
            one.withheld.append(_sum(one, "provider_adjusted", amount(segment, start + 1)))


def figures(one: Set) -> dict[str, object]:
    """Return the figures under the names of `tieout x12 check --json`."""
    counts = one.counts
    named = ("charge", "paid", "patient_responsibility", "line_charge", "line_paid")
    return {
        "set": one.set_id,
        "version": one.version,
        "claims": sum(counts[name] for name in CLAIM),
        "service_lines": sum(counts[name] for name in LINE),
        "adjustments": counts["adjustments"],
        "provider_adjustments": counts["provider_adjustments"],
        "statuses": counts["STC"],
        "benefits": counts["EB"],
        **{name: f"{one.sums[name]:.2f}" for name in (*named, "provider_adjusted")},
        "payment": None if one.payment is None else f"{one.payment:.2f}",
        "adjusted": {name: f"{value:.2f}" for name, value in sorted(one.adjusted.items())},
        "off_balance": one.off_balance(),
    }
