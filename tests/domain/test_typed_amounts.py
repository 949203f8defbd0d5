"""Amounts that a person or a peer writes, outside the files of a source: one width for all."""

from decimal import Decimal

import numpy as np
import pytest
import typer

from billing.estimates import reserve
from billing.exact import MONEY
from billing.governance.policy_file import exact
from billing.ledger.erp import ErpUnknown, InvalidEntryError, JournalLine, _check_line
from billing.x12.arrays import MOST_SUMMED, sums
from orchestration.request_commands import _amount
from resources.erp.odata import amount

pytestmark = pytest.mark.promise(
    "An amount that a person or a peer writes fits its column or is refused with the rule"
)
TOO_LARGE = ["1e12", "1e30", "1e999999999", "9" * 5000, "1000000000000.00"]


@pytest.mark.parametrize("text", [*TOO_LARGE, "1.005", "NaN", "Infinity", "twelve"])
def test_amount_that_does_not_fit_is_refused_everywhere(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        exact(text)
    with pytest.raises(typer.BadParameter, match=r"at most 999999999999\.99"):
        _amount(text)


@pytest.mark.parametrize("text", ["1e16", "1e30", "9" * 5000, "1.005", "NaN", "twelve"])
def test_amount_of_an_erp_that_does_not_fit_is_unreadable(text: str) -> None:
    with pytest.raises(ErpUnknown):
        amount(text)


def test_largest_amount_is_taken_everywhere() -> None:
    largest = str(MONEY.most)
    assert exact(largest) == _amount(largest) == Decimal("999999999999.99")


@pytest.mark.parametrize("text", ["1e17", "1e30", "0.001", "NaN"])
def test_reserve_or_entry_of_an_amount_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        reserve.memo("MAIN", "medicare", Decimal(text))
    line = JournalLine(1, "1000", Decimal(text), Decimal(0), "x")
    with pytest.raises(InvalidEntryError, match="amounts"):
        _check_line(line)


def test_sum_of_the_largest_amounts_never_turns_into_a_smaller_one() -> None:
    largest = np.full(200_000, 10**14 - 1, np.int64)
    first = np.zeros(200_000, np.int64)
    assert sums(largest, first, 2).tolist() == [MOST_SUMMED, 0]
    assert sums(-largest, first, 2).tolist() == [-MOST_SUMMED, 0]
    assert sums(largest[:9_000], first[:9_000], 1).tolist() == [9_000 * (10**14 - 1)]
