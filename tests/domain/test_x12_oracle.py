"""Totals against pyx12's context reader, an implementation of the guides by others."""

import csv
import logging
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import pyx12.error_handler
import pyx12.errors
import pyx12.params
import pyx12.x12context
import pyx12.x12file

from billing.x12.reader import read_x12
from tests.domain.x12_samples import balanced, interchange

pytestmark = pytest.mark.promise(
    "X12 totals agree with pyx12, an implementation of the guides by others"
)

SHARED = Path(os.environ.get("TIEOUT_SHARED_DATA", Path(__file__).parents[3] / "shared/data"))
FOLDER = SHARED / "x12"
MOST_BYTES = 60_000


def _amounts(path: Path, loop: str, element: str) -> Iterator[Decimal]:
    """Yield the amount of each instance of a loop as pyx12 sees it."""
    errors = pyx12.error_handler.errh_null()
    with path.open(encoding="latin-1") as file:
        reader = pyx12.x12context.X12ContextReader(pyx12.params.params(), errors, file)
        for tree in reader.iter_segments(loop):
            if tree.id == loop:
                yield Decimal(tree.get_value(element))


def _public(transaction: str, guide: str) -> list[Path]:
    if not (FOLDER / "MANIFEST.csv").exists():
        return []
    with (FOLDER / "MANIFEST.csv").open() as file:
        return [
            FOLDER / row["path"]
            for row in csv.DictReader(file)
            if row["transaction"].startswith(transaction) and row["version"] == guide
            and row["verdict"] == "ok" and int(row["size"]) < MOST_BYTES
        ]  # fmt: skip


def _compare(paths: list[Path], loop: str, element: str, table: str, column: str) -> int:
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    compared = 0
    for path in paths:
        try:
            expected = list(_amounts(path, loop, element))
        except pyx12.errors.EngineError:
            continue  # it has no map of this guide
        ours = read_x12(path.read_bytes()).tables[table][column].to_pylist()
        assert ours == expected, path.name
        compared += 1
    return compared


def test_a_generated_835_pays_what_pyx12_says_it_pays(tmp_path: Path) -> None:
    path = tmp_path / "advice.835"
    path.write_bytes(interchange([balanced(), balanced()]))
    assert _compare([path], "2100", "CLP04", "remittance_claim", "paid_amount") == 1


@pytest.mark.long
@pytest.mark.skipif(not FOLDER.exists(), reason="shared X12 files are not there")
@pytest.mark.parametrize(
    ("loop", "element", "table", "column"),
    [
        ("2100", "CLP03", "remittance_claim", "charge_amount"),
        ("2100", "CLP04", "remittance_claim", "paid_amount"),
        ("HEADER", "BPR02", "remittance", "payment_amount"),
    ],
)
def test_public_835s_say_what_pyx12_says_they_say(
    loop: str, element: str, table: str, column: str
) -> None:
    paths = _public("835", "005010X221A1")
    assert _compare(paths, loop, element, table, column) > 0


@pytest.mark.long
@pytest.mark.skipif(not FOLDER.exists(), reason="shared X12 files are not there")
@pytest.mark.parametrize(
    ("transaction", "guide", "line"),
    [("837P", "005010X222A1", "SV102"), ("837I", "005010X223A2", "SV203")],
)
def test_public_837s_charge_what_pyx12_says_they_charge(
    transaction: str, guide: str, line: str
) -> None:
    paths = _public(transaction, guide)
    assert _compare(paths, "2300", "CLM02", "claim", "charge_amount") > 0
    assert _compare(paths, "2400", line, "claim_line", "charge_amount") > 0


@pytest.mark.long
@pytest.mark.skipif(not FOLDER.exists(), reason="shared X12 files are not there")
def test_public_835s_are_adjusted_as_pyx12s_segments_say() -> None:
    paths = _public("835", "005010X221A1")
    assert paths
    for path in paths:
        found = read_x12(path.read_bytes()).tables
        claims = found["claim_adjustment"]["amount"].to_pylist()
        assert claims == list(_repeated(path, "CAS", 3, 3)), path.name
        provider = found["provider_adjustment"]["amount"].to_pylist()
        assert provider == list(_repeated(path, "PLB", 4, 2)), path.name


def _repeated(path: Path, name: str, first: int, step: int) -> Iterator[Decimal]:
    """Yield the amounts of repeating segments as pyx12's tokenizer gives them."""
    with path.open(encoding="latin-1") as file:
        for segment in pyx12.x12file.X12Reader(file):
            if segment.get_seg_id() == name:
                for element in range(first, 20, step):
                    value = segment.get_value(f"{name}{element:02}")
                    if value:
                        yield Decimal(value)
