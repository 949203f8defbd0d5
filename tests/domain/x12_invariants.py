"""What holds for the X12 reader whatever bytes come: for the tests of hostile input and for the
fuzzer. Raises AssertionError where it does not.
"""

import re

from billing.intake import FileKind, is_complete, recognise
from billing.parsed import ParsedFile
from billing.x12 import rules
from billing.x12.check import check
from billing.x12.framing import SEGMENT, blocks, frame
from billing.x12.reader import read_x12
from billing.x12.rules import Rule
from billing.x12.show import show
from billing.x12.source import Source

_ELEMENTS = ("CLP03", "CLP04", "SVC02", "SVC03", "CAS amount", "BPR02", "PLB amount", "CLM02")
_RULES = [
    *(one for one in vars(rules).values() if isinstance(one, Rule)),
    *(rules.unreadable_amount(element) for element in (*_ELEMENTS, "Line charge")),
]
# All that a finding may say: whatever is not here would be a value of the document.
_SAID = {(one.code, one.severity, one.rule, one.message) for one in _RULES}
_AMOUNT = re.compile(r"-?[0-9]+\.[0-9]{2}")
_SUMS = ("charge", "paid", "patient_responsibility", "line_charge", "line_paid")


def assert_whole(content: bytes) -> ParsedFile:
    """Read bytes and hold the result to what holds for any bytes."""
    parsed = read_x12(content)
    assert parsed.accounted == parsed.segments
    assert parsed.reserialised
    assert parsed.segments or parsed.findings
    for one in parsed.findings:
        assert (one.code, one.severity, one.rule, one.message) in _SAID
        assert 0 <= one.segment <= parsed.segments
    return parsed


def assert_framed(content: bytes) -> None:
    """Hold delimiters, canonical form and recognition alone to it: many times quicker."""
    source = Source(content)
    framed = frame(source)
    places = [*framed.unread, *((one.start, one.end) for one in framed.interchanges)]
    assert places == sorted(places)
    assert not places or places[-1][1] == len(content)
    for one in framed.interchanges:
        for block in blocks(source, one):
            assert block.is_same
            assert not block.body or block.body.endswith(SEGMENT)
    assert recognise(content, "a.835") in FileKind
    for kind in FileKind:
        is_complete(content, kind)


def assert_invariants(content: bytes) -> None:
    """Hold reader, check, show and recognition to what holds for any bytes."""
    assert_framed(content)
    parsed = assert_whole(content)
    found = check(content, "fuzzed")
    assert found["segments"] == found["accounted"] == parsed.segments
    assert len(found["findings"]) == len(parsed.findings)
    for one in found["transactions"]:
        assert all(_AMOUNT.fullmatch(one[name]) for name in _SUMS)
        assert set(one["off_balance"]) == {"payment", "claim", "line"}
    shown, outside = show(content)
    assert sum(len(one.lines) for one in shown) <= parsed.segments
    inside = sum(len(line.findings) for one in shown for line in one.lines)
    assert inside + len(outside) == len(parsed.findings)
