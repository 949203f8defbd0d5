"""SMART Backend Services: a signed assertion for a short-lived token. Knows no FHIR resource."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping

import stamina
from authlib.oauth2.rfc7523 import private_key_jwt_sign
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.jwk import ECKey, RSAKey

from resources.http import HttpClient, HttpError, TryLaterError
from resources.settings import FhirSettings, InvalidSettingError

ASSERTION_SECONDS = 240  # the rule allows 300
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPE = "system/*.read"
_EARLY_SECONDS = 30.0


class SmartLogin:
    """Gives the headers of an authorised call; logs in again before the token ages out."""

    def __init__(
        self,
        settings: FhirSettings,
        client: HttpClient,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._client = client
        self._clock = clock
        self._token = ""
        self._good_until = 0.0
        self._token_url = ""

    def headers(self) -> dict[str, str]:
        """Return the Authorization header. Raises HttpError where the login is refused."""
        if not self._token or self._clock() >= self._good_until:
            for attempt in stamina.retry_context(on=TryLaterError, attempts=4, timeout=60):
                with attempt:
                    self._log_in()
        return {"Authorization": f"Bearer {self._token}"}

    def forget(self) -> None:
        """Drop the token: the server does not take it any more."""
        self._token = ""

    def _log_in(self) -> None:
        url = self._endpoint()
        begun = self._clock()
        form = {
            "grant_type": "client_credentials",
            "scope": SCOPE,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion(self._settings, url),
        }
        headers = {"Accept": "application/json"}
        # Each assertion is good for one request: another try signs another one.
        try:
            answer = self._client.call("POST", url, headers=headers, form=form, repeat="never")
        except HttpError as error:
            if error.status == 400:  # how OAuth says that it does not know us (RFC 6749, 5.2)
                error.code = "SOURCE_LOGIN"
            raise
        found = _json(answer.body, "the token endpoint")
        token, seconds = found.get("access_token"), found.get("expires_in", 300)
        if not isinstance(token, str) or not token:
            raise HttpError("POST token", "the answer holds no access token")
        self._token = token
        lifetime = float(seconds) if isinstance(seconds, int | float) else 300.0
        # A token of a few seconds is used for half of them, not renewed before each call.
        self._good_until = begun + max(lifetime - _EARLY_SECONDS, lifetime / 2)

    def _endpoint(self) -> str:
        if not self._token_url:
            url = f"{self._settings.url}/.well-known/smart-configuration"
            answer = self._client.get(url, headers={"Accept": "application/json"})
            found = _json(answer.body, "the SMART configuration").get("token_endpoint")
            if not isinstance(found, str):
                raise HttpError("GET smart-configuration", "it names no token endpoint")
            self._token_url = found
        return self._token_url


def assertion(settings: FhirSettings, audience: str) -> str:
    """Sign a client assertion: RS384 for an RSA key, ES384 for an elliptic one."""
    header = {"typ": "JWT"} | ({"kid": settings.key_id} if settings.key_id else {})
    key = _signing_key(settings.private_key)
    algorithm = "ES384" if isinstance(key, ECKey) else "RS384"
    return str(
        private_key_jwt_sign(
            key,
            settings.client_id,
            audience,
            alg=algorithm,
            header=header | {"alg": algorithm},
            expires_in=ASSERTION_SECONDS,
        )
    )


def _signing_key(pem: str) -> ECKey | RSAKey:
    try:
        key = load_pem_private_key(pem.encode(), None)
        is_elliptic = isinstance(key, EllipticCurvePrivateKey)
        return ECKey.import_key(pem) if is_elliptic else RSAKey.import_key(pem)
    except (ValueError, TypeError):
        raise InvalidSettingError("TIEOUT_FHIR_PRIVATE_KEY", "a PEM private key") from None


def _json(body: bytes, what: str) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except ValueError:
        raise HttpError(what, "the answer is no JSON") from None
    if not isinstance(found, dict):
        raise HttpError(what, "the answer is no JSON object")
    return found
