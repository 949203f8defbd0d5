"""A file that holds too much ends in a finding; what stands before the limit is read."""

import pytest

from billing.parsed import ParsedFile
from billing.x12.limits import Limits
from billing.x12.reader import read_x12

PROMISE = "One file cannot use up the machine: beyond a limit it ends in an exception that names it"
ISA = (
    "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260101*1200*^*00501"
    "*000000001*0*P*:~"
)
GS = "GS*HP*A*B*20260101*1200*1*X*005010X221A1~"
PAYMENT = "ST*835*1~BPR*I*0*C*ACH~SE*3*1~"
WIDTHS = (1, 64, 3_500_000)


def file_of(body: str, groups: int = 1) -> bytes:
    """Put an envelope around transactions."""
    return f"{ISA}{GS}{body}GE*{body.count('ST*')}*1~IEA*{groups}*000000001~".encode()


def of_limit(read: ParsedFile) -> list[tuple[int, str, str]]:
    """Return place, rule and severity of what says that the file was not read to its end."""
    return [
        (one.segment, one.rule, one.severity) for one in read.findings if one.code == "FILE_LIMIT"
    ]


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("width", WIDTHS)
def test_transactions_beyond_the_limit_are_one_finding(width):
    read = read_x12(file_of(PAYMENT * 4), width, Limits(transactions=3))
    assert of_limit(read) == [(12, "A file has at most 3 transactions", "error")]
    assert read.tables["x12_transaction"]["segment"].to_pylist() == [3, 6, 9]
    assert read.tables["remittance"]["finding_code"].to_pylist() == [None] * 3
    assert (read.segments, read.accounted) == (11, 11)
    assert [one.code for one in read.findings] == ["FILE_LIMIT"]


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("width", WIDTHS)
def test_transaction_cut_by_the_segment_limit_is_held(width):
    read = read_x12(file_of(PAYMENT * 2), width, Limits(segments=7))
    assert of_limit(read) == [(8, "A file has at most 7 segments", "error")]
    assert read.tables["remittance"]["finding_code"].to_pylist() == [None, "TRUNCATED"]
    assert (read.segments, read.accounted) == (7, 7)


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("width", WIDTHS)
def test_interchanges_beyond_the_limit_are_one_finding(width):
    read = read_x12(file_of(PAYMENT) * 3, width, Limits(interchanges=2))
    assert of_limit(read) == [(15, "A file has at most 2 interchanges", "error")]
    assert len(read.tables["remittance"]) == 2


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("width", WIDTHS)
def test_empty_groups_beyond_the_limit_are_one_finding(width):
    read = read_x12(f"{ISA}{GS * 50}".encode(), width, Limits(envelope_segments=5))
    assert of_limit(read) == [(6, "A file has at most 5 envelope segments", "error")]
    assert read.segments == 5


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("width", WIDTHS)
def test_findings_beyond_the_limit_are_counted(width):
    unreadable = "ST*835*1~BPR*I*x*C*ACH~SE*3*1~"
    read = read_x12(file_of(unreadable * 9), width, Limits(findings=4))
    told = [one for one in read.findings if one.code == "AMOUNT_UNREADABLE"]
    assert [one.segment for one in told] == [3, 6, 9, 12]
    (more,) = [one for one in read.findings if one.code == "MORE_FINDINGS"]
    assert (more.rule, more.message) == (
        "The first 4 findings of a file are listed",
        "5 more findings of this file are not listed",
    )
    assert read.tables["remittance"]["finding_code"].to_pylist() == ["AMOUNT_UNREADABLE"] * 9


@pytest.mark.promise(PROMISE)
def test_limit_is_listed_where_findings_are_too_many():
    read = read_x12(file_of("ST*835*1~SE*2*1~" * 9), limits=Limits(transactions=8, findings=2))
    assert sorted({one.code for one in read.findings}) == [
        "AMOUNT_UNREADABLE",
        "FILE_LIMIT",
        "MORE_FINDINGS",
    ]


@pytest.mark.promise(PROMISE)
def test_file_at_its_limits_has_no_finding():
    limits = Limits(interchanges=1, transactions=2, envelope_segments=8, segments=10, findings=0)
    read = read_x12(file_of(PAYMENT * 2), limits=limits)
    assert (read.findings, len(read.tables["remittance"])) == ((), 2)


@pytest.mark.promise(PROMISE)
def test_segments_without_a_claim_end_after_500_000():
    body = "ST*835*1~BPR*I*0*C*ACH~" + "N~" * 900_000 + "SE*900003*1~" + PAYMENT
    read = read_x12(file_of(body))
    assert [one.code for one in read.findings] == ["TRANSACTION_TOO_LONG"]
    assert len(read.tables["x12_segment"]) < 700_000
    assert read.accounted == read.segments == 900_010
    assert read.tables["remittance"]["finding_code"].to_pylist() == ["TRUNCATED", None]
