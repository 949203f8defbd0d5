"""`tieout x12 check` against a second way of counting: one that splits text and knows no loops."""

import json
import os
from collections import Counter, defaultdict
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from billing.x12.check import check
from orchestration.cli import app
from tests.domain.x12_samples import balanced, interchange

pytestmark = pytest.mark.promise(
    "`tieout x12 check` counts and sums every public file as a plain split of it does",
    "`tieout x12 check` names file, segment and rule, and masks patient values",
)

SHARED = Path(os.environ.get("TIEOUT_SHARED_DATA", Path(__file__).parents[3] / "shared/data"))
CLEAN = interchange([balanced()])
FOLDER = SHARED / "x12"
_PUBLIC = sorted(
    one
    for one in FOLDER.rglob("*")
    if one.is_file() and "_codelists" not in one.parts and one.suffix not in {".csv", ".md"}
)
# Which element of a segment goes into which sum.
_SUMMED = {
    "CLP": {"charge": 3, "paid": 4, "patient_responsibility": 5},
    "CLM": {"charge": 2},
    "SVC": {"line_charge": 2, "line_paid": 3},
    "SV1": {"line_charge": 2},
    "SV2": {"line_charge": 3},
    "SV3": {"line_charge": 2},
}
_AMOUNTS = ("charge", "paid", "patient_responsibility", "line_charge", "line_paid")
_LINES = ("SVC", "SV1", "SV2", "SV3")


def _plain(content: bytes) -> list[list[str]]:
    """Split a file by the delimiters of its first ISA; None where it has none."""
    text = content.decode("latin-1").lstrip("\ufeffï»¿ \r\n\t")
    if not text.startswith("ISA"):
        return []
    element = text[3]
    fields = text.split(element, 16)
    if len(fields) < 17 or len(fields[16]) < 2:
        return []
    terminator = fields[16][1]
    pieces = (piece.strip("\r\n \t\x00\x1a") for piece in text.split(terminator))
    return [piece.split(element) for piece in pieces if piece]


def _amount(segment: list[str], element: int) -> Decimal:
    try:
        return Decimal(segment[element].strip()) if len(segment) > element else Decimal(0)
    except InvalidOperation:
        return Decimal(0)


class _SecondCount:
    """Counts and sums of the segments of a file, one after the other."""

    def __init__(self, content: bytes) -> None:
        self.counts: Counter[str] = Counter()
        self.sums: dict[str, Decimal] = defaultdict(Decimal)
        self.adjusted: dict[str, Decimal] = defaultdict(Decimal)
        for segment in _plain(content):
            self.counts[segment[0].upper()] += 1
            self._add(segment, segment[0].upper())

    def _add(self, segment: list[str], name: str) -> None:
        for total, element in _SUMMED.get(name, {}).items():
            self.sums[total] += _amount(segment, element)
        if name == "CAS":
            self._repeat(segment, 2, 3, "adjustments")
        if name == "PLB":
            self._repeat(segment, 3, 2, "provider_adjustments")

    def _repeat(self, segment: list[str], first: int, step: int, name: str) -> None:
        for start in range(first, len(segment), step):
            if any(one.strip() for one in segment[start : start + 2]):
                self.counts[name] += 1
                amount = _amount(segment, start + 1)
                if name == "adjustments":
                    self.adjusted[segment[1].strip()] += amount
                else:
                    self.sums["provider_adjusted"] += amount


def _total(found: dict[str, Any], name: str) -> Decimal:
    return sum((Decimal(one[name]) for one in found["transactions"]), Decimal(0))


@cache
def _checked(path: Path) -> dict[str, Any]:
    return check(path.read_bytes(), str(path.relative_to(FOLDER)))


def _assert_same(expected: _SecondCount, found: dict[str, Any]) -> None:
    name, counts = found["file"], expected.counts
    assert found["segments"] == found["accounted"], name
    assert _total(found, "claims") == counts["CLM"] + counts["CLP"], name
    assert _total(found, "service_lines") == sum(counts[line] for line in _LINES), name
    assert _total(found, "statuses") == counts["STC"], name
    assert _total(found, "benefits") == counts["EB"], name
    for count in ("adjustments", "provider_adjustments"):
        assert _total(found, count) == counts[count], (name, count)
    for amount in (*_AMOUNTS, "provider_adjusted"):
        assert _total(found, amount) == expected.sums[amount], (name, amount)
    adjusted: dict[str, Decimal] = defaultdict(Decimal)
    for one in found["transactions"]:
        for group, value in one["adjusted"].items():
            adjusted[group] += Decimal(value)
    assert adjusted == expected.adjusted, name


@pytest.mark.skipif(not _PUBLIC, reason="shared X12 files are not there")
def test_every_public_file_counts_and_sums_as_a_plain_split_of_it_does() -> None:
    compared = 0
    for path in _PUBLIC:
        content = path.read_bytes()
        if content.upper().count(b"ISA*") > 1 or not _plain(content):
            continue
        compared += 1
        _assert_same(_SecondCount(content), _checked(path))
    assert compared > len(_PUBLIC) // 2


@pytest.mark.skipif(not _PUBLIC, reason="shared X12 files are not there")
def test_every_public_file_has_all_its_segments_accounted_for() -> None:
    for path in _PUBLIC:
        found = _checked(path)
        assert found["segments"] == found["accounted"], path.relative_to(FOLDER)


def test_a_balanced_remittance_has_its_figures_and_no_finding() -> None:
    found = check(CLEAN, "clean.835")
    (one,) = found["transactions"]
    assert (one["set"], one["claims"], one["payment"]) == ("835", 3, "105.01")
    assert one["off_balance"] == {"payment": 0, "claim": 0, "line": 0}
    assert found["findings"] == []


@pytest.mark.parametrize(
    ("old", "new", "level"),
    [
        (b"BPR*I*105.01", b"BPR*I*105.02", "payment"),
        (b"CLP*A-1*1*150.01", b"CLP*A-1*1*150.02", "claim"),
        (b"SVC*HC:99213*100*65", b"SVC*HC:99213*100.01*65", "line"),
    ],
)
def test_each_level_that_does_not_balance_is_counted(old: bytes, new: bytes, level: str) -> None:
    assert old in CLEAN
    (one,) = check(CLEAN.replace(old, new, 1), "off.835")["transactions"]
    assert one["off_balance"] == {"payment": 0, "claim": 0, "line": 0} | {level: 1}


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["x12", *arguments])


def test_the_command_prints_one_object_a_file_and_its_exit_code_says_what_was_found(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.835").write_bytes(CLEAN)
    assert _run("check", "--json", str(tmp_path)).exit_code == 0
    (tmp_path / "b.txt").write_bytes(b"no X12 at all")
    both = _run("check", "--json", str(tmp_path))
    assert both.exit_code == 1
    objects = [json.loads(line) for line in both.stdout.splitlines()]
    assert [[f["code"] for f in one["findings"]] for one in objects] == [[], ["UNREADABLE_X12"]]


def test_the_page_names_file_segment_rule_and_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "a.835"
    path.write_bytes(CLEAN.replace(b"SE*", b"SE*9", 1))
    found = _run("check", str(path))
    assert found.exit_code == 1
    (line,) = [one for one in found.stdout.splitlines() if one.startswith("warning: ")]
    assert line.startswith(f"warning: {path}, segment ")
    assert "SE_COUNT_OFF: SE01 is not the segment count" in line
    assert "(rule: SE01 = segments from ST to SE)" in line


def test_a_page_for_people_masks_claim_numbers_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.835"
    path.write_bytes(CLEAN)
    masked, whole = _run("show", str(path)), _run("show", "--unmasked", str(path))
    assert masked.exit_code == whole.exit_code == 0
    assert "A-1" not in masked.stdout
    assert "CLP*A-1*1" in whole.stdout
    assert "2110" in masked.stdout


def test_a_page_for_people_says_what_is_wrong_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "off.835"
    path.write_bytes(CLEAN.replace(b"CLP*A-1*1*150.01", b"CLP*A-1*1*150.02", 1))
    lines = _run("show", str(path)).stdout.splitlines()
    (told,) = [number for number, line in enumerate(lines) if "CLAIM_OFF_BALANCE" in line]
    assert "CLP*" in lines[told - 1]
