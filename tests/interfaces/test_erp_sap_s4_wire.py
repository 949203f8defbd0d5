"""The bytes between Tieout and S/4HANA Cloud: fields, messages and answers.

What the adapter makes of them is in `test_erp_sap_s4.py`.
"""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse

from billing.ledger.erp import ErpRejected, ErpUnknown, Reason, compare
from resources.environment import InvalidSettingError
from resources.erp.sap_s4 import SapS4Ledger
from resources.erp.sap_s4_confirmation import Problem, read_confirmation, reason_of
from resources.erp.sap_s4_documents import own_account
from resources.erp.sap_s4_fields import REST, TEXT, key_of, key_parts, text_of, text_parts
from resources.erp.sap_s4_message import message, message_uuid
from resources.erp.sap_s4_schema import XSD, request_schema
from tests.fixtures.erp.harness import serving
from tests.fixtures.erp.sap_s4 import post, running

pytestmark = pytest.mark.promise(
    "Messages to and answers from S/4HANA keep to the documented form, byte for byte"
)

KEYS = st.text("abcdef0123456789-", min_size=1, max_size=40)
WORDS = st.lists(st.text("abcXYZ0189.-+", min_size=1, max_size=9), min_size=1, max_size=12)
OURS = request_schema(None)


@pytest.fixture(scope="module")
def s4():
    with running() as started:
        yield started


@pytest.fixture
def sent(s4, make_entry):
    """The message of an entry."""
    return message(make_entry(), 0, s4.settings, OURS)


@given(KEYS, KEYS)
def test_keys_fit_into_two_fields_in_capitals_and_come_back(one, other):
    first, second = key_parts(one)
    assert max(len(first), len(second)) <= 20
    assert (first + second).isascii()
    assert first.upper() + second.upper() == first + second
    assert key_of(first, second) == one
    assert (key_parts(one) == key_parts(other)) == (one == other)


def test_what_other_people_write_into_the_reference_fields_is_no_key_of_ours():
    assert [key_of(*parts) for parts in (("", ""), ("PO", "7"), ("Po 7", ""), ("", "AB"))] == [
        ""
    ] * 4


@given(WORDS)
def test_a_description_comes_back_as_it_was_or_is_not_sent(words):
    text = " ".join(words)[: TEXT + REST].rstrip()
    parts = text_parts(text)
    if parts is not None:
        kept = parts[0].rstrip(), " ".join(parts[1].split())  # what SAP keeps
        assert len(kept[0]) <= TEXT
        assert len(kept[1]) <= REST + 1
        assert text_of(*kept) == text


@given(st.text("ab", min_size=1, max_size=TEXT), st.text("+0123456789", max_size=18))
def test_what_sap_fills_in_is_not_taken_for_a_description(text, assignment):
    if len(text) + len(assignment) <= TEXT or not assignment.startswith("+"):
        assert text_of(text, assignment) == text


def test_accounts_come_back_by_our_number_whatever_zeros_they_have(s4):
    told = [own_account(a, "NLH", s4.settings) for a in ("11100", "0000011100", "0000004010", "X1")]
    assert told == ["1110", "1110", "4010", "X1"]


def test_the_message_of_an_entry_is_the_same_bytes_every_time(s4, make_entry):
    entry = make_entry()
    again = [message(entry, n, s4.settings, OURS).body for n in (0, 0, 1)]
    assert again[0] == again[1] != again[2]
    assert message_uuid("NLH", "k", 0) != message_uuid("NPG", "k", 0)


@pytest.mark.parametrize(
    ("type_id", "note", "reason"),
    [
        ("201(F5)", "Buchungsperiode 002 2026 ist nicht geöffnet", Reason.PERIOD_CLOSED),
        ("", "Posting period 007 2018 not open for variant 2000", Reason.PERIOD_CLOSED),
        ("", "Period 004/2023 is not open for account type K and G/L 21640", Reason.PERIOD_CLOSED),
        ("507(F5)", "", Reason.ACCOUNT_UNKNOWN),
        ("", "G/L account 10 is not defined in chart of accounts YCOA", Reason.ACCOUNT_UNKNOWN),
        ("", "Account 10 does not exist in chart of accounts YCOA", Reason.ACCOUNT_UNKNOWN),
        ("", "Account 120000 cannot be directly posted to", Reason.ACCOUNT_UNKNOWN),
        ("016(FINS_FI_POSTING_IF)", "", Reason.UNBALANCED),
        ("", "Amount balance in company code currency must be zero", Reason.UNBALANCED),
        ("", "Profit center A000/300 does not exist", Reason.MAPPING),
        ("", "Document 100 has already been entered", Reason.DUPLICATE),
        ("", "You have no authorization for company code 1710", Reason.ACCESS),
        ("609(RW)", "Error in document: BKPFF $ 0M4SMVI", Reason.OTHER),
        ("808(F5)", "Field Profit Center is a required field for G/L account", Reason.MAPPING),
    ],
)  # fmt: skip
def test_items_of_the_log_are_told_apart(type_id, note, reason):
    assert reason_of(Problem(type_id, 3, note)) is reason


SPOILED = {
    "not XML": lambda body: b"<html>" + body,
    "cut off": lambda body: body[:-1],
    "a document type": lambda body: b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + body,
    "a number and an error": lambda body: body.replace(b"Code>1</", b"Code>3</"),
    "no number and no error": lambda body: re.sub(b"Document>01[0-9]{8}<", b"Document>0<", body),
    "a number that is too long": lambda body: body.replace(b"Document>01", b"Document>9901"),
    "no day": lambda body: body.replace(b"Time>2", b"Time>x"),
    "two confirmations": lambda body: re.sub(
        b"(<JournalEntryCreateConfirmation><M.*</Log></JournalEntryCreateConfirmation>)",
        rb"\1\1", body,
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", SPOILED)
def test_an_answer_that_cannot_be_understood_is_unknown(s4, sent, how):
    answer = post(s4, sent.body).content
    assert SPOILED[how](answer) != answer
    with pytest.raises(ErpUnknown):
        read_confirmation(SPOILED[how](answer), sent.reference)


def test_an_answer_to_another_message_is_unknown(s4, sent):
    with pytest.raises(ErpUnknown):
        read_confirmation(post(s4, sent.body).content, "0" * 32)


def test_an_answer_as_it_is_gives_the_number(s4, sent):
    said = read_confirmation(post(s4, sent.body).content, sent.reference)
    assert said.document.startswith("01000")
    assert said.problems[0].type_id == "605(RW)"


def test_a_fault_is_unknown(s4, make_entry, monkeypatch):
    monkeypatch.setattr("resources.erp.sap_s4.ACTION", "urn:something else")
    entry = make_entry()
    with pytest.raises(ErpUnknown) as outcome:
        s4.ledger().post(entry)
    assert outcome.value.reason_code == Reason.SERVER_ERROR
    assert s4.documents("NLH", entry.key) == 0


def test_html_for_a_read_is_unknown(s4):
    with serving(PlainTextResponse("<html></html>")) as url, pytest.raises(ErpUnknown) as outcome:
        SapS4Ledger(replace(s4.settings, url=url), 5.0).find("NLH", "test-1")
    assert outcome.value.reason_code == Reason.UNREADABLE_ANSWER


def wsdl(path, change=lambda text: text):
    """Write a WSDL around our own schema, as a tenant's has its schema inside."""
    own = Path("resources/erp/sap_s4_request.xsd").read_text("utf-8").split("?>", 1)[1]
    text = (
        f'<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"><types>{own}</types></definitions>'
    )
    path.write_text(change(text), "utf-8")
    return path


def test_the_schema_in_a_tenants_wsdl_replaces_ours(s4, make_entry, tmp_path):
    short = wsdl(
        tmp_path / "a.wsdl", lambda x: x.replace('maxLength value="25"', 'maxLength value="3"')
    )
    entry = make_entry()
    with pytest.raises(ErpRejected) as refusal:
        SapS4Ledger(replace(s4.settings, wsdl=short), 5.0).post(entry)
    assert refusal.value.reason_code == Reason.OTHER
    usual = SapS4Ledger(replace(s4.settings, wsdl=wsdl(tmp_path / "b.wsdl")), 5.0)
    assert compare(entry, usual.post(entry)) == []


def test_a_wsdl_of_something_else_is_refused(s4, tmp_path):
    other = wsdl(tmp_path / "a.wsdl", lambda x: x.replace(XSD, "urn:other"))
    bomb = tmp_path / "b.wsdl"
    bomb.write_text("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")
    for path in (other, bomb, tmp_path / "none.wsdl"):
        with pytest.raises(InvalidSettingError):
            SapS4Ledger(replace(s4.settings, wsdl=path))


@pytest.mark.skipif("TIEOUT_TEST_S4_WSDL" not in os.environ, reason="no WSDL of a tenant is here")
def test_our_message_keeps_to_the_wsdl_of_a_tenant(s4, make_entry):
    lines = [replace(x, facility="EAST", payer_class="other") for x in make_entry().lines]
    lines[0] = replace(lines[0], description="x" * 60)
    entry = replace(make_entry(key="a" * 40), description="d" * 80, lines=tuple(lines))
    path = Path(os.environ["TIEOUT_TEST_S4_WSDL"])
    assert message(entry, 0, s4.settings, request_schema(path)).body
