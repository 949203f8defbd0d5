"""Odd but real: envelopes as public files of other projects have them, and what X12.5 says of
them, one sentence each.
"""

import pytest

from billing.x12.check import check
from billing.x12.delimiters import of_header
from billing.x12.framing import frame
from billing.x12.reader import read_x12
from billing.x12.source import Source
from tests.domain.x12_plain_count import count, figures
from tests.domain.x12_samples import balanced, interchange

pytestmark = pytest.mark.promise("Odd envelopes of real files are read as X12.5 says")

CLEAN = interchange([balanced()])
PAYMENT = "105.01"
ISA = b"ISA*00*          *00*          *ZZ*AAA            *ZZ*BBB            *260101*0600*"
ISA += b"^*00501*000000001*0*P*:"


def _codes(content: bytes) -> set[str]:
    return {one["code"] for one in check(content, "odd")["findings"]}


def _assert_is_clean(content: bytes, *, but: frozenset[str] = frozenset()) -> None:
    """The file says what CLEAN says, and nothing but `but` is found."""
    found, whole = check(content, "odd"), check(CLEAN, "odd")
    assert found["transactions"] == whole["transactions"]
    assert (found["segments"], found["interchanges"]) == (whole["segments"], 1)
    assert _codes(content) <= but
    assert read_x12(content).reserialised


def test_an_isa_that_an_st_follows_is_an_interchange_without_group() -> None:
    content = b"~\n".join(one for one in CLEAN.split(b"~\n") if one[:2] not in {b"GS", b"GE"})
    found = check(content.replace(b"IEA*1*", b"IEA*0*"), "odd")
    assert found["interchanges"] == 1
    (one,) = found["transactions"]
    assert (one["set"], one["version"], one["payment"]) == ("835", None, PAYMENT)
    assert found["findings"] == []


@pytest.mark.parametrize("mark", ["…", "¦", "Ö"])
def test_a_terminator_of_several_bytes_is_one_character_of_utf_8(mark: str) -> None:
    _assert_is_clean(CLEAN.replace(b"~", mark.encode()))


def test_a_component_separator_of_several_bytes_leaves_the_terminator_where_it_stands() -> None:
    _assert_is_clean(CLEAN.replace(b":", "¦".encode()), but=frozenset({"ISA_LENGTH"}))


@pytest.mark.parametrize("end", [b" \r\n", b" \n", b"\t\n", b"\r\n", b"\n", b"\r"])
def test_a_blank_before_a_line_end_is_no_terminator_but_the_line_end_is(end: bytes) -> None:
    _assert_is_clean(CLEAN.replace(b"~\n", end), but=frozenset({"ISA_LENGTH"}))


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_an_isa_without_its_last_element_keeps_its_terminator(end: bytes) -> None:
    content = CLEAN.replace(b"*P*:~", b"*P*~").replace(b"~\n", b"~" + end)
    _assert_is_clean(content, but=frozenset({"ISA_LENGTH"}))


@pytest.mark.parametrize("mark", [b" ", b"U", b"1"])
def test_data_is_never_taken_for_a_component_separator(mark: bytes) -> None:
    content = CLEAN.replace(b"*P*:~", b"*P*" + mark + b"~")
    _assert_is_clean(content)


def test_a_separator_inside_a_fixed_width_element_moves_nothing() -> None:
    content = CLEAN.replace(b"*ZZ*PAYER ", b"*ZZ*PA*ER ")
    _assert_is_clean(content, but=frozenset({"ISA_LENGTH", "IEA_CONTROL_OFF"}))


@pytest.mark.parametrize("word", [b"SEE ISA*", b"ISA*", b"(ISA*)", b"ISA~", b"~ISA"])
@pytest.mark.parametrize("before", [b"LX*1", b"PLB*", b"SE*"])
def test_the_word_isa_in_free_text_opens_no_interchange(word: bytes, before: bytes) -> None:
    text = word.replace(b"~", b"")
    content = CLEAN.replace(before, b"NTE*ADD*" + text + b"X~" + before, 1)
    found = check(content, "odd")
    assert len(frame(Source(content)).interchanges) == 1
    assert found["transactions"][0]["payment"] == PAYMENT
    assert found["transactions"][0]["claims"] == 3


def test_a_group_without_transactions_and_without_isa_is_read() -> None:
    content = b"GS*SH*1*2*20111206*1045*00*X*004060\nST*AAA*0001\nSE*2*0001\nGE*1*00\n"
    found = check(content, "odd")
    assert (found["segments"], found["interchanges"]) == (4, 0)
    assert [(one["set"], one["version"]) for one in found["transactions"]] == [("AAA", "004060")]


@pytest.mark.parametrize("composite", [b"HI*ABK>E119", b"STC*A1>20>PR", b"SV1*HC>99213"])
def test_without_isa_the_component_separator_is_what_stands_in_a_composite(
    composite: bytes,
) -> None:
    (one,) = frame(Source(b"ST*837*1~" + composite + b"~SE*3*1~")).interchanges
    assert one.delimiters.component == b">"


def test_an_interchange_cut_off_in_its_isa_before_another_is_no_part_of_it() -> None:
    content = ISA[:60] + b"~\n" + CLEAN
    assert check(content, "odd")["transactions"] == check(CLEAN, "odd")["transactions"]


def test_a_header_is_not_longer_than_the_isa_that_follows_it() -> None:
    assert of_header(ISA + b"~", 0) is not None
    assert of_header(ISA[:-1], 0) is None


@pytest.mark.parametrize(
    "content",
    [
        b"ST*835*" + b" " * 200_000,
        b"ST*835*" + b" " * 100_000 + b"*" + b" " * 100_000,
        b"ST*835*" + b"A" * 200_000,
        b"~ISA*" * 40_000,
        (b"~ISA" + b"*" * 15 + b" " * 300) * 600,
        ISA + b"~ST" + b"*" * 200_000 + b"~",
    ],
    ids=["blanks", "two blanks", "letters", "ISA", "padded ISA", "elements"],
)
def test_no_repetition_makes_the_envelope_take_a_square_of_its_length(content: bytes) -> None:
    """What took minutes ends: that this test does so is what it says."""
    assert read_x12(content).reserialised


def test_the_plain_count_agrees_on_a_clean_file() -> None:
    plain = [figures(one) for one in count(CLEAN).sets]
    assert check(CLEAN, "odd")["transactions"] == plain
