"""Tokens of Microsoft Entra: fetched, kept, renewed, refused; shown against Business Central."""

from dataclasses import replace

import pytest

from billing.ledger.deadline import sending_until
from billing.ledger.erp import ErpBusy, ErpRejected, ErpUnknown, Reason
from resources.erp.business_central import BusinessCentralLedger
from resources.erp.entra import EntraApp
from sandbox.erp.business_central import RESOURCE
from tests.fixtures.erp.business_central import CLIENT, IDS, SECRET, TENANT, environment
from tests.fixtures.erp.clock import Clock

pytestmark = pytest.mark.promise(
    "A Microsoft Entra token is kept, renewed in time, and never shown"
)

NLH = f"companies({IDS['NLH']})"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def bc(clock):
    with environment(clock) as made:
        yield made


def test_a_wrong_secret_is_told_and_nothing_reaches_the_erp(bc, make_entry):
    with pytest.raises(ErpRejected) as refusal:
        bc.ledger(secret="wrong").post(make_entry())
    assert refusal.value.reason_code == Reason.ACCESS
    assert bc.stub.requests == []


def test_a_token_is_used_until_shortly_before_it_expires(bc, clock):
    ledger = bc.ledger(now=clock)
    for _ in range(3):
        ledger.accounts("NLH")
    assert bc.stub.entra.requests == 1
    clock.pass_by(minutes=56)
    ledger.accounts("NLH")
    assert bc.stub.entra.requests == 2


def test_a_token_that_the_erp_takes_back_is_renewed_once(bc, clock):
    ledger = bc.ledger(now=clock)
    ledger.accounts("NLH")
    bc.stub.entra.issued.clear()
    assert ledger.accounts("NLH")
    bc.stub.entra.resources = ("https://other.example",)
    bc.stub.entra.issued.clear()
    with pytest.raises(ErpRejected) as refusal:
        ledger.accounts("NLH")
    assert refusal.value.reason_code == Reason.ACCESS


def test_without_a_login_server_nothing_was_sent(bc, make_entry):
    app = EntraApp(TENANT, CLIENT, SECRET, login_url="http://127.0.0.1:9")
    ledger = BusinessCentralLedger(replace(bc.settings(), app=app))
    with pytest.raises(ErpBusy):
        ledger.post(make_entry())
    assert bc.stub.requests == []


def test_a_login_after_the_time_to_send_is_over_is_unknown(bc, make_entry):
    with sending_until(0.0), pytest.raises(ErpUnknown) as unknown:
        bc.ledger().post(make_entry())
    assert unknown.value.reason_code == Reason.LEASE_OVER
    assert bc.stub.entra.requests == 0


def test_no_secret_shows_in_the_settings(bc):
    assert SECRET not in repr(bc.settings())


def test_the_stub_refuses_tokens_that_are_unknown_expired_or_for_something_else(bc, clock):
    assert bc.raw("GET", f"{NLH}/accounts", token="made up").status_code == 401
    token = "of another resource"
    bc.stub.entra.issued[token] = ("https://other.example", clock().replace(year=2030))
    assert bc.raw("GET", f"{NLH}/accounts", token=token).status_code == 401
    bc.stub.entra.issued[token] = (RESOURCE, clock())
    answer = bc.raw("GET", f"{NLH}/accounts", token=token)
    assert answer.json()["error"]["code"] == "Authentication_InvalidCredentials"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_id": "nobody"}, "unauthorized_client"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"scope": RESOURCE}, "invalid_scope"),
        ({"scope": ""}, "invalid_request"),
    ],
)
def test_the_token_endpoint_names_what_is_wrong(bc, change, error):
    answer = bc.ask_for_token(**change)
    assert answer.status_code in {400, 401}
    assert answer.json()["error"] == error
