"""What `trace` may show of an archived segment."""

from pathlib import Path

import pytest

from billing.x12.excerpt import masked, segments

pytestmark = pytest.mark.promise("A trace shows amounts and codes of a segment and hides people")

FIXTURES = Path(__file__).parents[1] / "fixtures" / "x12"


@pytest.mark.parametrize(
    ("segment", "shown"),
    [
        (b"CLP|ACC1|1|100|80|20|12|ICN1|11|1", "CLP|***|1|100|80|20|12|***|11|1"),
        (b"CLM|ACC1|100|||11:B:1|Y|A", "CLM|***|100|||11:B:1|Y|A"),
        (b"NM1|QC|1|BIRD|ROBIN||||MI|M1", "NM1|QC|1|***|***||||MI|***"),
        (b"N3|14 ORCHARD LANE", "N3|***"),
        (b"DMG|D8|20100101|F", "DMG|***|***|***"),
        (b"REF|F8|ICN1", "REF|F8|***"),
        (b"CAS|CO|45|10.5", "CAS|CO|45|10.5"),
        (b"SVC|HC:99213:25|10|5", "SVC|HC:99213:25|10|5"),
        (b"SVC|HC>99213>>>>>A NOTE|10|5", "SVC|HC>99213>>>>>***|10|5"),
        (b"PLB|1234567893|20261231|WO:ACC1|10", "PLB|1234567893|20261231|WO:***|10"),
        (b"DTP|472|D8|20260801", "DTP|472|D8|20260801"),
        (b"DTP|435|D8|20260801", "DTP|435|***|***"),
        (b"BPR|I|5|C|ACH|CCP|01|999|DA|12345", "BPR|I|5|C|ACH|CCP|***|***|***|***"),
        (b"NTE|ADD|CALL ROBIN", "NTE|***|***"),
        (b"HI|ABK:J069", "HI|***"),
        (
            b"STC|A7:562:85|20260901|U|5|||||CHK9|A7:21||ROBIN",
            "STC|A7:562:85|20260901|U|5|||||***|A7:21||***",
        ),
        (b"EB|C|IND|30||ROBIN|23|500|||||Y", "EB|C|IND|30||***|23|500|||||Y"),
        (b"MSG|CALL ROBIN", "MSG|***"),
        (b"K3|ROBIN", "K3|***"),
        (b"III|ZZ|21|44|ROBIN", "III|***|***|***|***"),
        (b"PWK|OZ|BM|||AC|ACC1", "PWK|***|***|||***|***"),
        (b"CR1|LB|145|I|A|DH|2|||ROBIN", "CR1|***|***|***|***|***|***|||***"),
        (b"SV1|HC:99213:::::ROBIN|5", "SV1|HC:99213:::::***|5"),
        (b"FRM|1B||ROBIN", "FRM|***||***"),
        (b"PER|IC|ROBIN|TE|8005550100", "PER|***|***|***|***"),
        (b"IK3|CLM|22||8", "IK3|CLM|22||8"),
        (b"IK4|9:1|67|7|ROBIN", "IK4|9:1|67|7|***"),
        (b"CTX|CLM01:ACC1", "CTX|***"),
        (b"ZZZ|ANYTHING", "ZZZ|***"),
        (b"se|5|0001", "se|5|0001"),
        (b"", ""),
        (b"ROBINBIRD", "***"),
    ],
)
def test_a_masked_segment_keeps_amounts_and_codes_and_hides_people(
    segment: bytes, shown: str
) -> None:
    assert masked(segment) == shown


_FILES = sorted(path for path in FIXTURES.iterdir() if path.suffix != ".json")


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_no_person_account_or_address_survives_the_mask(path: Path) -> None:
    text = "\n".join(masked(segment) for _, _, segment in segments(path.read_bytes()))
    for secret in ("BIRD", "ROBIN", "WREN", "REV-1", "C-1", "S-1", "I-1", "ICN", "MEMBER1", "NEST"):
        assert secret not in text


def test_segments_are_given_with_their_place_in_the_file() -> None:
    content = b"\xef\xbb\xbf" + (FIXTURES / "several_interchanges.x12").read_bytes()
    found = list(segments(content))
    assert [ordinal for ordinal, _, _ in found] == list(range(1, 34))
    assert all(content[start : start + len(text)] == text for _, start, text in found)
    assert found[27][2].startswith(b"CLP|M-1")
