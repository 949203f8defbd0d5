"""Whether an X12 file is whole, judged by its end, against a count of all its envelopes."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billing.intake import FileKind, is_complete

PROMISE = "A file is taken only once its last envelope is closed, and every earlier one"
_PIECES = [
    b"ISA*00*",
    b"isa*00*",
    b"~ISA*1~",
    b"~IEA*1*000000001~",
    b"IEA*1*1~\r\n",
    b"iea*0*1\n",
    b"XISA*2",
    b"~ST*835~",
    b" ",
    b"\x00",
    b"IEA*1*",
    b"1~",
    b"VISA*9~",
    b"~ISA|00|",
    b"~IEA|1|1~",
]
_END = re.compile(
    rb"IEA([^A-Za-z0-9\s])[0-9]{0,5}\1 {0,9}([0-9A-Za-z]{0,35}) {0,9}([^0-9A-Za-z]{0,99})\Z",
    re.IGNORECASE,
)


def counted(body: bytes) -> bool:
    """Count every envelope of the whole file."""
    last = _END.search(body.rstrip(b"\x00\x1a \t"))
    if last is None:
        return False
    opened, closed = (
        len(re.findall(rb"(?:\A|[^A-Za-z0-9])" + name + re.escape(last[1]), body, re.IGNORECASE))
        for name in (b"ISA", b"IEA")
    )
    return bool(last[3]) and opened <= closed


@pytest.mark.promise(PROMISE)
@settings(max_examples=300)
@given(st.lists(st.sampled_from(_PIECES), max_size=9).map(b"".join))
@example(b"ISA*00*~ISA*00*~IEA*1*1~")
@example(b"ISA*00*VISA*~IEA*1*1~")
@example(b"ISA*" + b"~ST*835~" * 500 + b"IEA*1*" + b"9" * 35 + b"~" * 99 + b" " * 900)
def test_end_of_a_file_says_what_a_count_says(body):
    assert is_complete(body, FileKind.X12) == counted(body)
