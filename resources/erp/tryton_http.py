"""Tryton's REST interface as four verbs, and the two ways in which a call does not succeed.

What a refusal means for a journal entry is decided in `tryton.py`. No text of an answer ever gets
into an exception's message: it may carry values of the document.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import requests
import stamina

from billing.ledger.deadline import check_deadline
from billing.ledger.erp import Reason
from resources.environment_section import LOOPBACK

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0


class TrytonRefusedError(Exception):
    """Tryton said no (4xx): the transaction was rolled back. `message` is Tryton's own text."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"Tryton answered {status}")
        self.status = status
        self.message = message


class TrytonUnclearError(Exception):
    """No answer, or one that does not say what happened."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"no clear answer of Tryton: {reason}")
        self.reason = reason


class TrytonBusyError(TrytonUnclearError):
    """Tryton answered 503: a lock that somebody else held; the transaction was rolled back."""


class BearerKey(requests.auth.AuthBase):
    """The key of a user in each request; as `auth`, so that no netrc file replaces it."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the key to a request that is about to go out."""
        request.headers["Authorization"] = f"bearer {self._key}"
        return request


class TrytonClient:
    """One user's access to one Tryton database."""

    def __init__(self, url: str, key: str, answer_seconds: float = ANSWER_SECONDS) -> None:
        """`url` ends with the database's name."""
        self._models = f"{url}/rest/model"
        self._timeout = (CONNECT_SECONDS, answer_seconds)
        self._session = requests.Session()
        self._session.auth = BearerKey(key)
        self._session.headers["Accept-Language"] = "en"
        self._session.trust_env = urlsplit(url).hostname not in LOOPBACK

    def read(
        self,
        model: str,
        domain: Sequence[object],
        fields: Sequence[str],
        context: Mapping[str, object] | None = None,
    ) -> list[dict[str, Any]]:
        """Return the records of a domain. Tries again: reading changes nothing."""
        params = {"d": _encoded(domain), "f": list(fields)}
        headers = {"X-Tryton-Context": _encoded(context)} if context else {}
        for attempt in stamina.retry_context(on=TrytonUnclearError, attempts=3, wait_initial=0.1):
            with attempt:
                rows = self._call("GET", model, params=params, headers=headers)
        if not isinstance(rows, list):
            raise TrytonUnclearError(Reason.UNREADABLE_ANSWER)
        return rows

    def create(self, model: str, values: Mapping[str, object]) -> str:
        """Create one record and return its reference. Never tried again from here."""
        row = self._call("POST", model, params={"f": "id"}, body=values)
        if not isinstance(row, dict) or "id" not in row:
            raise TrytonUnclearError(Reason.UNREADABLE_ANSWER)
        return str(row["id"])

    def act(self, model: str, reference: str, action: str) -> None:
        """Press a button of a record."""
        self._call("POST", f"{model}/{reference}/{action}", params={"f": "id"}, body={})

    def delete(self, model: str, reference: str) -> None:
        """Delete one record."""
        self._call("DELETE", f"{model}/{reference}")

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Any:
        try:
            if method != "GET":
                check_deadline()
            answer = self._session.request(
                method,
                f"{self._models}/{path}",
                params=params,
                headers=headers,
                json=None if body is None else plain(body),
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.Timeout:
            raise TrytonUnclearError(Reason.TIMEOUT) from None
        except requests.RequestException:
            raise TrytonUnclearError(Reason.CONNECTION) from None
        return _content(answer)


def _content(answer: requests.Response) -> Any:
    if answer.status_code == requests.codes.unavailable:
        raise TrytonBusyError(Reason.SERVER_ERROR)
    if answer.status_code >= 500:
        raise TrytonUnclearError(Reason.SERVER_ERROR)
    if answer.status_code >= 400:
        raise TrytonRefusedError(answer.status_code, _message(answer))
    if answer.status_code == requests.codes.no_content:
        return None
    try:
        return json.loads(answer.text, object_hook=_value)
    except ValueError:
        raise TrytonUnclearError(Reason.UNREADABLE_ANSWER) from None


def _message(answer: requests.Response) -> str:
    """Return Tryton's own words; most refusals are JSON, some are a page of HTML."""
    try:
        found = json.loads(answer.text)
    except ValueError:
        return ""
    return str(found.get("message", "")) if isinstance(found, dict) else ""


def plain(value: object) -> object:
    """Return a value as Tryton's JSON has it. Amounts and dates are objects with a class."""
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": format(value, "f")}
    if isinstance(value, datetime):
        names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        return {"__class__": "datetime", **{name: getattr(value, name) for name in names}}
    if isinstance(value, date):
        parts = {"year": value.year, "month": value.month, "day": value.day}
        return {"__class__": "date", **parts}
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value


def _value(found: dict[str, Any]) -> Any:
    match found.get("__class__"):
        case "Decimal":
            return Decimal(found["decimal"])
        case "date":
            return date(found["year"], found["month"], found["day"])
        case "datetime":
            return datetime(**{n: v for n, v in found.items() if n != "__class__"})  # noqa: DTZ001
        case _:
            return found


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(plain(value)).encode()).decode()
