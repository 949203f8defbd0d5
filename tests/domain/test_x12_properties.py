"""Whatever amounts and delimiters go in come out; whatever is cut or broken is never silent."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from billing.parse import parse
from billing.parsed import ParsedFile
from billing.x12.excerpt import masked, segments
from billing.x12.reader import read_x12
from tests.domain.x12_samples import Advice, Claim, Line, Marks, balanced, interchange

pytestmark = pytest.mark.promise(
    "Amounts come out of an X12 file exactly as they went in",
    "What is cut or broken in an X12 file is never silent",
)

FIXTURES = Path(__file__).parents[1] / "fixtures" / "x12"
CENTS = st.integers(-(10**9), 10**9)
GROUPS = st.sampled_from(("CO", "PR", "OA", "PI"))
ADJUSTMENTS = st.lists(
    st.tuples(GROUPS, st.sampled_from(("45", "1", "253", "B7")), CENTS), max_size=3
)
LINES = st.builds(Line, CENTS, ADJUSTMENTS.map(tuple))
CLAIMS = st.builds(
    Claim,
    st.text("ABCDEFGH0123456789-", min_size=1, max_size=20),
    st.lists(LINES, max_size=3).map(tuple),
    ADJUSTMENTS.map(tuple),
    CENTS,
)
MARKS = st.permutations("*|^:>~!\\\x1c\x1d\x1e\x1f\x07").flatmap(
    lambda signs: st.sampled_from(("", "\n", "\r\n", "\n\n")).map(
        lambda after: Marks(signs[0], signs[1], signs[2], after)
    )
)
ADVICES = st.builds(
    Advice,
    st.lists(CLAIMS, min_size=1, max_size=4).map(tuple),
    st.lists(st.tuples(st.sampled_from(("WO", "FB", "L6")), CENTS), max_size=3).map(tuple),
    marks=MARKS,
)


def _cents(parsed: ParsedFile, table: str, column: str) -> list[int | None]:
    found = parsed.tables[table][column].to_pylist()
    return [None if value is None else int(value * 100) for value in found]


@settings(max_examples=60, deadline=None)
@given(ADVICES)
def test_amounts_come_out_as_they_went_in(advice: Advice) -> None:
    assume(all(line.charge for claim in advice.claims for line in claim.lines))
    parsed = read_x12(interchange([advice]))
    lines = [line for claim in advice.claims for line in claim.lines]
    assert _cents(parsed, "remittance", "payment_amount") == [advice.payment]
    assert _cents(parsed, "remittance_claim", "paid_amount") == [c.paid for c in advice.claims]
    assert _cents(parsed, "remittance_claim", "charge_amount") == [c.charge for c in advice.claims]
    assert _cents(parsed, "remittance_line", "paid_amount") == [line.paid for line in lines]
    assert _cents(parsed, "provider_adjustment", "amount") == [
        cents for _, cents in advice.provider_adjustments
    ]
    assert sum(filter(None, _cents(parsed, "claim_adjustment", "amount"))) == _adjusted(advice)
    numbers = parsed.tables["remittance_claim"]["claim_number"].to_pylist()
    assert numbers == [claim.number for claim in advice.claims]
    assert {item.code for item in parsed.findings} <= {"NEGATIVE_PAYMENT"}
    assert parsed.reserialised


def _adjusted(advice: Advice) -> int:
    claim_level = [cents for claim in advice.claims for *_, cents in claim.adjustments]
    lines = [line for claim in advice.claims for line in claim.lines]
    return sum(claim_level) + sum(cents for line in lines for *_, cents in line.adjustments)


def test_a_file_cut_after_any_segment_loses_no_money_in_silence() -> None:
    content = interchange([balanced()])
    whole = Decimal(str(balanced().payment)) / 100
    for end in [place for place, byte in enumerate(content) if byte == ord("~")][:-1]:
        parsed = read_x12(content[: end + 1])
        assert parsed.findings, end
        assert _postable(parsed) in (Decimal(0), whole)


# The quick suite cuts after every third byte, which splits each amount of three digits or more.
@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.long)])
def test_a_file_cut_after_any_byte_never_posts_a_part_of_an_amount(step: int) -> None:
    content = interchange([balanced()])
    whole = Decimal(str(balanced().payment)) / 100
    clean = _clean_claims(read_x12(content))
    for end in range(content.index(b"BPR"), len(content), step):
        parsed = read_x12(content[:end])
        assert _postable(parsed) in (Decimal(0), whole), end
        assert _clean_claims(parsed) <= clean, end


def _postable(parsed: ParsedFile) -> Decimal:
    rows = parsed.tables["remittance"].to_pylist()
    return sum((row["payment_amount"] for row in rows if row["finding_code"] is None), Decimal(0))


def _clean_claims(parsed: ParsedFile) -> set[tuple[str, Decimal, Decimal]]:
    rows = parsed.tables["remittance_claim"].to_pylist()
    return {
        (row["claim_number"], row["charge_amount"], row["paid_amount"])
        for row in rows
        if row["finding_code"] is None
    }


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.long)])
def test_every_fixture_cut_after_any_segment_still_reads(step: int) -> None:
    for path in FIXTURES.glob("*.837"):
        content = path.read_bytes()
        clean = _clean_charges(read_x12(content))
        for end in [place for place, byte in enumerate(content) if byte == ord("~")][:-1:step]:
            parsed = read_x12(content[: end + 1])
            assert parsed.findings
            assert _clean_charges(parsed) <= clean


def _clean_charges(parsed: ParsedFile) -> set[tuple[str, Decimal]]:
    rows = parsed.tables["claim"].to_pylist()
    return {(r["claim_number"], r["charge_amount"]) for r in rows if r["finding_code"] is None}


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(path.name for path in FIXTURES.glob("*.*") if path.suffix != ".json")),
    st.lists(st.tuples(st.integers(0, 1400), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_changed_bytes_never_make_the_reader_raise(
    name: str, changes: list[tuple[int, int]]
) -> None:
    content = bytearray((FIXTURES / name).read_bytes())
    for place, byte in changes:
        content[place % len(content)] = byte
    parsed = parse(bytes(content), name)
    assert parsed.findings or parsed.records
    for _, _, text in segments(bytes(content)):
        masked(text)


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=300), st.sampled_from((b"", b"ISA*00*", b"ISA~", b"ST*835*1~", b"GS*HP*"))
)
def test_any_bytes_at_all_are_read_or_refused_with_a_finding(tail: bytes, head: bytes) -> None:
    parsed = read_x12(head + tail)
    assert parsed.findings
