"""Microsoft Entra's token endpoint, for the ERPs of the sandbox that are opened by its tokens.

Tokens are opaque and really checked: whether we issued them, for which resource, until when.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

LIFE = timedelta(seconds=3599)
NEEDED = {"grant_type", "client_id", "client_secret", "scope"}
FORM = "application/x-www-form-urlencoded"


def utc_now() -> datetime:
    """Return the time by which tokens expire."""
    return datetime.now(UTC)


@dataclass
class Entra:
    """One tenant: its applications by id, with their secrets, and the resources there are."""

    tenant: str
    apps: dict[str, str]
    resources: tuple[str, ...]
    now: Callable[[], datetime] = utc_now
    issued: dict[str, tuple[str, datetime]] = field(default_factory=dict)  # token -> resource, end
    requests: int = 0

    def token(self, tenant: str, content_type: str, body: bytes) -> tuple[int, bytes]:
        """Answer one token request: status and JSON body."""
        self.requests += 1
        refusal = self._refusal(tenant, content_type, body)
        if refusal is not None:
            return refusal
        token = secrets.token_urlsafe(32)
        resource = _form(body)["scope"].removesuffix("/.default")
        self.issued[token] = (resource, self.now() + LIFE)
        seconds = int(LIFE.total_seconds())
        return 200, json.dumps(
            {
                "token_type": "Bearer",
                "expires_in": seconds,
                "ext_expires_in": seconds,
                "access_token": token,
            }
        ).encode()

    def lets_in(self, authorization: str, resource: str) -> bool:
        """Say whether an Authorization header opens a resource now."""
        scheme, _, token = authorization.partition(" ")
        if scheme != "Bearer" or token not in self.issued:
            return False
        made_for, until = self.issued[token]
        return made_for == resource and self.now() < until

    def _refusal(self, tenant: str, content_type: str, body: bytes) -> tuple[int, bytes] | None:
        form = _form(body)
        app, secret = form.get("client_id", ""), form.get("client_secret", "")
        resource, found, _ = form.get("scope", "").partition("/.default")
        known = self.apps.get(app, "")
        checks: tuple[tuple[bool, int, str, int, str], ...] = (
            (tenant == self.tenant, 400, "invalid_request", 90002, "Tenant not found."),
            (content_type.startswith(FORM), 400, "invalid_request", 900144, "Not a form."),
            (set(form) >= NEEDED, 400, "invalid_request", 900144, "A parameter is missing."),
            (
                form.get("grant_type") == "client_credentials",
                400, "unsupported_grant_type", 70003, "The grant type is not supported.",
            ),
            (app in self.apps, 400, "unauthorized_client", 700016, "Application not found."),
            (
                hmac.compare_digest(secret.encode(), known.encode()),
                401, "invalid_client", 7000215, "Invalid client secret provided.",
            ),
            (
                bool(found) and resource in self.resources,
                400, "invalid_scope", 70011, "The provided scope is not valid.",
            ),
        )  # fmt: skip
        for is_good, status, error, code, text in checks:
            if not is_good:
                return _error(status, error, code, text)
        return None


def _form(body: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


def _error(status: int, error: str, code: int, text: str) -> tuple[int, bytes]:
    said = {
        "error": error,
        "error_description": f"AADSTS{code}: {text}",
        "error_codes": [code],
        "timestamp": "2026-01-01 00:00:00Z",
        "trace_id": "00000000-0000-0000-0000-000000000000",
        "correlation_id": "00000000-0000-0000-0000-000000000000",
    }
    return status, json.dumps(said).encode()
