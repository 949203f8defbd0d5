"""The token of Dagster's pages, and the session that a browser gets for it. No HTTP here.

A session is a signed statement of when it ends, so that it outlives a restart of the pages.
"""

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from resources.environment import InvalidSettingError, required

VARIABLE = "TIEOUT_PAGES_TOKEN"
LEAST_LENGTH = 32
LIFETIME = timedelta(hours=12)


def read_token(environ: Mapping[str, str]) -> str:
    """Return the installation's token. Raises MissingSettingError or InvalidSettingError."""
    token = required(environ, VARIABLE)
    if len(token) < LEAST_LENGTH or not re.fullmatch(r"[A-Za-z0-9_-]+", token):
        raise InvalidSettingError(VARIABLE, f"at least {LEAST_LENGTH} letters, digits, - or _")
    return token


def link(url: str, token: str) -> str:
    """Return the address that opens the pages in a browser."""
    return f"{url}/?{urlencode({'token': token})}"


def headers(token: str) -> dict[str, str]:
    """Return the headers with which a program asks the pages."""
    return {"Authorization": f"Bearer {token}"}


def is_token(given: str, token: str) -> bool:
    """Say whether a token is the right one, in the same time whatever is given."""
    return hmac.compare_digest(given.encode(), token.encode())


def cookie_name(port: int) -> str:
    """Return the cookie's name: browsers tell addresses apart, and not ports."""
    return f"tieout_pages_{port}"


def new_session(token: str, now: datetime) -> str:
    """Return what the session's cookie holds."""
    ends = str(int((now + LIFETIME).timestamp()))
    return f"{ends}.{_signature(token, ends)}"


def is_session(value: str, token: str, now: datetime) -> bool:
    """Say whether a cookie holds a session that we signed and that has not ended."""
    ends, _, signature = value.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(token, ends).encode()):
        return False
    return now < datetime.fromtimestamp(int(ends), UTC)


def _signature(token: str, ends: str) -> str:
    return hmac.digest(token.encode(), f"session until {ends}".encode(), "sha256").hex()
