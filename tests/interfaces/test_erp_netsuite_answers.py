"""What NetSuite's answers mean: the table of its texts, and answers that say nothing."""

from dataclasses import replace
from decimal import Decimal

import pytest

from billing.ledger.erp import ErpUnknown, Reason
from resources.erp.answering import ErpAnswer
from resources.erp.netsuite_answers import day, money, refusal_of, truth
from resources.erp.netsuite_http import encoded, job_of, reference_of

pytestmark = pytest.mark.promise(
    "Each known answer of NetSuite has its reason; any other is unknown"
)

LEAD = "Error while accessing a resource."
FIELD = "Error while accessing resource: You have entered an Invalid Field Value 9999"


def answer(status, content, **headers):
    body = content if isinstance(content, bytes) else encoded(content).encode()
    return ErpAnswer(status, headers, body)


def refused(status, code, text):
    details = [{"detail": text, "o:errorCode": code}]
    return answer(status, {"title": "x", "status": status, "o:errorDetails": details})


@pytest.mark.parametrize(
    ("status", "code", "text", "reason"),
    (
        (400, "USER_ERROR", f"{LEAD} This record already exists.", Reason.DUPLICATE),
        (400, "USER_ERROR", f"{LEAD} This entity already exists.", Reason.DUPLICATE),
        (400, "USER_ERROR", "The amounts in a journal entry must balance.", Reason.UNBALANCED),
        (
            400,
            "USER_ERROR",
            f"{LEAD} The transaction date you specified is not within the date range of your "
            "accounting period.",
            Reason.PERIOD_CLOSED,
        ),
        (
            400,
            "INVALID_CONTENT",
            f"{FIELD} for the following field: postingperiod",
            Reason.PERIOD_CLOSED,
        ),
        (
            400,
            "INVALID_CONTENT",
            f"{FIELD} for the following field: account",
            Reason.ACCOUNT_UNKNOWN,
        ),
        (
            400,
            "USER_ERROR",
            f"{LEAD} The Accounts Payable account cannot be used with the Euro subsidiary.",
            Reason.ACCOUNT_UNKNOWN,
        ),
        (400, "INVALID_CONTENT", f"{FIELD} for the following field: location", Reason.MAPPING),
        (400, "INVALID_CONTENT", f"{FIELD} for the following field: class", Reason.MAPPING),
        (400, "INVALID_CONTENT", f"{FIELD} for the following field: subsidiary", Reason.MAPPING),
        (401, "INVALID_LOGIN", "Invalid login attempt.", Reason.ACCESS),
        (403, "INSUFFICIENT_PERMISSION", "", Reason.ACCESS),
        (400, "USER_ERROR", "Permission Violation: You need a higher permission.", Reason.ACCESS),
        (413, "USER_ERROR", "", Reason.TOO_LARGE),
        (400, "USER_ERROR", "Please enter value(s) for: Department.", Reason.OTHER),
    ),
)
def test_each_known_text_has_its_reason(status, code, text, reason):
    assert refusal_of(refused(status, code, text)).reason == reason


@pytest.mark.parametrize(
    ("status", "content"),
    (
        (403, b"<html>a proxy</html>"),
        (400, {"error": "something else"}),
        (408, {"status": 408, "o:errorDetails": []}),
        (400, {"status": 500, "o:errorDetails": []}),
        (200, {"o:errorDetails": []}),
        (400, []),
    ),
)
def test_what_is_no_refusal_of_netsuite_is_unknown(status, content):
    with pytest.raises(ErpUnknown) as outcome:
        refusal_of(answer(status, content))
    assert outcome.value.reason_code == Reason.UNREADABLE_ANSWER


def test_a_job_is_known_by_its_id_wherever_its_location_points():
    for place in (
        "/services/rest/async/v1/job/123",
        "https://tstdrv1.suitetalk.api.netsuite.com/services/rest/async/v1/job/123",
        "https://evil.example/services/rest/async/v1/job/123?x=1",
    ):
        assert job_of(answer(202, b"", Location=place)) == "123"
    for place in ("", "/services/rest/record/v1/journalEntry/5"):
        with pytest.raises(ErpUnknown):
            job_of(answer(202, b"", Location=place))


def test_a_journal_is_named_by_a_location_or_by_links():
    path = "https://x.example/services/rest/record/v1/journalentry/57"
    assert reference_of(answer(204, b"", Location=path)) == "57"
    assert reference_of(answer(200, {"links": [{"rel": "self", "href": path}]})) == "57"
    with pytest.raises(ErpUnknown):
        reference_of(answer(204, b""))


def test_values_that_cannot_be_read_are_unknown():
    for read, row in (
        (money, {"x": "12,50"}),
        (money, {"x": "NaN"}),
        (truth, {}),
        (truth, {"x": True}),
        (day, {"x": "5/9/2026"}),
    ):
        with pytest.raises(ErpUnknown):
            read(row, "x")
    assert money({"x": ".5"}, "x") == Decimal("0.50")
    assert money({}, "x") == 0


def test_the_first_text_that_is_found_counts_over_all_details():
    both = refused(400, "USER_ERROR", "first")
    second = b'{"status":400,"o:errorDetails":[{"detail":"a"},{"detail":"must balance"}]}'
    assert refusal_of(replace(both, body=second)).reason == Reason.UNBALANCED
