"""A bank sends a day anew: the newest version counts, the older one stays as superseded.

September 30 first: 1,000.00 + 200.00 + 50.00 - 5.00 = 1,245.00. Corrected: 1,000.00 + 30.00 +
200.00 = 1,230.00, which October 1 goes on from: 1,230.00 + 10.00 = 1,240.00.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from billing.cash.bai2 import read_bai2
from resources.warehouse.tie_outs import TIE_OUTS

D = Decimal
BANK = Path(__file__).parents[1] / "fixtures" / "bank"
T11 = next(one.sql for one in TIE_OUTS if one.id == "T11")
LEDGER_ONLY = (
    "--select", "+fct_ledger_line", "+int_record_outcome", "--exclude-resource-type", "test",
)  # fmt: skip


def receive(warehouse: Any, rows: Any, name: str, *, header: tuple[bytes, bytes] = (b"", b"")):
    """Land a file of the fixtures, with another header where one is given."""
    content = (BANK / f"{name}.bai").read_bytes().replace(*header)
    parsed = read_bai2(content)
    assert parsed.findings == ()
    file_id = rows.file(f"{name} {header}", "bank", "bai2")
    for table, found in parsed.tables.items():
        for row in found.to_pylist():
            rows.add(table, file_id, **{key: row[key] for key in row if key != "segment"})
    warehouse.write(rows)


def t11(warehouse: Any) -> tuple[Decimal, Decimal, int]:
    with psycopg.connect(warehouse.settings.url("transform")) as connection:
        ((_, left, right, breaks),) = connection.execute(T11.encode()).fetchall()
    return left, right, breaks


def lines(warehouse: Any) -> dict[str, Decimal]:
    found = warehouse.rows(
        "select event_id, signed_amount from marts.fct_ledger_line where account = '1010'"
    )
    return dict(found)


@pytest.fixture(scope="module")
def first_days(make_warehouse: Any, new_rows: Any) -> Any:
    """September 30 as it came first, and October 1, which does not go on from it."""
    warehouse = make_warehouse("statements")
    for name in ("first", "next_day"):
        receive(warehouse, new_rows(), name)
    warehouse.build(*LEDGER_ONLY)
    return warehouse


@pytest.mark.promise(
    "The newest version of a bank day counts, and moves the ledger by its correction"
)
def test_the_newest_version_counts_and_moves_the_ledger_by_its_correction(first_days, new_rows):
    before = lines(first_days)
    assert sorted(before.values()) == [D("-5.00"), D("10.00"), D("50.00"), D("200.00")]
    assert t11(first_days) == (D("1240.00"), D("1255.00"), 1)
    receive(first_days, new_rows(), "corrected")
    first_days.rebuild("fct_ledger_line", "int_record_outcome")
    after = lines(first_days)
    assert sorted(after.values()) == [D("10.00"), D("30.00"), D("200.00")]
    kept = {key for key in after if key in before}
    assert sorted(after[key] for key in kept) == [D("10.00"), D("200.00")]
    assert {key: before[key] for key in kept} == {key: after[key] for key in kept}
    assert t11(first_days) == (D("1240.00"), D("1240.00"), 0)
    assert first_days.outcomes("bank_transaction") == {
        None: (3, D("240.00")),
        "SUPERSEDED_VERSION": (3, D("255.00")),
    }


@pytest.mark.promise("The order in which versions of a bank day arrive changes no ledger line")
def test_the_order_in_which_the_versions_come_changes_nothing(first_days, make_warehouse, new_rows):
    other = make_warehouse("statements_late")
    for name in ("next_day", "corrected", "first"):
        receive(other, new_rows(), name)
    other.build(*LEDGER_ONLY)
    assert lines(other) == lines(first_days)
    assert t11(other) == (D("1240.00"), D("1240.00"), 0)


@pytest.mark.promise(
    "The newest version of a bank day counts, and moves the ledger by its correction"
)
def test_a_bank_that_takes_its_correction_back_sends_the_first_one_again(first_days, new_rows):
    again = (b"261001,0530,41", b"261003,0530,44")
    receive(first_days, new_rows(), "first", header=again)
    first_days.rebuild("fct_ledger_line", "int_record_outcome")
    assert sorted(lines(first_days).values()) == [D("-5.00"), D("10.00"), D("50.00"), D("200.00")]
    assert first_days.outcomes("bank_transaction")["SUPERSEDED_VERSION"] == (2, D("230.00"))
    assert t11(first_days) == (D("1240.00"), D("1255.00"), 1)
