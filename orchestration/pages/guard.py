"""Who may ask Dagster's pages for anything: decided from the head of a request alone. Pure.

What a request asks for is judged by `mutations.py`; how the answer travels is in `asgi.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Literal

from orchestration.pages.session import is_session, is_token

GRAPHQL = "/graphql"


@dataclass(frozen=True)
class Asked:
    """The head of a request or of the handshake of a WebSocket."""

    kind: Literal["http", "websocket"]
    method: str
    path: str
    hosts: Sequence[str]
    origins: Sequence[str] = ()
    link_tokens: Sequence[str] = ()
    authorizations: Sequence[str] = ()
    session: str = ""


@dataclass(frozen=True)
class Refused:
    """Nothing of it reaches Dagster."""

    status: HTTPStatus
    line: str


Verdict = Refused | Literal["pass", "begin session"]

FOREIGN_HOST = Refused(HTTPStatus.FORBIDDEN, "these pages answer on 127.0.0.1 and localhost only")
FOREIGN_ORIGIN = Refused(HTTPStatus.FORBIDDEN, "another site may not ask these pages")
NO_TOKEN = Refused(
    HTTPStatus.UNAUTHORIZED,
    "open the link that `tieout up` prints, or send TIEOUT_PAGES_TOKEN of secrets.env in the "
    "header Authorization: Bearer",
)
WRONG_METHOD = Refused(
    HTTPStatus.METHOD_NOT_ALLOWED, "pages are read with GET, GraphQL is asked with POST"
)


def judge(asked: Asked, port: int, token: str, now: datetime) -> Verdict:
    """Decide on a request to the pages at a port of this machine."""
    if len(asked.hosts) != 1 or asked.hosts[0] not in {f"127.0.0.1:{port}", f"localhost:{port}"}:
        return FOREIGN_HOST
    if any(origin != f"http://{asked.hosts[0]}" for origin in asked.origins):
        return FOREIGN_ORIGIN
    if asked.kind == "http" and not _is_method_of_path(asked):
        return WRONG_METHOD
    if asked.kind == "http" and asked.method == "GET" and asked.link_tokens:
        is_right = all(is_token(given, token) for given in asked.link_tokens)
        return "begin session" if is_right else NO_TOKEN
    return "pass" if _is_known(asked, token, now) else NO_TOKEN


def _is_method_of_path(asked: Asked) -> bool:
    """Whether pages are read and GraphQL is posted: nothing else of Dagster's takes a POST."""
    return asked.method == "POST" if asked.path == GRAPHQL else asked.method in {"GET", "HEAD"}


def _is_known(asked: Asked, token: str, now: datetime) -> bool:
    """Whether the request carries the token, or else a session; a wrong token is not forgiven."""
    if not asked.authorizations:
        return is_session(asked.session, token, now)
    scheme, _, given = asked.authorizations[0].partition(" ")
    is_bearer = len(asked.authorizations) == 1 and scheme.lower() == "bearer"
    return is_bearer and is_token(given, token)
