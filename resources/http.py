"""One way to call an HTTP API: timeouts, retries of what is safe to repeat, its own host only.

Errors name method, host, path and status; never a body, a query or a header.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import urljoin, urlsplit

import requests
import stamina

from resources.receipt import SourceError

TIMEOUT_SECONDS = (5.0, 60.0)  # to connect, between bytes
MOST_BYTES = 512 * 1024 * 1024
MOST_REDIRECTS = 5
LONGEST_WAIT_SECONDS = 120.0
ATTEMPTS = 6
_TRY_LATER = (429, 502, 503, 504)
_REDIRECTS = (301, 302, 303, 307, 308)
# always: a repeat does no harm; refused: only what the server says it did not do; never.
Repeat = Literal["always", "refused", "never"]


class HttpError(SourceError):
    """A call failed; `status` is None where no answer came."""

    code = "SOURCE_ANSWER"

    def __init__(
        self, call: str, reason: str, status: int | None = None, code: str | None = None
    ) -> None:
        super().__init__(f"{call}: {reason}")
        self.status = status
        self.code = code or ("SOURCE_LOGIN" if status in (401, 403) else self.code)


class TryLaterError(HttpError):
    """The server says later, or cannot be reached; `wait_seconds` is its wish."""

    code = "SOURCE_OUT_OF_REACH"

    def __init__(
        self,
        call: str,
        reason: str,
        status: int | None,
        wait_seconds: float | None,
        code: str | None = None,
    ) -> None:
        super().__init__(call, reason, status, code)
        self.wait_seconds = wait_seconds


class ForeignAddressError(HttpError):
    """An address on another host than the API's own: not called."""


class TooLargeError(HttpError):
    """A body larger than the limit: not read to its end."""


@dataclass(frozen=True)
class Answer:
    """A status, the headers and the whole body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class HttpClient:
    """Calls one API. Not for use by several threads."""

    def __init__(
        self,
        base_url: str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        most_bytes: int = MOST_BYTES,
        attempts: int = ATTEMPTS,
    ) -> None:
        self.base_url = base_url
        self._origin = _origin(base_url)
        self._now = now
        self._most_bytes = most_bytes
        self._attempts = attempts
        self._session = requests.Session()
        self._session.trust_env = False  # no proxies, no .netrc: only what the settings say

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        accept: Collection[int] = (200,),
    ) -> Answer:
        """GET, repeated while the server says later. Raises HttpError for any other status."""
        return self.call("GET", url, headers=headers, params=params, accept=accept)

    def call(  # noqa: PLR0913
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        accept: Collection[int] = (200,),
        repeat: Repeat = "always",
    ) -> Answer:
        """Send one request and read its answer whole. Raises HttpError or a kind of it."""

        def wait(error: Exception) -> float | bool:
            return _wait(error, repeat)

        attempts = stamina.retry_context(
            on=wait, attempts=self._attempts, timeout=600, wait_max=30.0
        )
        for attempt in attempts:
            with attempt:
                return self._once(method, url, headers, params, form, accept)
        raise AssertionError("the last attempt returns or raises")

    def _once(  # noqa: PLR0913, PLR0917
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        params: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
        accept: Collection[int],
    ) -> Answer:
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._send(method, url, headers, params, form)
            if answer.status in accept:
                return answer
            target = answer.headers.get("Location")
            if method != "GET" or answer.status not in _REDIRECTS or not target:
                raise self._refusal(_call(method, url), answer)
            url, params = urljoin(url, target), None
        raise HttpError(_call(method, url), "too many redirects")

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        params: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
    ) -> Answer:
        call = _call(method, url)
        if _origin(url) != self._origin:
            raise ForeignAddressError(call, "the address is not on the API's own host")
        try:
            with self._session.request(
                method,
                url,
                headers=headers,
                params=params,
                data=form,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                stream=True,
            ) as response:
                return Answer(response.status_code, response.headers, self._body(call, response))
        except requests.exceptions.SSLError:
            raise HttpError(call, "the certificate is not trusted", code="SOURCE_TLS") from None
        except requests.RequestException as error:
            # The exception's own text holds the address with its query.
            reason, code = type(error).__name__, _code(error)
            raise TryLaterError(call, reason, None, None, code) from None

    def _body(self, call: str, response: requests.Response) -> bytes:
        """Read the decoded body up to the limit, so that a small file cannot unpack to a large."""
        body = bytearray()
        for chunk in response.iter_content(64 * 1024):
            body += chunk
            if len(body) > self._most_bytes:
                raise TooLargeError(call, "the body is larger than the limit")
        return bytes(body)

    def _refusal(self, call: str, answer: Answer) -> HttpError:
        reason = f"status {answer.status}"
        if answer.status in _TRY_LATER:
            wait = retry_after_seconds(answer.headers, self._now())
            return TryLaterError(call, reason, answer.status, wait)
        return HttpError(call, reason, answer.status)


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read Retry-After, in seconds or as an HTTP date, held between 0 and the longest wait."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdecimal():
        return min(float(text), LONGEST_WAIT_SECONDS)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), LONGEST_WAIT_SECONDS)


def _wait(error: Exception, repeat: Repeat) -> float | bool:
    """Say whether, and if the server wishes so how long after, the call may be repeated."""
    if not isinstance(error, TryLaterError) or repeat == "never":
        return False
    if repeat == "refused" and error.status not in (429, 503):
        return False
    return True if error.wait_seconds is None else error.wait_seconds


def _code(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "SOURCE_NO_ANSWER"
    is_unknown = "NameResolutionError" in repr(error)
    return "SOURCE_NAME_UNKNOWN" if is_unknown else "SOURCE_OUT_OF_REACH"


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), port


def _call(method: str, url: str) -> str:
    parts = urlsplit(url)
    return f"{method} {parts.hostname}{parts.path}"
