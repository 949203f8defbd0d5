"""The sandbox's S/4HANA Cloud refuses what the real one would, and answers in its forms."""

import json
import re
from datetime import timedelta

import pytest

from billing.ledger.erp import Reason
from resources.erp.sap_s4_confirmation import read_confirmation
from resources.erp.sap_s4_message import message
from resources.erp.sap_s4_schema import request_schema
from tests.fixtures.erp.sap_s4 import HEADERS, PASSWORD, USER, post, read, running

pytestmark = pytest.mark.promise("The stub of S/4HANA refuses what the documented service refuses")

DAYS = (b"<DocumentDate>2026-05-09</DocumentDate>", b"<PostingDate>2026-05-09</PostingDate>")
DATES = (DAYS[0] + DAYS[1], DAYS[1] + DAYS[0])


@pytest.fixture(scope="module")
def s4():
    with running() as started:
        yield started


@pytest.fixture
def sent(s4, make_entry):
    """The message of an entry."""
    return message(make_entry(), 0, s4.settings, request_schema(None))


BROKEN = {
    "elements out of order": DATES,
    "a text that is too long": (b"<DocumentHeaderText>", b"<DocumentHeaderText>" + b"x" * 20),
    "an element that is not there": (b"CompanyCode>", b"Companycode>"),
    "an element that is not closed": (b"</JournalEntry>", b""),
    "no currency": (b' currencyCode="USD"', b""),
    "an id that is none": (b"<UUID>", b"<UUID>x"),
    "an entity": (b"<?xml version='1.0' encoding='utf-8'?>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_the_stub_answers_a_broken_message_with_a_fault_and_posts_nothing(s4, sent, how):
    before = len(s4.companies["NLH"].documents)
    body = sent.body.replace(*BROKEN[how])
    assert body != sent.body
    answer = post(s4, body)
    assert answer.status_code == 500
    assert b"soap-env:Fault" in answer.content
    assert len(s4.companies["NLH"].documents) == before


def test_the_stub_lets_nobody_in_without_the_communication_user(s4, sent):
    for auth in (None, (USER, "wrong"), ("other", PASSWORD)):
        answers = (post(s4, sent.body, auth=auth), read(s4, "$format=json", auth=auth))
        assert [answer.status_code for answer in answers] == [401, 401]
        assert all(answer.headers["WWW-Authenticate"].startswith("Basic") for answer in answers)


def test_the_stub_wants_the_headers_of_soap(s4, sent):
    assert post(s4, sent.body, {**HEADERS, "Content-Type": "application/json"}).status_code == 415
    assert post(s4, sent.body, {**HEADERS, "SOAPAction": '""'}).status_code == 500


def test_the_stub_posts_each_entry_of_a_message_for_itself(s4, sent):
    start = sent.body.index(b"<JournalEntryCreateRequest>")
    end = sent.body.index(b"</sfin:")
    one = sent.body[start:end]
    bad = one.replace(b"<GLAccount>11100<", b"<GLAccount>7777<")
    answer = post(s4, sent.body[:start] + bad + one + sent.body[end:])
    assert answer.status_code == 200
    assert answer.content.count(b"<AccountingDocument>0000000000<") == 1
    assert answer.content.count(b"605(RW)") == 1


def test_the_stub_repeats_its_first_answer_within_the_window_and_posts_again_after(s4, sent):
    before = len(s4.companies["NLH"].documents)
    first = post(s4, sent.body)
    assert post(s4, sent.body.replace(b"80.25", b"99.25")).content == first.content
    assert len(s4.companies["NLH"].documents) == before + 1
    s4.stub.journal.age(timedelta(days=1))
    assert post(s4, sent.body).content != first.content
    assert len(s4.companies["NLH"].documents) == before + 2


def test_the_stub_does_not_know_messages_again_without_an_id_for_it(s4, sent):
    before = len(s4.companies["NLH"].documents)
    start, end = sent.body.index(b"<UUID>"), sent.body.index(b"</UUID>") + len(b"</UUID>")
    body = sent.body[:start] + sent.body[end:]
    assert post(s4, body).content != post(s4, body).content
    assert len(s4.companies["NLH"].documents) == before + 2


REFUSED = {
    "unbalanced": (b">80.25<", b">80.26<"),
    "amounts against their side": (b">S<", b">H<"),
    "another currency": (b'"USD"', b'"EUR"'),
    "no such company code": (b">1710<", b">9999<"),
}


@pytest.mark.parametrize("how", REFUSED)
def test_the_stub_refuses_in_its_log_what_the_posting_interface_would(s4, sent, how):
    answer = post(s4, sent.body.replace(*REFUSED[how], 1))
    assert answer.status_code == 200
    assert b"<AccountingDocument>0000000000<" in answer.content
    assert b"609(RW)" in answer.content


def test_the_stub_wants_the_ids_of_a_message_and_of_its_entries(s4, sent):
    answer = post(s4, re.sub(b"<ID>[0-9a-f]+</ID>", b"", sent.body, count=1))
    assert answer.status_code == 200
    assert b"019(FINS_FI_POSTING_IF)" in answer.content
    said = read_confirmation(answer.content, sent.reference)
    assert (said.document, said.reason) == ("", Reason.OTHER)


@pytest.mark.parametrize(
    "query",
    [
        "", "$format=json&$filter=Nonsense%20eq%20%27a%27", "$format=json&$top=all",
        "$format=json&$filter=CompanyCode+eq+%271710%27", "$format=json&$apply=x",
        "$format=json&$filter=CompanyCode%20eq%20%221710%22", "$format=json&$select=Nonsense",
        "$format=json&$filter=PostingDate%20ge%20%272026-01-01%27",
        "$format=json&$filter=(CompanyCode%20eq%20%271710%27",
    ],
)  # fmt: skip
def test_the_stub_refuses_a_query_that_the_gateway_would(s4, sent, query):
    post(s4, sent.body)
    answer = read(s4, query)
    assert answer.status_code == 400
    assert set(json.loads(answer.content)["error"]) == {"code", "message", "innererror"}


def test_the_stub_writes_days_and_amounts_as_odata_version_2_does(s4, sent):
    post(s4, sent.body)
    row = read(s4, "$format=json&$top=1").json()["d"]["results"][0]
    assert (row["PostingDate"], row["AmountInTransactionCurrency"]) == (
        "/Date(1778284800000)/", "80.25",
    )  # fmt: skip
    assert row["AssignmentReference"] == "20260509"  # by the account's sort key
