"""The guard in front of Dagster's pages: an ASGI application that asks `requests.py` first.

It passes on what may be answered, byte for byte.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.responses import PlainTextResponse, RedirectResponse

from orchestration.pages.requests import NO_SESSION, Door, JobAssets, Refusal, refuses_query

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
MOST_BYTES = 4 * 1024 * 1024  # of a posted query
POLICY_VIOLATION = 1008  # of a WebSocket
PROBE = "/server_info"  # versions only: `tieout up` asks it whether the pages live


class Guard:
    """Dagster's pages, for those who hold the link or the token, and for the named jobs alone."""

    def __init__(self, pages: Application, door: Door, job_assets: JobAssets) -> None:
        """`pages` is Dagster's own application, `job_assets` what each job makes when whole."""
        self._pages, self._door, self._job_assets = pages, door, job_assets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        else:
            await self._pages(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        given = parse_qs(scope["query_string"].decode("latin-1"))
        if refusal := self._door.refuses_place(headers):
            await _refuse(refusal, scope, receive, send)
        elif "token" in given and scope["method"] == "GET":
            await self._enter(given, scope, receive, send)
        elif scope["path"] != PROBE and not self._door.knows(headers):
            await _refuse(Refusal(401, NO_SESSION), scope, receive, send)
        elif scope["path"].endswith("/graphql"):
            await self._ask(headers, given, scope, receive, send)
        else:
            await self._pages(scope, receive, send)

    async def _enter(
        self, given: dict[str, list[str]], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Take the token out of the address and give the browser its session."""
        if not self._door.opens(given.pop("token")[0]):
            await _refuse(Refusal(401, NO_SESSION), scope, receive, send)
            return
        rest = f"?{urlencode(given, doseq=True)}" if given else ""
        response = RedirectResponse(f"{scope['path']}{rest}", status_code=303)
        response.set_cookie(
            self._door.cookie_name, self._door.session, httponly=True, samesite="strict", path="/"
        )
        await response(scope, receive, send)

    async def _ask(
        self, headers: dict[str, str], given: dict[str, list[str]], scope: Scope,
        receive: Receive, send: Send,
    ) -> None:  # fmt: skip
        if scope["method"] == "GET" and "query" not in given:
            await self._pages(scope, receive, send)  # the page to try queries on
        elif scope["method"] != "POST":
            await _refuse(Refusal(405, "GraphQL is posted"), scope, receive, send)
        elif (body := await _body(receive)) is None:
            await _refuse(Refusal(413, "the query is too long"), scope, receive, send)
        elif refusal := self._refuses(body, headers):
            await _refuse(refusal, scope, receive, send)
        else:
            await self._pages(scope, _again(body, receive), send)

    def _refuses(self, body: bytes, headers: dict[str, str]) -> Refusal | None:
        return refuses_query(body, headers.get("content-type", ""), self._job_assets)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        if self._door.refuses_place(headers) or not self._door.knows(headers):
            await receive()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return

        async def checked() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and _changes(message):
                return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
            return message

        await self._pages(scope, checked, send)


def _changes(message: Message) -> bool:
    """Tell whether a live message is more than a query or a subscription."""
    text = message.get("text") or (message.get("bytes") or b"").decode("utf-8", "replace")
    try:
        payload = json.loads(text).get("payload")
    except (ValueError, AttributeError):
        return True
    if not isinstance(payload, dict) or "query" not in payload:
        return False
    body = json.dumps(payload).encode()
    return refuses_query(body, "application/json", {}, is_live=True) is not None


async def _body(receive: Receive) -> bytes | None:
    """Read a whole body, None where it is too long."""
    found = b""
    while True:
        message = await receive()
        found += bytes(message.get("body", b""))
        if len(found) > MOST_BYTES:
            return None
        if not message.get("more_body", False):
            return found


def _again(body: bytes, receive: Receive) -> Receive:
    """Give a body that was read once more; after it comes what the connection says next."""
    parts = [{"type": "http.request", "body": body, "more_body": False}]

    async def given() -> Message:
        return parts.pop() if parts else await receive()

    return given


async def _refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    response = PlainTextResponse(f"refused: {refusal.words}\n", status_code=refusal.status)
    await response(scope, receive, send)


def _headers(scope: Scope) -> dict[str, str]:
    """Return the headers by name; one that is given twice counts as none of both."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        found[key] = "" if key in found else value.decode("latin-1")
    return found
