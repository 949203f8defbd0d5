"""How we log in to NetSuite: assertions, tokens that age, and what goes over the wire."""

import json
from base64 import urlsafe_b64decode
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.responses import PlainTextResponse

from billing.ledger.deadline import sending_until
from billing.ledger.erp import ErpBusy, ErpRejected, ErpUnknown, Reason, compare
from resources.environment import InvalidSettingError, MissingSettingError
from resources.erp.answering import ErpCaller
from resources.erp.netsuite_http import JOURNALS
from resources.erp.netsuite_settings import NetsuiteLogin
from resources.erp.netsuite_token import TOKEN_PATH, NetsuiteToken, assertion
from tests.fixtures.erp.harness import serving
from tests.fixtures.erp.netsuite import CERTIFICATE, CLIENT, netsuite, pem_pair, raised

pytestmark = pytest.mark.promise(
    "A NetSuite login is signed as documented, renewed in time, and shows no secret"
)

NOON = 1_800_000_000.0


class Clock:
    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def account(clock):
    """A NetSuite account of its own for each test, which lives by the test's clock."""
    with netsuite(clock) as made:
        yield made


def ask(account, signed):
    """Ask for a token with an assertion; return the status and the error."""
    form = (
        "grant_type=client_credentials&client_assertion_type="
        "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
        f"&client_assertion={signed}"
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    url = f"{account.settings.url}{TOKEN_PATH}"
    answer = ErpCaller(5.0).call("POST", url, headers=headers, body=form.encode())
    return answer.status, answer.json().get("error")


def signed(account, key=None, algorithm="ES256", header=(), **claims):
    usual = {
        "iss": CLIENT,
        "scope": "rest_webservices",
        "aud": f"{account.settings.url}{TOKEN_PATH}",
        "iat": int(NOON),
        "exp": int(NOON) + 300,
    }
    key = key or ECKey.import_key(account.settings.login.private_key)
    head = {"typ": "JWT", "alg": algorithm, "kid": CERTIFICATE} | dict(header)
    return jwt.encode(head, usual | claims, key, algorithms=[algorithm])


def test_one_token_serves_until_shortly_before_it_expires(account, clock, make_entry):
    ledger = account.ledger_with(now=clock)
    ledger.post(make_entry())
    clock.now += 3600 - 61
    ledger.post(make_entry())
    assert len(account.stub.desk.tokens) == 1
    clock.now += 2
    ledger.post(make_entry())
    assert len(account.stub.desk.tokens) == 2


def test_a_token_that_is_not_taken_any_more_is_renewed_once(account, clock, make_entry):
    ledger = account.ledger_with(now=clock)
    ledger.post(make_entry())
    account.stub.desk.tokens.clear()
    entry = make_entry()
    assert compare(entry, ledger.post(entry)) == []
    assert len(account.stub.desk.tokens) == 1


def test_a_token_that_is_revoked_between_our_look_and_our_write_is_renewed(
    account, clock, make_entry, monkeypatch
):
    call = ErpCaller.call

    def revoked(self, method, url, **more):
        if url.endswith(JOURNALS) and len(account.stub.desk.tokens) == 1:
            account.stub.desk.tokens = {"another": NOON * 2, "one more": NOON * 2}
        return call(self, method, url, **more)

    monkeypatch.setattr(ErpCaller, "call", revoked)
    entry = make_entry()
    assert compare(entry, account.ledger_with(now=clock).post(entry)) == []
    assert account.documents("NLH", entry.key) == 1


def test_tokens_that_are_never_taken_end_in_a_rejection(account, clock, make_entry, monkeypatch):
    monkeypatch.setattr(NetsuiteToken, "header", lambda _: "Bearer guessed")
    assert raised(ErpRejected, account.ledger_with(now=clock), make_entry()) == Reason.ACCESS
    with pytest.raises(ErpUnknown):
        account.ledger_with(now=clock).find("NLH", "test-1")


def test_a_refused_login_is_a_rejection(account, clock, make_entry):
    login = replace(account.settings.login, certificate_id="another")
    ledger = account.ledger_with(now=clock, login=login)
    assert raised(ErpRejected, ledger, make_entry()) == Reason.ACCESS
    assert account.stub.desk.audit == ["certificate id"]


@pytest.mark.parametrize(("status", "text"), ((503, "down"), (200, "<html>down</html>")))
def test_a_token_endpoint_without_an_answer_is_busy(account, clock, make_entry, status, text):
    with serving(PlainTextResponse(text, status)) as url:
        ledger = account.ledger_with(now=clock, address=url)
        assert raised(ErpBusy, ledger, make_entry()) == Reason.UNAVAILABLE


def test_a_login_after_the_time_to_send_is_over_is_unknown(account, clock, make_entry):
    with sending_until(0.0):
        assert raised(ErpUnknown, account.ledger_with(now=clock), make_entry()) == Reason.LEASE_OVER
    assert account.stub.desk.tokens == {}


@pytest.mark.parametrize(("curve", "algorithm"), ((ec.SECP384R1, "ES384"), (ec.SECP521R1, "ES512")))
def test_each_curve_has_its_algorithm(account, clock, make_entry, curve, algorithm):
    private, public = pem_pair(ec.generate_private_key(curve()))
    account.stub.desk.certificates["other"] = public
    login = NetsuiteLogin(CLIENT, "other", private)
    assert login.signing_key()[0] == algorithm
    entry = make_entry()
    ledger = account.ledger_with(now=clock, login=login)
    assert compare(entry, ledger.post(entry)) == []


def test_an_rsa_key_signs_with_pss_and_nothing_else_of_rsa_is_taken(account, clock, make_entry):
    private, public = pem_pair(rsa.generate_private_key(65537, 3072))
    account.stub.desk.certificates["rsa"] = public
    login = NetsuiteLogin(CLIENT, "rsa", private)
    assert login.signing_key()[0] == "PS256"
    entry = make_entry()
    ledger = account.ledger_with(now=clock, login=login)
    assert compare(entry, ledger.post(entry)) == []
    key = RSAKey.import_key(private)
    answer = ask(account, signed(account, key, "RS256", {"kid": "rsa"}))
    assert answer == (400, "invalid_grant")


def test_the_assertion_says_what_netsuite_asks_for(account):
    header, claims, _ = assertion(account.settings, NOON).split(".")
    assert decoded(header) == {"typ": "JWT", "alg": "ES256", "kid": CERTIFICATE}
    assert decoded(claims) == {
        "iss": CLIENT,
        "scope": "rest_webservices",
        "aud": f"{account.settings.url}{TOKEN_PATH}",
        "iat": int(NOON),
        "exp": int(NOON) + 300,
    }


def decoded(part):
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_a_well_made_assertion_is_taken(account):
    assert ask(account, signed(account)) == (200, None)


@pytest.mark.parametrize(
    "change",
    (
        {"iss": "somebody"},
        {"aud": "https://elsewhere.example/token"},
        {"scope": "restlets"},
        {"scope": "rest_webservices everything"},
        {"iat": int(NOON) - 600, "exp": int(NOON) - 300},
        {"exp": int(NOON) + 3600},
        {"iat": int(NOON) + 3000, "exp": int(NOON) + 3300},
        {"exp": None},
        {"header": {"kid": "another"}},
        {"header": {"typ": "at+jwt"}},
        {"key": ECKey.generate_key("P-256")},
    ),
    ids=" ".join,
)
def test_the_stub_takes_no_assertion_with_anything_wrong(account, change):
    status, error = ask(account, signed(account, **change))
    assert status == 400
    assert error in {"invalid_grant", "invalid_client", "invalid_scope"}


def test_a_tampered_assertion_is_refused(account):
    header, claims, signature = signed(account).split(".")
    _, others, _ = signed(account, exp=int(NOON) + 3000).split(".")
    for forged in (f"{header}.{others}.{signature}", f"{header}.{claims}.", "rubbish"):
        assert ask(account, forged) == (400, "invalid_grant")


def test_what_goes_out_is_strict_exact_and_without_floats(account, clock, make_entry, monkeypatch):
    call, sent = ErpCaller.call, []

    def recorded(self, method, url, **more):
        if url.endswith(JOURNALS):
            sent.append(more)
        return call(self, method, url, **more)

    monkeypatch.setattr(ErpCaller, "call", recorded)
    entry = make_entry(amount="1234567890123.10")
    assert compare(entry, account.ledger_with(now=clock).post(entry)) == []
    (only,) = sent
    assert b'"debit":1234567890123.10,' in only["body"]
    assert only["headers"]["X-NetSuite-PropertyNameValidation"] == "Error"
    assert only["headers"]["X-NetSuite-PropertyValueValidation"] == "Error"
    assert only["headers"]["Prefer"] == "respond-async"
    body = json.loads(only["body"])
    assert (body["externalId"], body["subsidiary"]) == (entry.key, {"id": "7"})
    assert body["postingPeriod"] == {"id": str(2026 * 12 + 5)}


def test_no_repr_shows_the_private_key(account):
    for shown in (repr(account.settings), repr(account.settings.login)):
        assert "PRIVATE" not in shown


def test_settings_that_cannot_work_are_refused_when_they_are_made(account):
    for change in (
        {"address": "http://netsuite.example"},
        {"dimensions": {"facility": "region"}},
        {"dimensions": {"facility": "class", "payer_class": "class"}},
    ):
        with pytest.raises(InvalidSettingError):
            replace(account.settings, **change)
    with pytest.raises(InvalidSettingError):
        NetsuiteLogin(CLIENT, CERTIFICATE, "no key")
    with pytest.raises(MissingSettingError):
        account.settings.subsidiary("XXX")


def test_the_address_follows_from_the_account(account):
    found = replace(account.settings, account="123456_SB1", address="").url
    assert found == "https://123456-sb1.suitetalk.api.netsuite.com"
