"""Bearer tokens of Microsoft Entra by client credentials, kept until shortly before they expire.

What the tokens open is not known here. A token that cannot be had means that nothing was sent.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from billing.ledger.erp import ErpBusy, ErpRejected, ErpUnknown, Reason
from resources.environment_section import Section
from resources.erp.answering import ErpCaller

LOGIN_URL = "https://login.microsoftonline.com"
SPARE = timedelta(minutes=5)  # a token is renewed before a request could outlive it
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def utc_now() -> datetime:
    """Return the time by which tokens expire."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class EntraApp:
    """A registered application: what it is, and the secret by which it proves that."""

    tenant: str
    client_id: str
    client_secret: str = field(repr=False)
    login_url: str = LOGIN_URL


def read_app(told: Section) -> EntraApp:
    """Read tenant, client and secret; LOGIN_URL for a national cloud.

    Raises MissingSettingError, InvalidSettingError.
    """
    return EntraApp(
        told.required("TENANT"),
        told.required("CLIENT_ID"),
        told.secret("CLIENT_SECRET"),
        told.address("LOGIN_URL", LOGIN_URL),
    )


class EntraTokens:
    """The tokens of one application for one resource."""

    def __init__(
        self,
        app: EntraApp,
        scope: str,
        caller: ErpCaller,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """`scope` ends in `/.default`: what an administrator has consented to."""
        self._app, self._scope = app, scope
        self._caller, self._now = caller, now
        self._token = ""
        self._until = datetime.min.replace(tzinfo=UTC)

    def token(self) -> str:
        """Return a token that is good for a while yet.

        Raises ErpRejected (ACCESS: the login is wrong), ErpBusy (nothing was sent to the ERP) or
        ErpUnknown (LEASE_OVER).
        """
        if not self._token or self._now() >= self._until - SPARE:
            self._renew()
        return self._token

    def forget(self) -> None:
        """Drop the token, because the ERP refused it."""
        self._token = ""

    def _renew(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._app.client_id,
            "client_secret": self._app.client_secret,
            "scope": self._scope,
        }
        url = f"{self._app.login_url}/{self._app.tenant}/oauth2/v2.0/token"
        asked = self._now()
        try:
            answer = self._caller.call("POST", url, headers=FORM, body=urlencode(form).encode())
            said = answer.json()
        except ErpUnknown as unknown:
            if unknown.reason_code == Reason.LEASE_OVER:
                raise  # what went out before is not known here
            raise ErpBusy(Reason.UNAVAILABLE) from None
        if answer.status != 200:
            raise ErpRejected(Reason.ACCESS, "the login of the application was refused")
        try:
            self._token = str(said["access_token"])
            self._until = asked + timedelta(seconds=int(said["expires_in"]))
        except (KeyError, TypeError, ValueError):
            raise ErpBusy(Reason.UNAVAILABLE) from None
