"""Every reason that a record can wait for has words that a person reads."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.promise(
    "Every reason that a record waits for has words that a person reads"
)

ROOT = Path(__file__).parents[2]
READERS = ("billing/cash", "billing/ehr", "billing/x12", "billing/parse.py")
MODELS = "dbt_project/models/intermediate"
PYTHON_CODE = re.compile(r'"([A-Z]+(?:_[A-Z]+)+)"')
SQL_CODE = re.compile(r"(?:then|,) '([A-Z]+(?:_[A-Z]+)+)'")


def _codes() -> set[str]:
    python = [f for one in READERS for f in ([ROOT / one] if one.endswith("py") else
              (ROOT / one).rglob("*.py"))]  # fmt: skip
    found = {code for file in python for code in PYTHON_CODE.findall(file.read_text())}
    models = (ROOT / MODELS).rglob("*.sql")
    return found | {code for file in models for code in SQL_CODE.findall(file.read_text())}


def test_every_reason_of_the_readers_and_the_models_has_a_rule_and_a_message(database):
    known = {code for (code,) in database.admin().execute("select code from ops.reason_code")}
    codes = _codes()
    assert len(codes) > 40
    assert codes - known - {"NOT_DENIED"} == set()
