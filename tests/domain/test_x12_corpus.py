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
from billing.x12.excerpt import segments
from billing.x12.framing import BLANK, blocks, canonical, frame
from billing.x12.reader import read_x12
from billing.x12.source import Source

SHARED = Path(os.environ.get("TIEOUT_SHARED_DATA", Path(__file__).parents[3] / "shared/data"))
FOLDER = SHARED / "x12"
pytestmark = pytest.mark.skipif(
    not (FOLDER / "MANIFEST.csv").exists(), reason="shared X12 files are not there"
)


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


def test_every_file_is_its_segments_and_blanks_between_them_byte_for_byte() -> None:
    """Each segment stands in the file at its place, and together they are what is read."""
    for row in _manifest():
        content = (FOLDER / row["path"]).read_bytes()
        source = Source(content)
        for one in frame(source).interchanges:
            marks, end = one.delimiters, one.start
            own = [item for item in segments(content) if one.start <= item[1] < one.end]
            for _, offset, raw in own:
                assert content[offset : offset + len(raw)] == raw, row["path"]
                assert not content[end:offset].strip(BLANK + marks.segment), row["path"]
                end = offset + len(raw)
            assert not content[end : one.end].strip(BLANK + marks.segment), row["path"]
            written = b"".join(canonical(raw + marks.segment, marks) for _, _, raw in own)
            read = b"".join(block.body for block in blocks(source, one))
            assert written == read, row["path"]


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
