"""837 claims: which loop an element belongs to, and what makes the same claim the same."""

from decimal import Decimal
from pathlib import Path

import pytest

from billing.x12.reader import read_x12

pytestmark = pytest.mark.promise(
    "The same claim in another envelope is the same claim; another content is another",
    "A claim that cannot be read whole is held, not posted in part",
)

FIXTURES = Path(__file__).parents[1] / "fixtures" / "x12"
SECONDARY = (FIXTURES / "secondary.837").read_bytes()
INSTITUTIONAL = (FIXTURES / "institutional.837").read_bytes()


def _hash(content: bytes) -> str:
    found: str = read_x12(content).tables["claim"]["content_hash"][0].as_py()
    return found


def test_a_claim_keeps_its_hash_in_another_envelope() -> None:
    other = SECONDARY.replace(b"000000104", b"000000999").replace(b"\n", b"\r\n")
    other = other.replace(b"BATCH1", b"BATCH9").replace(b"*", b"|").replace(b":", b">")
    assert _hash(other) == _hash(SECONDARY)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"CLM*S-1*200", b"CLM*S-2*200"),
        (b"*PI*BLU01", b"*PI*UNC01"),
        (b"SBR*S**GRP1", b"SBR*P**GRP1"),
        (b"XX*1003000126", b"XX*1699999997"),
        (b"DTP*472*D8*20260801", b"DTP*472*D8*20260802"),
    ],
)
def test_a_claim_with_other_content_has_another_hash(old: bytes, new: bytes) -> None:
    assert old in SECONDARY
    assert _hash(SECONDARY.replace(old, new)) != _hash(SECONDARY)


def test_each_claim_has_a_hash_of_its_own() -> None:
    hashes = read_x12(INSTITUTIONAL).tables["claim"]["content_hash"].to_pylist()
    assert len(set(hashes)) == 2


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        (b"005010X222A2", "837P"),
        (b"004010X098A1", "837P"),
        (b"005010X223A3", "837I"),
        (b"005010X224A2", "837D"),
        (b"005010X298", "837P"),
        (b"", "837P"),
    ],
)
def test_the_guide_names_the_kind_and_the_lines_do_where_it_is_unknown(
    version: bytes, kind: str
) -> None:
    content = SECONDARY.replace(b"005010X222A1", version)
    assert read_x12(content).tables["claim"]["claim_kind"].to_pylist() == [kind]


def test_a_claim_without_any_line_does_not_match_its_charge() -> None:
    start, end = SECONDARY.index(b"LX*1"), SECONDARY.index(b"SE*39")
    parsed = read_x12(SECONDARY[:start] + SECONDARY[end:])
    assert parsed.tables["claim"]["finding_code"].to_pylist() == ["CLAIM_LINES_OFF"]


def test_lines_without_their_counter_segment_still_belong_to_the_claim() -> None:
    content = SECONDARY.replace(b"LX*1~\n", b"").replace(b"LX*2~\n", b"")
    parsed = read_x12(content)
    assert parsed.tables["claim"]["finding_code"].to_pylist() == [None]
    assert parsed.tables["claim_line"]["charge_amount"].to_pylist() == [Decimal(150), Decimal(50)]


def test_a_line_charge_that_cannot_be_read_holds_the_claim() -> None:
    parsed = read_x12(SECONDARY.replace(b"36415*50*UN", b"36415*5O*UN"))
    assert parsed.tables["claim"]["finding_code"].to_pylist() == ["AMOUNT_UNREADABLE"]
    assert parsed.tables["claim_line"]["charge_amount"].to_pylist() == [Decimal(150), None]
    (told,) = [item for item in parsed.findings if item.code == "AMOUNT_UNREADABLE"]
    assert (told.segment, told.amount, told.record_kind) == (39, Decimal(200), "claim")


def test_units_that_cannot_be_read_are_a_warning() -> None:
    parsed = read_x12(SECONDARY.replace(b"*UN*1.5*", b"*UN*1.5555*"))
    assert ("UNITS_UNREADABLE", "warning") in {
        (item.code, item.severity) for item in parsed.findings
    }


def test_a_claim_cut_off_by_the_end_of_the_file_is_not_postable() -> None:
    parsed = read_x12(INSTITUTIONAL[: INSTITUTIONAL.index(b"LX*2")])
    assert parsed.tables["claim"]["finding_code"].to_pylist() == ["TRUNCATED"]


def test_an_837_without_claims_is_said_so() -> None:
    start, end = SECONDARY.index(b"CLM*"), SECONDARY.index(b"SE*39")
    parsed = read_x12(SECONDARY[:start] + SECONDARY[end:])
    assert "NO_CLAIM" in {item.code for item in parsed.findings}
