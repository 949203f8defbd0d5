"""The reader over public X12 files that others wrote, against an independent analyser's counts
and a plain reading of each segment. Skipped where the files are not there.
"""

import csv
import os
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path

import pytest

from billing.parsed import ParsedFile
from billing.x12.check import check
from billing.x12.delimiters import Delimiters
from billing.x12.excerpt import segments
from billing.x12.framing import (
    BLANK,
    COMPONENT,
    ELEMENT,
    REPETITION,
    SEGMENT,
    blocks,
    frame,
)
from billing.x12.reader import read_x12
from billing.x12.source import Source

SHARED = Path(os.environ.get("TIEOUT_SHARED_DATA", Path(__file__).parents[3] / "shared/data"))
FOLDER = SHARED / "x12"
pytestmark = [
    pytest.mark.promise(
        "Public X12 files are read to the last segment and agree with an independent count"
    ),
    pytest.mark.skipif(
        not (FOLDER / "MANIFEST.csv").exists(), reason="shared X12 files are not there"
    ),
]


@cache
def _manifest() -> tuple[dict[str, str], ...]:
    if not (FOLDER / "MANIFEST.csv").exists():
        return ()
    with (FOLDER / "MANIFEST.csv").open() as file:
        return tuple(csv.DictReader(file))


@cache
def _parsed(path: str) -> ParsedFile:
    return read_x12((FOLDER / path).read_bytes())


def _files(prefix: str) -> list[dict[str, str]]:
    return [row for row in _manifest() if row["transaction"].startswith(prefix)]


def _segment_count(parsed: ParsedFile, table: str) -> int:
    return len(set(parsed.tables[table]["segment"].to_pylist()))


def test_every_file_is_read_to_its_last_segment_and_written_back() -> None:
    for row in _manifest():
        parsed = _parsed(row["path"])
        assert parsed.segments == int(row["segments"]), row["path"]
        assert parsed.reserialised, row["path"]
        assert parsed.records or parsed.findings, row["path"]


def test_every_835_has_the_claims_lines_and_adjustments_that_were_counted() -> None:
    assert _files("835")
    for row in _files("835"):
        parsed = _parsed(row["path"])
        assert len(parsed.tables["remittance_claim"]) == int(row["clp"]), row["path"]
        assert len(parsed.tables["remittance_line"]) == int(row["svc"]), row["path"]
        assert _segment_count(parsed, "claim_adjustment") == int(row["cas"]), row["path"]
        assert _segment_count(parsed, "provider_adjustment") == int(row["plb"]), row["path"]


def test_every_837_has_the_claims_that_were_counted() -> None:
    assert _files("837")
    for row in _files("837"):
        parsed = _parsed(row["path"])
        assert len(parsed.tables["claim"]) == int(row["clm"]), row["path"]
        assert parsed.tables["claim"]["charge_amount"].null_count == 0, row["path"]


def test_a_clean_835_has_no_error_and_an_unbalanced_one_has_its_level() -> None:
    levels = {"L1": "REMITTANCE_OFF_BALANCE", "L2": "CLAIM_OFF_BALANCE", "L3": "LINE_OFF_BALANCE"}
    for row in _files("835"):
        errors = {item.code for item in _parsed(row["path"]).findings if item.severity == "error"}
        told = {code for level, code in levels.items() if f"835 {level}" in row["why"]}
        assert told <= errors, row["path"]
        if row["verdict"] == "ok":
            assert errors == set(), row["path"]


def test_every_finding_names_a_segment_of_the_file() -> None:
    for row in _manifest():
        parsed = _parsed(row["path"])
        for item in parsed.findings:
            assert 0 <= item.segment <= parsed.segments, row["path"]
            assert item.segment > 0 or item.code == "UNREAD_BYTES", row["path"]


def test_excerpts_find_the_segment_that_a_row_points_at() -> None:
    anchors = {"claim": "CLM", "remittance_claim": "CLP", "remittance_line": "SVC"}
    anchors |= {"claim_adjustment": "CAS", "provider_adjustment": "PLB", "remittance": "ST"}
    for row in _manifest():
        content = (FOLDER / row["path"]).read_bytes()
        found = {ordinal: text for ordinal, _, text in segments(content)}
        assert len(found) == int(row["segments"]), row["path"]
        for table, name in anchors.items():
            for ordinal in _parsed(row["path"]).tables[table]["segment"].to_pylist():
                assert found[ordinal].startswith(name.encode()), row["path"]


def test_claims_that_do_not_match_their_lines_are_the_ones_a_plain_reading_finds() -> None:
    for row in _files("837"):
        parsed = _parsed(row["path"])
        told = {item.segment for item in parsed.findings if item.code == "CLAIM_LINES_OFF"}
        assert told == set(_lines_off((FOLDER / row["path"]).read_bytes())), row["path"]


def _lines_off(content: bytes) -> Iterator[int]:
    """Read segment by segment, knowing nothing of loops: lines belong to the last claim."""
    claim, charge, lines = 0, Decimal(0), Decimal(0)
    for ordinal, name, elements in _elements(content):
        if name in {"CLM", "SE"} and claim and charge != lines:
            yield claim
        if name == "CLM":
            claim, charge, lines = ordinal, Decimal(elements[2]), Decimal(0)
        elif name == "SE":
            claim = 0
        elif name in {"SV1", "SV2", "SV3"}:
            lines += _amount(elements[3 if name == "SV2" else 2])


def _elements(content: bytes) -> Iterator[tuple[int, str, list[str]]]:
    ordinal = 0
    for interchange in frame(Source(content)).interchanges:
        raw = content[interchange.start : interchange.end].decode("latin-1")
        for piece in raw.split(interchange.delimiters.segment.decode("latin-1")):
            text = re.sub(r"[\r\n\x00]", "", piece).strip()
            if text:
                ordinal += 1
                elements = text.split(interchange.delimiters.element.decode("latin-1"))
                yield ordinal, elements[0], elements


def _amount(written: str) -> Decimal:
    try:
        return Decimal(written)
    except InvalidOperation:
        return Decimal("NaN")


@pytest.mark.long
def test_the_printed_figures_of_every_file_are_those_that_were_counted() -> None:
    for row in _manifest():
        found = check((FOLDER / row["path"]).read_bytes(), row["path"])
        assert found["segments"] == found["accounted"] == int(row["segments"]), row["path"]
        told = found["transactions"]
        assert sum(one["claims"] for one in told) == int(row["clm"]) + int(row["clp"]), row["path"]
        assert sum(one["statuses"] for one in told) == int(row["stc"]), row["path"]
        if row["transaction"].startswith("835"):
            lines = sum(one["service_lines"] for one in told)
            assert lines == int(row["svc"]), row["path"]
        adjusted = sum(one["adjustments"] for one in told)
        withheld = sum(one["provider_adjustments"] for one in told)
        # A segment holds one to six of them.
        assert int(row["cas"]) <= adjusted <= 6 * int(row["cas"]), row["path"]
        assert int(row["plb"]) <= withheld <= 6 * int(row["plb"]), row["path"]


def test_every_cas_is_in_a_row_and_every_reversal_is_known_as_one() -> None:
    for row in _manifest():
        parsed = _parsed(row["path"])
        own = _segment_count(parsed, "claim_adjustment")
        assert own + _segment_count(parsed, "x12_adjustment") == int(row["cas"]), row["path"]
        codes = parsed.tables["remittance_claim"]["claim_status_code"].to_pylist()
        assert codes.count("22") == int(row["reversals"]), row["path"]


def test_every_file_is_its_segments_and_the_blanks_between_them_byte_for_byte() -> None:
    for row in _manifest():
        content = (FOLDER / row["path"]).read_bytes()
        assert _written_back(content) == content, row["path"]


def _written_back(content: bytes) -> bytes:
    """Write a file from what is kept: canonical segments, delimiters, and what lies between.

    What lies between is blank: line ends, spaces and terminators. The case of an id is that of
    the file, since ids are kept in upper case.
    """
    source, out, at = Source(content), [], 0
    for interchange in frame(source).interchanges:
        out.append(content[at : interchange.start])  # what stands before the first ISA
        at = max(at, interchange.start)
        body = b"".join(block.body for block in blocks(source, interchange))
        for segment in body.split(SEGMENT)[:-1]:
            plain = _with_delimiters(segment, interchange.delimiters)
            start = _after_blanks(content, at, interchange.delimiters.segment)
            assert content[start : start + 3].upper() == plain[:3].upper()
            out += [content[at:start], content[start : start + 3], plain[3:]]
            at = start + len(plain)
    rest = content[at:]
    assert not rest.strip(BLANK + b"".join(_terminators(source)))
    return b"".join([*out, rest])


def _with_delimiters(segment: bytes, marks: Delimiters) -> bytes:
    plain = segment.replace(ELEMENT, marks.element).replace(COMPONENT, marks.component)
    return plain.replace(REPETITION, marks.repetition or REPETITION)


def _after_blanks(content: bytes, at: int, terminator: bytes) -> int:
    while content[at : at + 1] in {terminator, *(bytes([one]) for one in BLANK)}:
        at += 1
    return at


def _terminators(source: Source) -> list[bytes]:
    return [one.delimiters.segment for one in frame(source).interchanges]
