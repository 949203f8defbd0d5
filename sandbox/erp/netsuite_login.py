"""NetSuite's OAuth 2.0 client credentials, the server's side: assertions in, tokens out.

Knows the uploaded certificates by their ids; nothing of records.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import extract_compact
from starlette.requests import Request
from starlette.responses import JSONResponse

from sandbox.erp.netsuite_errors import NetsuiteError

ALGORITHMS = ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPES = {"restlets", "rest_webservices", "suite_analytics"}
LONGEST_ASSERTION_SECONDS = 3600
TOKEN_SECONDS = 3600
INVALID_LOGIN = (
    "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at "
    "Setup > Users/Roles > User Management > View Login Audit Trail."
)


class RefusedLoginError(Exception):
    """No token: carries the error code of OAuth; the reason is for the audit trail only."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass
class LoginDesk:
    """Checks assertions and knows the tokens given out; `audit` has a line for each refusal."""

    client_id: str
    certificates: dict[str, str]  # certificate id -> public key, PEM
    now: Callable[[], float]
    tokens: dict[str, float] = field(default_factory=dict)
    audit: list[str] = field(default_factory=list)

    async def answer(self, request: Request) -> JSONResponse:
        """Answer a request for a token. What is wrong is told to the audit trail alone."""
        try:
            self._check_form(request, (await request.body()).decode())
        except RefusedLoginError as refusal:
            self.audit.append(str(refusal))
            return JSONResponse({"error": refusal.code}, 400)
        token = secrets.token_urlsafe(32)
        self.tokens[token] = self.now() + TOKEN_SECONDS
        granted = {"access_token": token, "expires_in": str(TOKEN_SECONDS), "token_type": "bearer"}
        return JSONResponse(granted)

    def admit(self, request: Request) -> None:
        """Raise NetsuiteError unless the request carries a token that has not aged out."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or self.tokens.get(token, 0.0) <= self.now():
            raise NetsuiteError(401, "INVALID_LOGIN", INVALID_LOGIN)

    def _check_form(self, request: Request, body: str) -> None:
        kind = request.headers.get("content-type", "").partition(";")[0]
        if kind != "application/x-www-form-urlencoded":
            raise RefusedLoginError("invalid_request", "the body is no form")
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if form.get("grant_type") != "client_credentials":
            raise RefusedLoginError("unsupported_grant_type", "grant_type")
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise RefusedLoginError("invalid_request", "client_assertion_type")
        claims = self._claims(form.get("client_assertion", ""))
        self._check_claims(claims, str(request.url.replace(query="")))

    def _claims(self, assertion: str) -> dict[str, Any]:
        try:
            header = extract_compact(assertion.encode()).headers()
            key_id, algorithm = header.get("kid"), header.get("alg")
            if header.get("typ") != "JWT" or algorithm not in ALGORITHMS:
                raise RefusedLoginError("invalid_grant", "header of the assertion")
            if key_id not in self.certificates:
                raise RefusedLoginError("invalid_grant", "certificate id")
            pem = self.certificates[str(key_id)]
            key = (RSAKey if str(algorithm).startswith("PS") else ECKey).import_key(pem)
            return dict(jwt.decode(assertion, key, algorithms=ALGORITHMS).claims)
        except (JoseError, ValueError, TypeError):
            raise RefusedLoginError("invalid_grant", "signature of the assertion") from None

    def _check_claims(self, claims: dict[str, Any], token_url: str) -> None:
        if claims.get("iss") != self.client_id:
            raise RefusedLoginError("invalid_client", "iss")
        audience = claims.get("aud")
        if token_url not in (audience if isinstance(audience, list) else [audience]):
            raise RefusedLoginError("invalid_grant", "aud")
        scope = claims.get("scope")
        scopes = set(scope.split(",")) if isinstance(scope, str) else set()
        if "rest_webservices" not in scopes or not scopes <= SCOPES:
            raise RefusedLoginError("invalid_scope", "scope")
        issued, expires = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int) or not isinstance(expires, int):
            raise RefusedLoginError("invalid_grant", "iat or exp")
        if not issued <= self.now() + 60 or not self.now() < expires:
            raise RefusedLoginError("invalid_grant", "the assertion is not valid now")
        if expires - issued >= LONGEST_ASSERTION_SECONDS:
            raise RefusedLoginError("invalid_grant", "the assertion is valid for too long")
