"""Faults of a web server, as an ASGI wrapper around any ERP of the sandbox: seeded, or asked for.

What is spoiled is a request that writes; how an ERP words its refusals is told by the ERP.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
HTML = b"<html><head><title>Service temporarily down</title></head><body>Sorry.</body></html>"


class Fault(StrEnum):
    """One way in which a call goes wrong. The first two words say what the ERP did of it."""

    DROP_BEFORE = "nothing done, connection dropped"
    DROP_AFTER = "all done, connection dropped"
    LATE = "all done, but only after the client has given up"
    THROTTLED = "nothing done, told to come later"
    ERROR_BEFORE = "nothing done, server error"
    ERROR_AFTER = "all done, server error"
    HTML_BEFORE = "nothing done, a page of HTML with status 200"
    HTML_AFTER = "all done, a page of HTML with status 502"
    SLOW = "all done, answered slowly"
    PARTIAL = "part done: the ERP keeps some lines only"


@dataclass
class Faults:
    """Which fault comes next: first those that were asked for, then by chance from a seed."""

    rate: float = 0.0
    seed: int = 0
    kinds: tuple[Fault, ...] = tuple(fault for fault in Fault if fault is not Fault.PARTIAL)
    late_seconds: float = 1.0
    slow_seconds: float = 0.2
    wait_seconds: int = 1  # what a throttled client is told
    asked: deque[Fault] = field(default_factory=deque)
    count: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - repeatable, nothing secret

    def next(self) -> Fault | None:
        """Return the fault of the next writing request."""
        fault: Fault | None = None
        if self.asked:
            fault = self.asked.popleft()
        elif self._chance.random() < self.rate:
            fault = self._chance.choice(self.kinds)
        self.count += fault is not None
        return fault


class FaultyServer:
    """An ASGI application around another one. PARTIAL is left to the ERP: `scope["fault"]`."""

    def __init__(
        self,
        app: Callable[..., Any],
        faults: Faults,
        is_write: Callable[[Scope], bool],
        throttled: Callable[[], tuple[int, bytes, str]],
    ) -> None:
        """`throttled` returns status, body and content type of the ERP's "come later"."""
        self._app, self._faults = app, faults
        self._is_write, self._throttled = is_write, throttled

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Answer one request, badly if its turn has come."""
        fault = None
        if scope["type"] == "http" and self._is_write(scope):
            fault = self._faults.next()
        if fault is None or fault is Fault.PARTIAL:
            await self._app({**scope, "fault": fault}, receive, send)
            return
        await self._spoil(fault, scope, receive, send)

    async def _spoil(self, fault: Fault, scope: Scope, receive: Any, send: Any) -> None:
        if fault is Fault.SLOW:
            await asyncio.sleep(self._faults.slow_seconds)
            await self._app(scope, receive, send)
            return
        if fault is Fault.LATE:
            body = await _whole(receive)
            await asyncio.sleep(self._faults.late_seconds)
            await self._app(scope, _again(body), _nowhere)
        elif fault in {Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.HTML_AFTER}:
            await self._app(scope, receive, _nowhere)
        else:
            await _whole(receive)
        await self._answer(fault, send)

    async def _answer(self, fault: Fault, send: Any) -> None:
        if fault in {Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.LATE}:
            await _cut(send)
        elif fault is Fault.THROTTLED:
            status, body, content_type = self._throttled()
            wait = str(self._faults.wait_seconds).encode()
            await _say(send, status, body, content_type.encode(), (b"retry-after", wait))
        elif fault is Fault.HTML_BEFORE:
            await _say(send, 200, HTML, b"text/html")
        elif fault is Fault.HTML_AFTER:
            await _say(send, 502, HTML, b"text/html")
        else:
            await _say(send, 500, b"", b"text/plain")


async def _whole(receive: Any) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


def _again(body: bytes) -> Any:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _nowhere(message: Message) -> None:
    del message


async def _cut(send: Any) -> None:
    """Promise more bytes than come: the server then closes the connection in the middle."""
    headers = [(b"content-length", b"1000"), (b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})


async def _say(
    send: Any, status: int, body: bytes, kind: bytes, *more: tuple[bytes, bytes]
) -> None:
    headers = [(b"content-length", str(len(body)).encode()), (b"content-type", kind), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
