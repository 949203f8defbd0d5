"""NetSuite's error bodies, word for word where Oracle or others have shown them."""

from __future__ import annotations

import json
from typing import Any

RFC = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html"
TITLES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
# Of every refusal of a business rule, which all share the code USER_ERROR.
LEAD = "Error while accessing a resource."


class NetsuiteError(Exception):
    """A refusal; `more` goes into its details (o:errorPath, o:errorHeader, ...)."""

    def __init__(self, status: int, code: str, detail: str, **more: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.title = TITLES.get(status, "Bad Request")
        self.headers: dict[str, str] = {}
        names = {f"o:{name}": value for name, value in more.items()}
        self.details = [{"detail": detail, "o:errorCode": code} | names]

    def body(self) -> dict[str, Any]:
        """Return the body as an object."""
        anchor = f"#sec10.4.{self.status - 399}" if self.status < 418 else ""
        return {
            "type": RFC + anchor,
            "title": self.title,
            "status": self.status,
            "o:errorDetails": self.details,
        }


def user_error(text: str, **more: str) -> NetsuiteError:
    """Return the refusal of a business rule."""
    return NetsuiteError(400, "USER_ERROR", f"{LEAD} {text}", **more)


def bad_field(value: object, field: str, path: str) -> NetsuiteError:
    """Return the refusal of a value, which names the field in lower case."""
    text = f"You have entered an Invalid Field Value {value} for the following field: {field}"
    return NetsuiteError(
        400, "INVALID_CONTENT", f"Error while accessing resource: {text}", errorPath=path
    )


def already_submitted(location: str) -> NetsuiteError:
    """Return the conflict of an idempotency key, which is a 400 all the same."""
    text = (
        "A request with the same idempotency key is already submitted. "
        'See the "Location" header for a link to the previously submitted job'
    )
    error = NetsuiteError(400, "IDEMPOTENCY_ERROR", text)
    error.title = "Conflict"
    error.headers = {"Location": location, "Preference-Applied": "respond-async"}
    return error


def throttled() -> tuple[int, bytes, str]:
    """Return status, body and type of the answer to one request too many at the same time."""
    text = "Concurrent request limit exceeded. Request blocked."
    error = NetsuiteError(429, "CONCURRENCY_LIMIT_EXCEEDED", text)
    return 429, json.dumps(error.body()).encode(), "application/vnd.oracle.resource+json"
