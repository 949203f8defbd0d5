"""Whatever bytes come: the reader ends, says what is wrong, and accounts for every segment."""

import gzip
import io
import random
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.intake import is_complete, recognise
from billing.parsed import ParsedFile
from billing.x12.check import check
from billing.x12.reader import read_x12
from billing.x12.show import show

pytestmark = pytest.mark.promise(
    "The X12 reader ends on any bytes, says what is wrong, accounts for every segment",
    "Reading in portions gives the same rows in time that grows with the file alone",
)

FIXTURES = sorted((Path(__file__).parents[1] / "fixtures/x12").glob("*.[8x]*"))
CONTENTS = [one.read_bytes() for one in FIXTURES]
PIECES = (
    b"ISA*", b"GS*HP*", b"ST*835*1~", b"SE*1*1~", b"CLP*", b"CAS*", b"LX*1~", b"HL*1**20*1~",
    b"SV1*HC:1*1~", b"NM1*IL~", b"IEA*1*1~", b"~", b"*", b":", b"^", b"\x1c", b"\x1d", b"\x1e",
    b"\x1f", b"\x00", b"\xff", b"*" * 300, b"9" * 40, b"\xef\xbb\xbf", b"\r\n",
)  # fmt: skip
MUTATIONS = 120
EVERY_ONE = pytest.param(1, marks=pytest.mark.long)
_ORDER = ("segment", "repetition", "adjustment_no")


def _whole(content: bytes) -> ParsedFile:
    parsed = read_x12(content)
    assert parsed.accounted == parsed.segments
    assert parsed.reserialised
    assert parsed.segments or parsed.findings
    return parsed


@pytest.mark.parametrize("content", CONTENTS, ids=lambda one: str(len(one)))
@pytest.mark.parametrize("step", [7, EVERY_ONE])
def test_a_file_cut_after_a_segment_is_read_and_said_to_be_cut(content: bytes, step: int) -> None:
    """Cut after every seventh segment, and after each one in the long suite."""
    ends = [at + 1 for at, byte in enumerate(content) if byte == ord("~")]
    for end in ends[2:-1:step]:
        parsed = _whole(content[:end])
        codes = {one.code for one in parsed.findings}
        assert codes & {"TRUNCATED", "GE_MISSING", "IEA_MISSING"}, end


@pytest.mark.parametrize("content", CONTENTS, ids=lambda one: str(len(one)))
@pytest.mark.parametrize("step", [127, pytest.param(17, marks=pytest.mark.long)])
def test_a_file_cut_at_any_byte_is_read_up_to_there(content: bytes, step: int) -> None:
    for end in range(0, len(content), step):
        _whole(content[:end])


@pytest.mark.parametrize(
    ("seed", "mutations"),
    [(0, 40), *(pytest.param(seed, MUTATIONS, marks=pytest.mark.long) for seed in range(4))],
)
def test_random_damage_ends_in_rows_and_findings(seed: int, mutations: int) -> None:
    chance = random.Random(seed)
    for _ in range(mutations):
        content = bytearray(chance.choice(CONTENTS))
        for _ in range(chance.choice((1, 1, 2, 5, 20))):
            _damage(content, chance)
        _whole(bytes(content))
        show(bytes(content))


def _damage(content: bytearray, chance: random.Random) -> None:
    if not content:
        return
    at, to = sorted(chance.randrange(len(content)) for _ in range(2))
    match chance.randrange(5):
        case 0:
            content[at] = chance.randrange(256)
        case 1:
            content[at:at] = chance.choice(PIECES)
        case 2:
            del content[at : at + chance.randrange(1, 60)]
        case 3:
            content[at:at] = content[to : to + chance.randrange(1, 400)]
        case _:
            del content[to:]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=12)), max_size=60))
def test_any_sequence_of_pieces_behind_a_header_is_accounted_for(pieces: list[bytes]) -> None:
    header = CONTENTS[0][: CONTENTS[0].index(b"GS*")]
    _whole(header + b"GS*HP*A*B*20260801*0600*1*X*005010X221A1~" + b"".join(pieces))


def test_one_segment_of_megabytes_is_one_segment() -> None:
    content = next(one for one in CONTENTS if b"CLP*" in one)
    long = b"NTE*ADD*" + b"A*B:" * 500_000 + b"~"
    parsed = _whole(content.replace(b"CLP*", long + b"CLP*", 1))
    assert parsed.segments == read_x12(content).segments + 1


def _zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("remittance.835", b"0" * 5_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 1000,
        _zipped(),
        gzip.compress(b"ISA*" * 100_000),
        CONTENTS[0].decode("latin-1").encode("utf-16"),
        CONTENTS[0].decode("latin-1").encode("utf-32"),
        b"%PDF-1.7 ISA ST SE",
    ],
    ids=["nothing", "zeros", "zip", "gzip", "UTF-16", "UTF-32", "PDF"],
)
def test_what_is_no_x12_is_refused_with_a_finding_and_never_unpacked(content: bytes) -> None:
    found = check(content, "named.835")
    assert [one["code"] for one in found["findings"]] == ["UNREADABLE_X12"]
    assert found["transactions"] == []


@pytest.mark.parametrize("width", [1, 500, 4_000])
def test_reading_a_file_in_portions_gives_the_same_rows_as_at_once(width: int) -> None:
    for content in CONTENTS:
        whole, portions = read_x12(content), read_x12(content, width)
        assert portions.findings == whole.findings
        assert portions.accounted == portions.segments == whole.segments
        for name, rows in whole.tables.items():
            order = [(one, "ascending") for one in rows.column_names if one in _ORDER]
            found = portions.tables[name].sort_by(order).combine_chunks()
            assert found.equals(rows.sort_by(order).combine_chunks()), name


@pytest.mark.parametrize(
    "content",
    [
        b"ST*835*" + b" " * 400_000 + b"x",
        b"ST*835*1 " * 40_000,
        CONTENTS[0].rstrip(b"\r\n~") + b" " * 400_000 + b"x" * 400_000 + b" ",
        b"ISA*" * 100_000,
        CONTENTS[0] + b"SE*" * 100_000 + b"~",
        CONTENTS[0][:106] + b"GS*HP*1~ST*835*1~SE*2*1~" * 10_000,
    ],
    ids=["blanks", "ST", "trailer", "ISA", "elements", "transactions"],
)
def test_what_repeats_without_end_is_read_in_time_that_grows_with_it_alone(content: bytes) -> None:
    """With a step that looks at every pair of bytes, this would not end within a day."""
    is_complete(content, recognise(content, "long.835"))
    _whole(content)
