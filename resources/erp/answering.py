"""Calls an ERP over HTTP once, and turns everything that is no answer into an outcome.

Nothing is repeated here: whether a call may be made again is decided by the outbox, which knows
what became of the first one. Errors carry a reason code and no text of the ERP.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from billing.ledger.deadline import check_deadline
from billing.ledger.erp import ErpBusy, ErpUnknown, Reason

CONNECT_SECONDS = 5.0
SERVER_ERROR = 500
TOO_MANY = 429


@dataclass(frozen=True)
class ErpAnswer:
    """An answer below 500 and other than 429: the ERP's own word."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """Return the body as JSON with exact decimals. Raises ErpUnknown (UNREADABLE_ANSWER)."""
        try:
            return json.loads(self.body, parse_float=str)
        except ValueError:
            raise ErpUnknown(Reason.UNREADABLE_ANSWER) from None


class ErpCaller:
    """A session with one ERP. Not for use by several threads."""

    def __init__(self, answer_seconds: float) -> None:
        """`answer_seconds`: how long to wait before an outcome is unknown."""
        self._timeout = (CONNECT_SECONDS, answer_seconds)
        self._session = requests.Session()
        self._session.trust_env = False  # no proxies, no .netrc: only what the settings say

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        params: Mapping[str, str] | None = None,
    ) -> ErpAnswer:
        """Send one request. Raises ErpBusy (nothing was taken) or ErpUnknown.

        A refused connection and status 429 are busy: the ERP has not begun. A timeout, a lost
        connection, and any status of 500 or above may have taken effect. What writes is not sent
        after the deadline of its context.
        """
        if method != "GET":
            check_deadline()
        try:
            answer = self._session.request(
                method, url, headers=dict(headers or {}), data=body, params=params,
                timeout=self._timeout, allow_redirects=False,
            )  # fmt: skip
        except requests.exceptions.ConnectTimeout:
            raise ErpBusy(Reason.UNAVAILABLE) from None
        except requests.exceptions.Timeout:
            raise ErpUnknown(Reason.TIMEOUT) from None
        except requests.exceptions.RequestException as error:
            raise _lost(error) from None
        if answer.status_code == TOO_MANY:
            raise ErpBusy(Reason.THROTTLED, wait_of(answer.headers.get("Retry-After")))
        if answer.status_code >= SERVER_ERROR:
            raise ErpUnknown(Reason.SERVER_ERROR)
        return ErpAnswer(answer.status_code, answer.headers, answer.content)


def _lost(error: requests.exceptions.RequestException) -> ErpBusy | ErpUnknown:
    """A connection that was never made took nothing; one that broke may have."""
    if "NewConnectionError" in repr(error):
        return ErpBusy(Reason.UNAVAILABLE)
    return ErpUnknown(Reason.CONNECTION)


def wait_of(text: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds of a Retry-After header: a number, or a date of HTTP; None if neither."""
    if not text:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())
