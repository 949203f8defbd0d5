"""How a key is written into the short fields of Business Central, and numbers into its JSON."""

from decimal import Decimal

import pytest

from billing.ledger.erp import ErpRejected, Reason
from resources.erp.business_central_names import (
    document_number,
    journal_code,
    marked,
    unmarked,
)
from resources.erp.exact_json import exact_json

pytestmark = pytest.mark.promise(
    "Keys and amounts fit the fields of Business Central uncut, or are refused"
)

FORTY = "0123456789abcdef0123456789abcdef01234567"
KEYS = (FORTY, FORTY[:-1] + "8", "test-0123456789abcdef", "test-0123456789abcdee", "a")


def test_codes_and_numbers_have_the_length_of_their_fields_and_differ_by_key():
    assert {len(journal_code(key)) for key in KEYS} == {10}
    assert {len(document_number(key)) for key in KEYS} == {20}
    assert len({journal_code(key) for key in KEYS}) == len(KEYS)
    assert len({document_number(key) for key in KEYS}) == len(KEYS)


def test_a_journal_code_has_no_digit_that_the_erp_would_count_up():
    assert all(journal_code(f"key {n}").isalpha() for n in range(200))
    assert all(journal_code(f"key {n}").isupper() for n in range(200))


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("text", ["", "x" * 60, "JR01 2026-04 [MAIN] {commercial}"])
def test_a_marked_description_gives_text_and_key_back(key, text):
    assert unmarked(marked(text, key)) == (text, key)
    assert len(marked(text, key)) <= 100


def test_what_would_not_fit_is_refused_and_not_cut():
    with pytest.raises(ErpRejected, match=Reason.TOO_LARGE):
        marked("x" * 80, FORTY)
    with pytest.raises(ErpRejected, match=Reason.TOO_LARGE):
        marked("x", "k" * 37)


def test_amounts_are_written_with_all_their_digits_and_floats_not_at_all():
    sent = {"amount": Decimal("999999999.99"), "lines": [Decimal("0.10"), 1, None, True, 'a"b']}
    assert exact_json(sent) == b'{"amount":999999999.99,"lines":[0.10,1,null,true,"a\\"b"]}'
    assert exact_json(Decimal("1E+3")) == b"1000"
    with pytest.raises(TypeError):
        exact_json({"amount": 0.1})
