"""What kind of file some bytes are, and whether all of it has arrived."""

from pathlib import Path

import pytest

from billing.intake import FileKind, is_complete, recognise
from billing.parse import parse

pytestmark = pytest.mark.promise(
    "A file is recognised by its content and taken only once it is complete"
)

FIXTURES = Path(__file__).parents[1] / "fixtures"
REVERSAL = (FIXTURES / "x12" / "reversal.835").read_bytes()
NACHA = (
    b"101 091000019 1234567892609010600A094101BANK                   NORTHLAKE".ljust(94)
    + b"\n"
    + b"9000001000001000000000000000000000000000000000000000000".ljust(94)
    + b"\n"
)
BAI2 = b"01,BANK,NLH,260901,0600,1,,,2/\n99,0,0,2/\n"
NDJSON = b'{"resourceType": "Patient", "id": "1"}\n'
CARDS = b'{"object": "list", "data": [], "has_more": false}'


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (REVERSAL, "anything.bin", FileKind.X12),
        (b"\xef\xbb\xbf\r\n" + REVERSAL, "a", FileKind.X12),
        (REVERSAL.lower(), "a", FileKind.X12),
        (REVERSAL[REVERSAL.index(b"GS*") :], "a", FileKind.X12),
        (REVERSAL[REVERSAL.index(b"ST*") :], "a", FileKind.X12),
        (b"Some words\n" + REVERSAL, "a.txt", FileKind.X12),
        (b"garbage", "payment.835", FileKind.X12),
        (BAI2, "statement.835", FileKind.BAI2),
        (NACHA, "a.txt", FileKind.NACHA),
        (NDJSON, "a", FileKind.FHIR_NDJSON),
        (CARDS, "a", FileKind.CARD_LIST),
        (b"{}", "a.json", FileKind.UNKNOWN),
        (b"Dear sir", "letter.txt", FileKind.UNKNOWN),
        (b"", "empty.835", FileKind.UNKNOWN),
    ],
)
def test_a_file_is_recognised_by_what_it_holds(content: bytes, name: str, kind: FileKind) -> None:
    assert recognise(content, name) is kind


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (REVERSAL, FileKind.X12),
        (REVERSAL.rstrip(), FileKind.X12),
        (REVERSAL.replace(b"~", b""), FileKind.X12),
        (REVERSAL + REVERSAL + b"\x1a", FileKind.X12),
        (BAI2, FileKind.BAI2),
        (NACHA, FileKind.NACHA),
        (NACHA + b"9" * 94 + b"\n", FileKind.NACHA),
        (NACHA.replace(b"\n", b""), FileKind.NACHA),
        (NDJSON, FileKind.FHIR_NDJSON),
        (CARDS, FileKind.CARD_LIST),
        (b"x", FileKind.UNKNOWN),
    ],
)
def test_a_file_with_its_closing_record_is_complete(content: bytes, kind: FileKind) -> None:
    assert is_complete(content, kind)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (REVERSAL.rstrip()[:-1], FileKind.X12),
        (REVERSAL[: REVERSAL.index(b"IEA")], FileKind.X12),
        (REVERSAL + REVERSAL[:400], FileKind.X12),
        (BAI2[:-11], FileKind.BAI2),
        (NACHA[:95], FileKind.NACHA),
        (NACHA[:140], FileKind.NACHA),
        (NACHA[:140].replace(b"\n", b""), FileKind.NACHA),
        (NDJSON[:-1], FileKind.FHIR_NDJSON),
        (CARDS[:-1], FileKind.CARD_LIST),
        (b"", FileKind.UNKNOWN),
    ],
)
def test_a_file_that_is_still_arriving_is_not_complete(content: bytes, kind: FileKind) -> None:
    assert not is_complete(content, kind)


def test_every_byte_less_than_a_whole_file_is_incomplete() -> None:
    whole = REVERSAL.rstrip()
    assert not any(is_complete(whole[:end], FileKind.X12) for end in range(len(whole)))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (REVERSAL, "x12"),
        (BAI2, "bai2"),
        (NACHA, "nacha"),
        (NDJSON, "fhir_ndjson"),
        (CARDS, "card_list"),
    ],
)
def test_parse_hands_a_file_to_the_reader_of_its_kind(content: bytes, kind: str) -> None:
    assert parse(content, "name").kind == kind


def test_a_file_of_no_known_kind_is_one_finding() -> None:
    parsed = parse(b"Dear sir", "letter.txt")
    assert [item.code for item in parsed.findings] == ["UNRECOGNISED_FILE"]
    assert (parsed.records, dict(parsed.tables)) == (0, {})
