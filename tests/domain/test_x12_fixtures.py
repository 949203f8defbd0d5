"""Hand-made files with what is in them written down beside them, column by column."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing.x12.reader import SCHEMAS, read_x12

pytestmark = pytest.mark.promise(
    "Each shape of X12 file is read into exactly the rows written beside it"
)

FOLDER = Path(__file__).parents[1] / "fixtures" / "x12"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def _content(name: str) -> bytes:
    return next(path for path in FOLDER.glob(f"{name}.*") if path.suffix != ".json").read_bytes()


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Decimal | date) else value


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_read_as_its_golden_says(name: str) -> None:
    expected: dict[str, list[dict[str, Any]]] = json.loads((FOLDER / f"{name}.json").read_text())
    parsed = read_x12(_content(name))
    findings = expected.pop("findings")
    for table, rows in expected.items():
        found = parsed.tables[table].sort_by("segment" if rows else "transaction_no").to_pylist()
        assert len(found) == len(rows), table
        for row, wanted in zip(found, rows, strict=True):
            assert {column: _plain(row[column]) for column in wanted} == wanted
    told = [{k: _plain(getattr(item, k)) for k in wanted} for item, wanted in
            zip(parsed.findings, findings, strict=True)]  # fmt: skip
    assert told == findings
    assert parsed.reserialised


@pytest.mark.parametrize("name", NAMES)
def test_every_table_has_exactly_the_columns_of_its_schema(name: str) -> None:
    parsed = read_x12(_content(name))
    assert {table: rows.schema for table, rows in parsed.tables.items()} == SCHEMAS


def test_there_is_a_golden_for_each_shape_of_file() -> None:
    assert {"reversal", "provider_adjustments", "claim_level", "secondary"} <= set(NAMES)
    assert {"institutional", "several_interchanges"} <= set(NAMES)
    assert {
        "professional",
        "inpatient",
        "inpatient_payment",
        "dental",
        "benefits",
        "status",
        "review",
    } <= set(NAMES)
    assert {"premium", "rejected", "reversal_4010", "professional_4010"} <= set(NAMES)


def test_every_table_but_those_of_garbled_files_is_filled_by_a_golden() -> None:
    filled = set()
    for name in NAMES:
        golden = json.loads((FOLDER / f"{name}.json").read_text())
        filled |= {table for table, rows in golden.items() if rows}
    assert set(SCHEMAS) <= filled
