"""SMART Backend Services, the server's side: a signed assertion gives a short-lived token."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.requests import Request
from starlette.responses import JSONResponse

ALGORITHMS = ["RS384", "ES384"]
LONGEST_ASSERTION_SECONDS = 300
TOKEN_SECONDS = 300
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class RefusedError(Exception):
    """The login is refused; carries the OAuth error code and the reason."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass
class Login:
    """Checks assertions of the registered clients and knows the tokens given out."""

    clients: dict[str, KeySet]
    now: Callable[[], float]
    tokens: dict[str, float] = field(default_factory=dict)
    used_ids: dict[tuple[str, str], float] = field(default_factory=dict)

    async def answer(self, request: Request) -> JSONResponse:
        """Answer a token request (form: client_credentials with a JWT assertion)."""
        form = {
            name: values[0] for name, values in parse_qs((await request.body()).decode()).items()
        }
        try:
            self.check(form, str(request.url))
        except RefusedError as error:
            body = {"error": error.code, "error_description": error.reason}
            return JSONResponse(body, 400, headers={"Cache-Control": "no-store"})
        token = secrets.token_urlsafe(24)
        self.tokens[token] = self.now() + TOKEN_SECONDS
        granted: dict[str, str | int] = {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": TOKEN_SECONDS,
            "scope": form["scope"],
        }
        return JSONResponse(granted, headers={"Cache-Control": "no-store"})

    def check(self, form: dict[str, str], token_url: str) -> None:
        """Raise RefusedError unless the form is a valid request for this token endpoint."""
        if form.get("grant_type") != "client_credentials":
            raise RefusedError("unsupported_grant_type", "grant_type must be client_credentials")
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise RefusedError("invalid_request", "client_assertion_type is not jwt-bearer")
        scopes = form.get("scope", "").split()
        if not scopes or not all(scope.startswith("system/") for scope in scopes):
            raise RefusedError("invalid_scope", "scope must name system/ scopes")
        self._check_claims(self._claims(form.get("client_assertion", "")), token_url)

    def _claims(self, assertion: str) -> dict[str, Any]:
        for client, keys in self.clients.items():
            try:
                token = jwt.decode(assertion, keys, algorithms=ALGORITHMS)
            except (JoseError, ValueError):
                continue
            claims = dict(token.claims)
            if claims.get("iss") == client and claims.get("sub") == client:
                return claims
            raise RefusedError("invalid_client", "iss and sub must be the client's id")
        raise RefusedError("invalid_client", "the assertion is not signed by a registered key")

    def _check_claims(self, claims: dict[str, Any], token_url: str) -> None:
        audience = claims.get("aud")
        if token_url not in (audience if isinstance(audience, list) else [audience]):
            raise RefusedError("invalid_client", "aud must be the token endpoint")
        expires, now = claims.get("exp"), self.now()
        if not isinstance(expires, int | float) or expires <= now:
            raise RefusedError("invalid_client", "the assertion has expired")
        if expires > now + LONGEST_ASSERTION_SECONDS + 1:
            raise RefusedError("invalid_client", "exp lies more than 300 seconds ahead")
        identifier = claims.get("jti")
        if not isinstance(identifier, str) or not identifier:
            raise RefusedError("invalid_client", "jti is missing")
        self.used_ids = {key: until for key, until in self.used_ids.items() if until > now}
        if (claims["iss"], identifier) in self.used_ids:
            raise RefusedError("invalid_client", "jti was used before")
        self.used_ids[claims["iss"], identifier] = float(expires)

    def admits(self, request: Request) -> bool:
        """True when the request carries a token that was given out and has not aged out."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        return kind.lower() == "bearer" and self.tokens.get(token, 0.0) > self.now()
