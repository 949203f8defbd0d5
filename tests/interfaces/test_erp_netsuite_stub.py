"""The NetSuite stub is as strict as the real one is said to be, so that a wrong adapter shows."""

import json
import uuid

import pytest
import requests

from resources.erp.netsuite_queries import accounts, periods, quoted
from resources.erp.netsuite_token import NetsuiteToken
from sandbox.erp.books import Document
from tests.fixtures.erp.netsuite import netsuite

pytestmark = pytest.mark.promise("The stub of NetSuite refuses what the documented service refuses")

RECORD = "/services/rest/record/v1/journalEntry"
SUITEQL = "/services/rest/query/v1/suiteql"
STRICT = {"X-NetSuite-PropertyNameValidation": "Error"}
ASYNC = {"Prefer": "respond-async"}


@pytest.fixture(scope="module")
def account():
    """One NetSuite account for all tests of this file."""
    with netsuite() as made:
        yield made


@pytest.fixture(scope="module")
def call(account):
    """Send a request with a good token."""
    client = account.ledger()._client
    token = NetsuiteToken(account.settings, client._caller, client._token._now).header()

    def send(path, body=None, method="POST", **headers):
        return requests.request(
            method,
            f"{account.settings.url}{path}",
            data=None if body is None else json.dumps(body),
            headers={"Authorization": token, "Content-Type": "application/json", **headers},
            timeout=5,
        )

    return send


@pytest.fixture
def journal(account):
    """Make the body of a journal that NetSuite takes."""
    ids = {number: found for found, number, _ in account.stub.books.accounts()}

    def make(**changes):
        lines = [
            {"account": {"id": ids["1010"]}, "debit": 5.25},
            {"account": {"id": ids["4010"]}, "credit": 5.25},
        ]
        usual = {
            "externalId": str(uuid.uuid4()),
            "subsidiary": {"id": "7"},
            "tranDate": "2026-05-09",
            "approved": True,
            "line": {"items": lines},
        }
        return usual | changes

    return make


def newest(account) -> Document:
    return account.companies["NLH"].documents[-1]


def code(answer):
    details = answer.json()["o:errorDetails"]
    return answer.status_code, details[0]["o:errorCode"]


def test_a_journal_that_is_created_at_once_has_an_empty_answer_and_a_location(call, journal):
    answer = call(RECORD, journal(), **STRICT)
    assert (answer.status_code, answer.content) == (204, b"")
    assert RECORD in answer.headers["Location"]


def test_nobody_gets_in_without_a_token(account):
    for header in ({}, {"Authorization": "Bearer guessed"}, {"Authorization": "Basic eDp5"}):
        for path in (RECORD, SUITEQL, "/services/rest/async/v1/job/1"):
            method = "GET" if path.endswith("/1") else "POST"
            url = f"{account.settings.url}{path}"
            answer = requests.request(method, url, headers=header, timeout=5)
            assert code(answer) == (401, "INVALID_LOGIN")


def test_an_idempotency_key_counts_for_jobs_only(call, journal):
    key = {"X-NetSuite-Idempotency-Key": str(uuid.uuid4())}
    assert call(RECORD, journal(), **key).status_code == 204
    assert call(RECORD, journal(), **key).status_code == 204
    first = call(RECORD, journal(), **key, **ASYNC)
    second = call(RECORD, journal(), **key, **ASYNC)
    assert (first.status_code, first.headers["Preference-Applied"]) == (202, "respond-async")
    assert code(second) == (400, "IDEMPOTENCY_ERROR")
    assert second.json()["title"] == "Conflict"
    assert second.headers["Location"] == first.headers["Location"]


def test_an_idempotency_key_is_a_uuid(call, journal):
    headers = {"X-NetSuite-Idempotency-Key": "test-1", **ASYNC}
    assert code(call(RECORD, journal(), **headers)) == (400, "INVALID_HEADER")


def test_a_job_says_pending_first_and_then_what_came_of_it(call, journal):
    job = call(RECORD, journal(), **ASYNC).headers["Location"]
    assert call(job, method="GET").json()["completed"] is False
    done = call(job, method="GET").json()
    assert (done["completed"], done["progress"]) == (True, "succeeded")
    task = call(f"{job}/task/1", method="GET").json()
    assert [link["rel"] for link in task["links"]] == ["related", "self"]
    assert RECORD in call(f"{job}/task/1/result", method="GET").headers["Location"]
    failed = call(RECORD, journal(subsidiary={"id": "99"}), **ASYNC).headers["Location"]
    assert code(call(f"{failed}/task/1/result", method="GET")) == (400, "INVALID_CONTENT")


def test_a_misspelled_property_is_lost_unless_names_are_checked(call, journal, account):
    body = journal()
    for line in body["line"]["items"]:
        line["loction"] = {"id": "1"}
    answer = call(RECORD, body, **STRICT)
    assert code(answer) == (400, "INVALID_CONTENT")
    assert answer.json()["o:errorDetails"][0]["o:errorPath"] == "line.items[0].loction"
    assert call(RECORD, body).status_code == 204
    assert newest(account).lines[0].segments == ()


def test_a_wrong_value_is_refused_by_default_and_lost_where_that_is_asked_for(
    call, journal, account
):
    body = journal(memo="x" * 1000)
    assert code(call(RECORD, body)) == (400, "INVALID_CONTENT")
    lenient = {"X-NetSuite-PropertyValueValidation": "Warning"}
    assert call(RECORD, body, **lenient).status_code == 204
    assert newest(account).text == ""
    unknown = {"X-NetSuite-PropertyNameValidation": "perhaps"}
    assert code(call(RECORD, journal(), **unknown)) == (400, "INVALID_HEADER")


@pytest.mark.parametrize(
    "change",
    (
        {"debit": "5.25"},
        {"debit": 5.255},
        {"debit": -5.25},
        {"debit": 5.26},
        {"credit": 5.25},
        {"account": {"id": "1010"}},
        {"account": {"externalId": "x"}},
        {"location": {"id": "100"}},
    ),
    ids=str,
)
def test_a_line_with_anything_wrong_is_refused(call, journal, account, change):
    before = len(account.companies["NLH"].documents)
    body = journal()
    body["line"]["items"][0] |= change
    assert call(RECORD, body).status_code == 400
    assert len(account.companies["NLH"].documents) == before


def test_an_external_id_is_unique_whatever_its_case_and_subsidiary(call, journal):
    body = journal()
    assert call(RECORD, body).status_code == 204
    again = {**body, "externalId": body["externalId"].upper(), "subsidiary": {"id": "8"}}
    answer = call(RECORD, again)
    assert code(answer) == (400, "USER_ERROR")
    assert "already exists" in answer.text


def test_a_journal_without_a_period_slips_into_the_next_open_one(call, journal, account):
    account.stub.books.locked.update(p[1] for p in account.stub.books.periods()[:3])
    assert call(RECORD, journal(tranDate="2025-02-03")).status_code == 204
    assert max(account.stub.books.posted_in.values()) > newest(account).day
    named = {"id": account.stub.books.periods()[1][0]}
    answer = call(RECORD, journal(tranDate="2025-02-03", postingPeriod=named))
    assert code(answer) == (400, "USER_ERROR")
    outside = call(RECORD, journal(postingPeriod={"id": account.stub.books.periods()[5][0]}))
    assert "accounting period" in outside.text


def test_suiteql_wants_its_header_a_known_statement_and_an_order(call):
    transient = {"Prefer": "transient"}
    assert code(call(SUITEQL, {"q": periods()})) == (400, "INVALID_HEADER")
    assert call(SUITEQL, {"q": periods()}, **transient).status_code == 200
    for query in (
        periods().partition(" ORDER BY")[0],
        "SELECT * FROM transaction ORDER BY id",
        accounts() + " --",
        periods().replace("ap.isyear = 'F' AND ", ""),
    ):
        assert code(call(SUITEQL, {"q": query}, **transient)) == (400, "INVALID_PARAMETER")
    assert code(call(SUITEQL, {"q": 1}, **transient)) == (400, "INVALID_CONTENT")


def test_pages_have_at_most_a_thousand_rows_and_begin_at_whole_pages(call):
    def page(limit, offset):
        path = f"{SUITEQL}?limit={limit}&offset={offset}"
        return call(path, {"q": periods()}, Prefer="transient")

    found = page(10, 10).json()
    assert (found["count"], found["offset"], found["hasMore"]) == (10, 10, True)
    assert page(10, 30).json()["hasMore"] is False
    for limit, offset in ((1001, 0), (0, 0), (10, 5), ("x", 0)):
        assert code(page(limit, offset)) == (400, "INVALID_PARAMETER")


def test_what_is_no_json_is_refused(call):
    text = {"Content-Type": "text/plain"}
    assert code(call(RECORD, {}, **text)) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert code(call(RECORD, [])) == (400, "INVALID_CONTENT")


def test_a_journal_that_is_not_there_is_not_found(call):
    for method in ("GET", "DELETE"):
        answer = call(f"{RECORD}/1", method=method)
        assert code(answer) == (404, "NONEXISTENT_ID")


def test_a_literal_is_one_plain_line():
    assert quoted("o'brien") == "'o''brien'"
    with pytest.raises(ValueError, match="plain line"):
        quoted("a\nb")
