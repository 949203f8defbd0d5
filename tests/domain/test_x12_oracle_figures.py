"""Counts, totals and loops against pyx12's context reader, an implementation of the guides by
others: of every transaction of which it has the map, in public files and in our own.
"""

import csv
import logging
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest
import pyx12.error_handler
import pyx12.errors
import pyx12.params
import pyx12.x12context

from billing.x12.check import check
from billing.x12.reader import read_x12
from tests.domain.x12_samples import balanced, interchange

pytestmark = pytest.mark.promise(
    "X12 totals agree with pyx12, an implementation of the guides by others",
    "X12 loops and counts agree with pyx12, an implementation of the guides by others",
)

SHARED = Path(os.environ.get("TIEOUT_SHARED_DATA", Path(__file__).parents[3] / "shared/data"))
FOLDER = SHARED / "x12"
FIXTURES = Path(__file__).parents[1] / "fixtures" / "x12"
MOST_BYTES = 40_000
# The edition of a guide that pyx12 has a map of; addenda changed no loop and no amount.
_EDITIONS = {
    b"005010X221": b"005010X221A1",
    b"005010X222": b"005010X222A1",
    b"005010X223": b"005010X223A2",
}
_SUMS = {
    "CLP": {"charge": 3, "paid": 4, "patient_responsibility": 5},
    "CLM": {"charge": 2},
    "SVC": {"line_charge": 2, "line_paid": 3},
    "SV1": {"line_charge": 2},
    "SV2": {"line_charge": 3},
    "SV3": {"line_charge": 2},
}
_COUNTS = {"CLP": "claims", "CLM": "claims", "STC": "statuses", "EB": "benefits"}
_COUNTS |= dict.fromkeys(("SVC", "SV1", "SV2", "SV3"), "service_lines")
_AMOUNTS = ("charge", "paid", "patient_responsibility", "line_charge", "line_paid")
# pyx12 leaves the open loops for these; here a segment stands in the innermost open one.
_CLOSING = {"IK5", "AK5", "AK9", "LE"}


@dataclass
class Outside:
    """What pyx12 says of one transaction, and in which loop each of its segments stands."""

    counts: Counter[str] = field(default_factory=Counter)
    sums: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    adjusted: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    payment: Decimal | None = None

    def add(self, name: str, segment: Any) -> None:
        """Take in a segment."""
        if name in _COUNTS:
            self.counts[_COUNTS[name]] += 1
        for total, element in _SUMS.get(name, {}).items():
            self.sums[total] += _amount(segment, element)
        if name == "BPR" and self.payment is None:
            self.payment = _amount(segment, 2)
        if name == "CAS":
            for element in range(3, 19, 3):
                if _value(segment, element - 1) or _value(segment, element):
                    self.counts["adjustments"] += 1
                    self.adjusted[_value(segment, 1)] += _amount(segment, element)
        if name == "PLB":
            for element in range(4, 15, 2):
                if _value(segment, element - 1) or _value(segment, element):
                    self.counts["provider_adjustments"] += 1
                    self.sums["provider_adjusted"] += _amount(segment, element)


def _value(segment: Any, element: int) -> str:
    return str(segment.get_value(f"{element:02}") or "").strip()


def _amount(segment: Any, element: int) -> Decimal:
    try:
        return Decimal(_value(segment, element) or 0)
    except InvalidOperation:
        return Decimal(0)


def _in_its_edition(content: bytes) -> bytes:
    """Start at the ISA and name the edition that pyx12 knows; every other byte stays."""
    content = content[max(content.find(b"ISA"), 0) :]
    for found, known in _EDITIONS.items():
        content = re.sub(found + rb"(?:A\d)?(?![0-9A-Z])", known, content)
    return content[:84] + b"00401" + content[89:] if b"004010X" in content[:300] else content


def _outside(path: Path) -> tuple[list[Outside], list[tuple[str, str]]]:
    """Return what pyx12 says of each transaction, and (id, loop) of each segment.

    A segment that its map does not place has no loop. Raises pyx12's errors.
    """
    errors = pyx12.error_handler.errh_null()
    found: list[Outside] = []
    loops = []
    with path.open(encoding="latin-1") as file:
        reader = pyx12.x12context.X12ContextReader(pyx12.params.params(), errors, file)
        for node in reader.iter_segments():
            name = node.seg_data.get_seg_id()
            if name == "ST":
                found.append(Outside())
            elif found:
                found[-1].add(name, node.seg_data)
            *above, last = node.cur_path.strip("/").split("/")
            loops.append((name, above[-1] if last.startswith(name) else ""))
    return found, loops


def _assert_same(content: bytes, outside: list[Outside], name: str) -> None:
    told = [one for one in check(content, name)["transactions"] if one["set"] != "TA1"]
    assert len(told) == len(outside), name
    for ours, theirs in zip(told, outside, strict=True):
        for count in {*_COUNTS.values(), "adjustments", "provider_adjustments"}:
            assert ours[count] == theirs.counts[count], (name, count)
        for amount in (*_AMOUNTS, "provider_adjusted"):
            assert Decimal(ours[amount]) == theirs.sums[amount], (name, amount)
        assert {group: Decimal(one) for group, one in ours["adjusted"].items()} == theirs.adjusted
        assert ours["payment"] is None or Decimal(ours["payment"]) == theirs.payment, name


def _assert_loops(content: bytes, theirs: list[tuple[str, str]], name: str) -> int:
    """Hold the loop of every carried row to that of pyx12, where it knows the segment."""
    compared = 0
    for table, rows in read_x12(content).tables.items():
        if "loop" not in rows.column_names:
            continue
        for row in rows.select(["segment", "segment_id", "loop"]).to_pylist():
            segment, loop = theirs[row["segment"] - 1]
            if loop and segment == row["segment_id"] and segment not in _CLOSING:
                expected = "transaction" if loop in {"HEADER", "FOOTER"} else loop
                assert row["loop"] == expected, (name, table, row)
                compared += 1
    return compared


def _compare(path: Path, folder: Path) -> int:
    """Return how many segments had a loop to be compared; 0: pyx12 has no map of the guide."""
    content = path.read_bytes()
    edition = folder / "edition"
    edition.write_bytes(_in_its_edition(content))
    try:
        outside, loops = _outside(edition)
    except (pyx12.errors.EngineError, pyx12.errors.X12Error):
        return 0
    assert len(loops) == read_x12(content).segments, path.name
    _assert_same(content, outside, path.name)
    return _assert_loops(content, loops, path.name)


def _public(sets: str) -> Iterator[Path]:
    with (FOLDER / "MANIFEST.csv").open() as file:
        for row in csv.DictReader(file):
            is_clean = row["verdict"] == "ok" and int(row["size"]) < MOST_BYTES
            if row["transaction"].startswith(sets) and is_clean:
                yield FOLDER / row["path"]


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)


def test_a_generated_835_adds_up_to_what_pyx12_says(tmp_path: Path) -> None:
    path = tmp_path / "advice.835"
    path.write_bytes(interchange([balanced(), balanced()]))
    assert _compare(path, tmp_path) > 0


@pytest.mark.parametrize(
    "name",
    [
        "reversal.835", "claim_level.835", "inpatient_payment.835",
        "reversal_4010.835", "professional.837", "professional_4010.837", "inpatient.837",
        "institutional.837", "secondary.837", "premium.820", "rejected.999",
    ],
)  # fmt: skip
def test_our_own_files_hold_what_pyx12_says_in_the_loops_that_it_says(
    name: str, tmp_path: Path
) -> None:
    assert _compare(FIXTURES / name, tmp_path) > 0


@pytest.mark.long
@pytest.mark.skipif(not FOLDER.exists(), reason="shared X12 files are not there")
@pytest.mark.parametrize(
    ("sets", "least"),
    [("835", 7), ("837P", 20), ("837I", 10), ("277CA", 2), ("820", 4), ("999", 4)],
)
def test_public_files_hold_what_pyx12_says_in_the_loops_that_it_says(
    sets: str, least: int, tmp_path: Path
) -> None:
    assert sum(_compare(path, tmp_path) > 0 for path in _public(sets)) >= least
