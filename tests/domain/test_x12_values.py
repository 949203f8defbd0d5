"""Amounts and units from bytes: what is read is exact, what is no number is never one."""

import re
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.x12.values import money, units

pytestmark = pytest.mark.promise(
    "An amount or unit is read exactly or is a finding, never another number"
)

_NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_WHOLE_DIGITS = 12
_elements = st.lists(
    st.one_of(
        st.text("0123456789.-", max_size=16).map(str.encode),
        st.decimals(-(10**12), 10**12, places=2).map(lambda one: str(one).encode()),
        st.text("0123456789.-+eE, x", max_size=8).map(str.encode),
        st.none(),
    ),
    min_size=1,
    max_size=8,
)


def _expected(element: bytes | None, places: int) -> Decimal | None:
    """Read one element slowly: its digits, then its size, then its decimals."""
    said = (element or b"").decode().strip(" ")
    if not _NUMBER.fullmatch(said):
        return None
    value = Decimal(said)
    is_exact = value == value.quantize(Decimal(1).scaleb(-places))
    return value if is_exact and abs(value) < 10**_WHOLE_DIGITS else None


@given(_elements)
def test_an_amount_is_exact_or_unknown(elements: list[bytes | None]) -> None:
    read = money(pa.array(elements, pa.binary()))
    assert read.column().to_pylist() == [_expected(one, 2) for one in elements]
    assert read.blank.tolist() == [not (one or b"").strip(b" ") for one in elements]


@given(_elements)
def test_units_are_exact_or_pointed_out(elements: list[bytes | None]) -> None:
    read, unreadable = units(pa.array(elements, pa.binary()))
    expected = [_expected(one, 3) for one in elements]
    assert read.to_pylist() == expected
    told = [
        value is None and bool((one or b"").strip(b" "))
        for one, value in zip(elements, expected, strict=True)
    ]
    assert unreadable.tolist() == told
