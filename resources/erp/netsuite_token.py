"""NetSuite's OAuth 2.0 client credentials: a signed assertion for a token that is kept a while.

The token is for any call; which calls there are is in `netsuite_http.py`.
"""

from collections.abc import Callable
from urllib.parse import urlencode

from joserfc import jwt

from billing.ledger.erp import ErpBusy, ErpRejected, ErpUnknown, Reason
from resources.erp.answering import ErpAnswer, ErpCaller
from resources.erp.netsuite_settings import NetsuiteSettings

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - a path, no secret
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 300  # NetSuite allows less than 3600
SCOPE = "rest_webservices"
EARLY_SECONDS = 60.0
USUAL_SECONDS = 3600


class NetsuiteToken:
    """Gives the Authorization header; logs in again before the token ages out."""

    def __init__(
        self, settings: NetsuiteSettings, caller: ErpCaller, now: Callable[[], float]
    ) -> None:
        """`now` returns seconds since 1970. Connects to nothing."""
        self._settings, self._caller, self._now = settings, caller, now
        self._header = ""
        self._good_until = 0.0

    def header(self) -> str:
        """Return the value of Authorization. Raises ErpRejected (ACCESS) or ErpBusy."""
        if not self._header or self._now() >= self._good_until:
            self._log_in()
        return self._header

    def forget(self) -> None:
        """Drop the token: NetSuite does not take it any more."""
        self._header = ""

    def _log_in(self) -> None:
        begun = self._now()
        answer = self._ask(assertion(self._settings, begun))
        if 400 <= answer.status < 500:
            raise ErpRejected(Reason.ACCESS, "the token endpoint refuses our certificate or client")
        token, seconds = _granted(answer)
        self._header = f"Bearer {token}"
        # A short-lived token is used for half of its life, not renewed before each call.
        self._good_until = begun + max(seconds - EARLY_SECONDS, seconds / 2)

    def _ask(self, signed: str) -> ErpAnswer:
        """Ask for a token. Whatever goes wrong here, no entry was sent: busy, never unknown."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": signed,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        url = f"{self._settings.url}{TOKEN_PATH}"
        try:
            return self._caller.call("POST", url, headers=headers, body=urlencode(form).encode())
        except ErpUnknown as unknown:
            if (
                unknown.reason_code == Reason.LEASE_OVER
            ):  # what was sent before is not for us to say
                raise
            raise ErpBusy(Reason.UNAVAILABLE) from None


def assertion(settings: NetsuiteSettings, now: float) -> str:
    """Sign an assertion that is good for some minutes from `now` (seconds since 1970)."""
    algorithm, key = settings.login.signing_key()
    header = {"typ": "JWT", "alg": algorithm, "kid": settings.login.certificate_id}
    claims = {
        "iss": settings.login.client_id,
        "scope": SCOPE,
        "aud": f"{settings.url}{TOKEN_PATH}",
        "iat": int(now),
        "exp": int(now) + ASSERTION_SECONDS,
    }
    return jwt.encode(header, claims, key, algorithms=[algorithm])


def _granted(answer: ErpAnswer) -> tuple[str, int]:
    """Return token and lifetime; NetSuite writes the seconds as text, OAuth as a number."""
    try:
        found = answer.json()
    except ErpUnknown:
        raise ErpBusy(Reason.UNAVAILABLE) from None
    token = found.get("access_token") if isinstance(found, dict) else None
    if answer.status != 200 or not isinstance(token, str) or not token:
        raise ErpBusy(Reason.UNAVAILABLE)
    seconds = str(found.get("expires_in", ""))
    return token, int(seconds) if seconds.isdigit() else USUAL_SECONDS
