"""A number is read as money, units or a rate only if it fits; of any length, in every format."""

import json
import re
from decimal import Decimal, InvalidOperation

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billing.cash.bai2 import read_bai2
from billing.cash.cards import read_card_list
from billing.ehr.fhir import read_ndjson
from billing.exact import MONEY, RATE, UNITS, Width
from billing.intake import FileKind, is_complete
from billing.parsed import ParsedFile
from billing.x12.rates import rates
from billing.x12.reader import read_x12
from billing.x12.values import money, units

PROMISE = "A number that does not fit its column is a finding in every format, never another number"
EXAMPLES = settings(max_examples=60)
WRAPPING = "1" + "0" * 128  # 2 ** 128 divides it, so that a cast which wraps reads it as nothing
_WRITTEN = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_padding = st.sampled_from([0, 1, 20, 100, 120, 200, 500])
_digits = st.builds(
    lambda sign, zeros, whole, point, places, more: (
        sign
        + "0" * zeros
        + whole
        + point
        + (places if point else "")
        + "0" * (more if point else 0)
    ),
    st.sampled_from(["", "-"]),
    _padding,
    st.one_of(
        st.text("0123456789", max_size=20),
        st.integers(100, 400).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)),
    ),
    st.sampled_from(["", "."]),
    st.text("0123456789", max_size=9),
    _padding,
)
_whole = st.one_of(st.integers(-(10**15), 10**15), st.integers(10**100, 10**300))


def _text(number: int) -> str:
    """Write digits that Python may be too careful to write: 10**4500 has more than 4300."""
    return str(number) if abs(number) < 10**4000 else "1" + "0" * 4500


def _is_json(number: str) -> bool:
    return bool(re.fullmatch(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", number))


def interchange(segments: str) -> bytes:
    """Put an envelope around one transaction."""
    return (
        "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260101*1200*^*00501"
        "*000000001*0*P*:~GS*HP*A*B*20260101*1200*1*X*005010X221A1~"
        f"{segments}GE*1*1~IEA*1*000000001~"
    ).encode()


def expected(text: str, width: Width) -> Decimal | None:
    """Read a number slowly, by Python's own decimals."""
    if not _WRITTEN.fullmatch(text):
        return None
    value = Decimal(text)
    if abs(value) >= 10**width.digits:
        return None
    rounded = Decimal(f"{value:.{width.places}f}")
    return rounded if rounded == value else None


@pytest.mark.promise(PROMISE)
@given(st.lists(_digits, min_size=1, max_size=5))
@example([WRAPPING, "-" + WRAPPING, "5.25"])
@example(["0" * 500 + "5.25"])
def test_x12_numbers_of_any_length_are_exact_or_unknown(texts: list[str]) -> None:
    column = pa.array([text.encode() for text in texts], pa.binary())
    assert money(column).column().to_pylist() == [expected(one, MONEY) for one in texts]
    assert units(column)[0].to_pylist() == [expected(one, UNITS) for one in texts]
    found, unreadable = rates(column)
    assert found.to_pylist() == [expected(one, RATE) for one in texts]
    assert unreadable.tolist() == [expected(one, RATE) is None and one != "" for one in texts]


@pytest.mark.promise(PROMISE)
def test_x12_payment_of_128_digits_is_a_finding_in_its_place() -> None:
    read = read_x12(interchange(f"ST*835*0001~BPR*I*{WRAPPING}*C*ACH~SE*3*0001~"))
    assert [(one.code, one.segment) for one in read.findings] == [("AMOUNT_UNREADABLE", 3)]
    assert read.tables["remittance"]["payment_amount"].to_pylist() == [None]


@pytest.mark.promise(PROMISE)
def test_x12_count_of_5000_digits_is_a_finding() -> None:
    read = read_x12(interchange(f"ST*835*0001~BPR*I*5*C*ACH~SE*{'3' * 5000}*0001~"))
    assert "SE_COUNT_OFF" in [one.code for one in read.findings]


@pytest.mark.promise(PROMISE)
@EXAMPLES
@given(_whole)
@example(10**14)
@example(10**4500)
def test_bai2_amount_of_any_length_is_exact_or_a_finding(cents: int) -> None:
    digits = _text(cents)
    lines = f"01,B,G,261001,0530,1,,,2/\n02,G,B,1,261001,,USD,2/\n03,1,USD,015,{digits},,/\n" + (
        f"16,165,{digits},Z,a,b,/\n16,165,700,Z,c,d,/\n49,1,4/\n98,1,1,6/\n99,1,1,8/\n"
    )
    read = read_bai2(lines.encode())
    _held(read, "bank_transaction", [_of_cents(cents), Decimal("7.00")])


@pytest.mark.promise(PROMISE)
@EXAMPLES
@given(st.one_of(_whole.map(_text), st.floats().map(json.dumps)))
@example("1e400")
@example("1e999999999999999999999")
@example("NaN")
@example("9" * 5000)
def test_card_amount_of_any_form_is_exact_or_a_finding(number: str) -> None:
    element = '{"object":"refund","id":"%s","currency":"usd","amount":%s}'
    page = f'{{"object":"list","data":[{element % ("a", number)},{element % ("b", 700)}]}}'
    read = read_card_list(page.encode())
    cents = int(number) if re.fullmatch(r"-?[0-9]{1,400}", number) else None
    _held(read, "card_refund", [_of_cents(cents), Decimal("7.00")])
    assert is_complete(page.encode(), FileKind.CARD_LIST)


@pytest.mark.promise(PROMISE)
@EXAMPLES
@given(st.one_of(_digits.filter(_is_json), st.floats().map(json.dumps)))
@example("1e400")
@example("1e11")
@example("-1E999999999999999999999")
@example("1e-999999999")
@example("Infinity")
@example("9" * 5000)
def test_fhir_amount_of_any_form_is_exact_or_a_finding(number: str) -> None:
    line = '{"resourceType":"ChargeItem","id":"%s","priceOverride":{"value":%s}}\n'
    read = read_ndjson((line % ("a", number) + line % ("b", "7.00")).encode())
    _held(read, "ehr_charge", [_as_decimal(number), Decimal("7.00")])


@pytest.mark.promise(PROMISE)
def test_deeply_nested_card_list_is_a_finding() -> None:
    page = b'{"object":"list","data":' + b"[" * 200_000
    assert not is_complete(page, FileKind.CARD_LIST)
    assert [one.code for one in read_card_list(page).findings] == ["UNREADABLE_LIST"]


def _held(read: ParsedFile, table: str, amounts: list[Decimal | None]) -> None:
    """Every record is there, and one whose amount is unknown has a finding of its own."""
    assert read.tables[table]["amount"].to_pylist() == amounts
    told = [one for one in read.findings if one.code == "AMOUNT_UNREADABLE"]
    assert [one.record_kind for one in told] == [table] * amounts.count(None)


def _of_cents(cents: int | None) -> Decimal | None:
    return None if cents is None or abs(cents) >= 10**14 else Decimal(cents).scaleb(-2)


def _as_decimal(number: str) -> Decimal | None:
    """Return a JSON number as money by Python's own decimals."""
    try:
        value = Decimal(number)
    except InvalidOperation:
        return None
    if not value.is_finite() or value.adjusted() > 20 or value.adjusted() < -20:
        return Decimal("0.00") if value == 0 else None
    return expected(f"{value:f}", MONEY)
