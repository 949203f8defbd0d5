"""The Dynamics 365 Finance of the sandbox is as strict as the service that it stands for."""

import pytest

from resources.erp.dynamics_finance_batch import CONTENT_TYPE, answers, changeset
from tests.fixtures.erp.dynamics_finance import environment

pytestmark = pytest.mark.promise(
    "The stub of Dynamics 365 Finance refuses what the documented service refuses"
)

HEADERS, LINES = "LedgerJournalHeaders", "LedgerJournalLines"
ALL = "?cross-company=true"


@pytest.fixture
def d365():
    with environment() as made:
        yield made


@pytest.fixture
def number(d365):
    content = {"dataAreaId": "nlh", "JournalName": "TIEOUT", "Description": "d"}
    return d365.raw("POST", HEADERS + ALL, json=content).json()["JournalBatchNumber"]


@pytest.fixture
def line(number):
    return {"dataAreaId": "nlh", "JournalBatchNumber": number, "AccountType": "Ledger",
            "AccountDisplayValue": "1010-100--CO", "TransDate": "2026-05-09T12:00:00Z",
            "CurrencyCode": "USD", "Text": "t", "DebitAmount": 5}  # fmt: skip


def test_journals_are_numbered_by_the_server(d365, number):
    assert number == "00001"
    for name in ("JournalBatchNumber", "IsPosted"):
        content = {"dataAreaId": "nlh", "JournalName": "TIEOUT", name: "Yes"}
        assert d365.raw("POST", HEADERS + ALL, json=content).status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"LineNumber": 1},
        {"CreditAmount": 5},
        {"DebitAmount": "5"},
        {"DebitAmount": -5},
        {"CurrencyCode": ""},
        {"Text": "x" * 61},
        {"AccountDisplayValue": "9999"},
        {"AccountDisplayValue": "1010-999"},
        {"AccountDisplayValue": "1010-100--CO-"},
        {"JournalBatchNumber": "99999"},
        {"TransDate": ""},
        {"Color": "red"},
    ],
)
def test_a_line_that_is_not_as_documented_is_refused(d365, line, change):
    answer = d365.raw("POST", LINES + ALL, json={**line, **change})
    assert answer.status_code == 400
    assert answer.json()["error"]["innererror"]["message"]
    assert d365.raw("POST", LINES + ALL, json=line).json()["LineNumber"] == 1


def test_other_companies_are_seen_only_when_asked_for(d365, number):
    assert d365.raw("GET", HEADERS).json()["value"] == []
    assert len(d365.raw("GET", HEADERS + ALL).json()["value"]) == 1
    one = f"{HEADERS}(dataAreaId='nlh',JournalBatchNumber='{number}')"
    assert d365.raw("DELETE", one).status_code == 404
    assert d365.raw("DELETE", one + ALL).status_code == 204


def test_a_changeset_is_done_as_a_whole_or_not_at_all(d365, line):
    body = changeset(LINES + ALL, [line, {**line, "LineNumber": 2}])
    answer = d365.raw("POST", "$batch", data=body, headers={"Content-Type": CONTENT_TYPE})
    assert [one[0] for one in answers(answer.headers["Content-Type"], answer.content)] == [400]
    assert d365.raw("GET", LINES + ALL).json()["value"] == []
    assert d365.raw("POST", "$batch", json={"requests": []}).status_code == 400


def test_no_request_posts_a_journal(d365, number):
    one = f"{HEADERS}(dataAreaId='nlh',JournalBatchNumber='{number}')"
    assert d365.raw("PATCH", one + ALL, json={"IsPosted": "Yes"}).status_code == 405
    path = f"{one}/Microsoft.Dynamics.DataEntities.post"
    assert d365.raw("POST", path).status_code == 405


def test_a_posted_journal_takes_no_lines_and_is_not_deleted(d365, number, line):
    credit = {**line, "CreditAmount": 5}
    del credit["DebitAmount"]
    assert all(d365.raw("POST", LINES + ALL, json=one).ok for one in (line, credit))
    d365.stub.run_batch()
    (shown,) = d365.raw("GET", HEADERS + ALL).json()["value"]
    assert shown["IsPosted"] == "Yes"
    assert d365.raw("POST", LINES + ALL, json=line).status_code == 400
    one = f"{HEADERS}(dataAreaId='nlh',JournalBatchNumber='{number}')"
    assert d365.raw("DELETE", one + ALL).status_code == 400


@pytest.mark.usefixtures("number")
def test_operators_that_the_service_lacks_are_refused(d365):
    assert d365.raw("GET", f"{HEADERS}{ALL}&$filter=Description in 'd'").status_code == 400
    assert d365.raw("GET", f"{HEADERS}{ALL}&$filter=Color eq 'red'").status_code == 400
    assert d365.raw("GET", f"{HEADERS}{ALL}&$apply=groupby((Description))").status_code == 400


def test_a_token_of_another_resource_opens_nothing(d365):
    d365.stub.resource = "https://another.example"
    assert d365.raw("GET", HEADERS).status_code == 401
