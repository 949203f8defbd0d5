"""The Business Central of the sandbox is as strict as the API that it stands for."""

import pytest

from resources.erp.business_central_answers import SAME_KEY
from resources.erp.business_central_client import Operation
from tests.fixtures.erp.business_central import IDS, environment

pytestmark = pytest.mark.promise(
    "The stub of Business Central refuses what the documented service refuses"
)

NLH = f"companies({IDS['NLH']})"


@pytest.fixture
def bc():
    with environment() as made:
        yield made


def journals(bc):
    return list(bc.stub.journals[IDS["NLH"]].all.values())


def test_the_stub_refuses_what_the_api_does_not_have(bc):
    code = {"code": "A", "displayName": ""}
    for content, name in (
        ({**code, "color": "red"}, "BadRequest"),
        ({"code": "A" * 11}, "Application_StringExceededLength"),
        ({"displayName": "x"}, "BadRequest_RequiredParamNotProvided"),
    ):
        answer = bc.raw("POST", f"{NLH}/journals", json=content)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, name)
    assert bc.raw("POST", f"{NLH}/journals", data=b"{}").status_code == 415
    assert bc.raw("POST", f"{NLH}/accounts", json=code).status_code == 405
    assert bc.raw("GET", f"{NLH}/accounts?$filter=color eq 'red'").status_code == 400
    assert bc.raw("GET", f"{NLH}/nothing").status_code == 404


def test_the_stub_keeps_codes_unique_and_asks_for_etags(bc):
    made = bc.raw("POST", f"{NLH}/journals", json={"code": "A"}).json()
    again = bc.raw("POST", f"{NLH}/journals", json={"code": "a"})
    assert again.json()["error"]["code"] == SAME_KEY
    path = f"{NLH}/journals({made['id']})"
    name = {"displayName": "x"}
    assert bc.raw("PATCH", path, json=name).json()["error"]["code"] == "BadRequest_InvalidToken"
    held = {"If-Match": made["@odata.etag"]}
    assert bc.raw("PATCH", path, json=name, headers=held).status_code == 200
    late = bc.raw("DELETE", path, headers=held)
    assert (late.status_code, late.json()["error"]["code"]) == (409, "Request_EntityChanged")


def test_the_stub_counts_a_name_up_that_ends_in_a_digit(bc):
    made = bc.raw("POST", f"{NLH}/journals", json={"code": "DAY09"}).json()
    for number, value in ((1, 5), (2, -5)):
        line = {"lineNumber": number, "accountNumber": "1010", "amount": value,
                "postingDate": "2026-05-09", "documentNumber": "D"}  # fmt: skip
        assert bc.raw("POST", f"{NLH}/journals({made['id']})/journalLines", json=line).ok
    assert bc.raw("POST", f"{NLH}/journals({made['id']})/Microsoft.NAV.post").status_code == 204
    assert [one.code for one in journals(bc)] == ["DAY10"]


def a_batch_that_fails():
    good = {"method": "POST", "url": f"{NLH}/journals", "body": {"code": "A"}}
    return {"requests": [good, {**good, "body": {"code": ""}}, {**good, "body": {"code": "C"}}]}


def test_a_batch_is_one_transaction_only_where_the_header_says_so(bc):
    headers = {"Isolation": "snapshot"}
    answer = bc.raw("POST", "$batch", json=a_batch_that_fails(), headers=headers).json()
    assert [one["status"] for one in answer["responses"]] == [201, 400]
    assert journals(bc) == []
    bc.raw("POST", "$batch", json=a_batch_that_fails())
    assert [one.code for one in journals(bc)] == ["A"]


def test_a_batch_takes_a_hundred_operations_and_no_more(bc):
    one = {"method": "GET", "url": f"{NLH}/accounts"}
    assert bc.raw("POST", "$batch", json={"requests": [one] * 100}).status_code == 200
    assert bc.raw("POST", "$batch", json={"requests": [one] * 101}).status_code == 400
    with pytest.raises(ValueError, match="100"):
        bc.ledger()._drafts._client.together([Operation("GET", f"{NLH}/accounts")] * 101)
