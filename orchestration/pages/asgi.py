"""The guard in front of Dagster's app: reads the head of each request, refuses or hands it on.

It decides nothing (`guard.py` does) and keeps nothing; no token gets into an answer or a log.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestration.pages.guard import Asked, Refused, judge
from orchestration.pages.session import LIFETIME, cookie_name, new_session

# No other page may frame these or read from them, also not one of another port of this machine.
HEADERS = {
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class Guard:
    """An ASGI app around another one."""

    app: ASGIApp
    port: int
    token: str
    clock: Callable[[], datetime]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the app answer. Of other things than requests only its start passes."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] in {"http", "websocket"}:
            answer = self._answer(HTTPConnection(scope))
            await (answer or self.app)(scope, receive, _with_headers(send))

    def _answer(self, connection: HTTPConnection) -> Response | None:
        """Return the answer of the guard, or None where the app answers."""
        now = self.clock()
        verdict = judge(head(connection, self.port), self.port, self.token, now)
        if isinstance(verdict, Refused):
            challenge = {"WWW-Authenticate": "Bearer"} if verdict.status == 401 else {}
            return PlainTextResponse(f"{verdict.line}\n", verdict.status, challenge)
        return self._begin_session(connection, now) if verdict == "begin session" else None

    def _begin_session(self, connection: HTTPConnection, now: datetime) -> Response:
        """Send the browser to the same page without the token, with a session."""
        clean = connection.url.remove_query_params("token")
        private = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        answer = RedirectResponse(clean, 303, private)
        answer.set_cookie(
            cookie_name(self.port), new_session(self.token, now), httponly=True, samesite="strict",
            max_age=int(LIFETIME.total_seconds()),
        )  # fmt: skip
        return answer


def head(connection: HTTPConnection, port: int) -> Asked:
    """Return what the guard judges of a request."""
    return Asked(
        kind=connection.scope["type"],
        method=connection.scope.get("method", "GET"),
        path=connection.scope["path"],
        hosts=connection.headers.getlist("host"),
        origins=connection.headers.getlist("origin"),
        link_tokens=connection.query_params.getlist("token"),
        authorizations=connection.headers.getlist("authorization"),
        session=connection.cookies.get(cookie_name(port), ""),
    )


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.http.response.start"}:
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return sent
