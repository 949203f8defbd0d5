"""The one way to call an HTTP API, against a real server that misbehaves on request."""

import asyncio
import gzip
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
import stamina
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.http import (
    LONGEST_WAIT_SECONDS,
    ForeignAddressError,
    HttpClient,
    HttpError,
    TooLargeError,
    TryLaterError,
    retry_after_seconds,
)

pytestmark = pytest.mark.promise(
    "A read is repeated while a server asks to wait; a write is never sent twice",
    "An HTTP error tells no body and no query",
)

NOW = datetime(2026, 10, 1, tzinfo=UTC)


class Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """Leave signals to the test run."""


def serving(application: Starlette) -> Iterator[str]:
    """Serve an application on a free port from a thread of its own; yield its address."""
    config = uvicorn.Config(application, port=0, log_level="error", lifespan="off")
    server = Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(30)


@dataclass
class Script:
    """Answers in the order given, then 200; remembers the calls."""

    address: str = ""
    answers: list[Response] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        self.calls.append(f"{request.method} {request.url.path}")
        return self.answers.pop(0) if self.answers else Response("done")


@pytest.fixture
def script() -> Iterator[Script]:
    made = Script()
    methods = ["GET", "POST", "DELETE"]
    routes = [Route("/{path:path}", made.answer, methods=methods)]
    with stamina.set_testing(True, attempts=4, cap=True):
        for made.address in serving(Starlette(routes=routes)):
            yield made


def client(script: Script, **options: object) -> HttpClient:
    return HttpClient(script.address, **options)


def test_a_read_is_repeated_while_the_server_says_later(script):
    script.answers = [Response(status_code=429), Response(status_code=503)]
    assert client(script).get(f"{script.address}/a").body == b"done"
    assert len(script.calls) == 3


def test_a_write_is_never_sent_twice(script):
    script.answers = [Response(status_code=503)]
    with pytest.raises(TryLaterError):
        client(script).call("POST", f"{script.address}/a", form={"k": "v"}, repeat="never")
    assert script.calls == ["POST /a"]


def test_only_a_clear_refusal_repeats_what_may_have_begun(script):
    script.answers = [Response(status_code=429), Response(status_code=502)]
    with pytest.raises(TryLaterError) as failed:
        client(script).call("GET", f"{script.address}/a", repeat="refused")
    assert failed.value.status == 502
    assert len(script.calls) == 2


def test_a_plain_error_is_not_repeated_and_tells_no_body_and_no_query(script):
    script.answers = [Response("SECRET body", status_code=400)]
    with pytest.raises(HttpError) as failed:
        client(script).get(f"{script.address}/a", params={"account": "SECRET"})
    assert script.calls == ["GET /a"]
    assert "SECRET" not in str(failed.value)
    assert "/a" in str(failed.value)
    assert failed.value.status == 400


def test_a_server_out_of_reach_is_told_without_the_query():
    testing = stamina.set_testing(True, attempts=2)
    with testing, pytest.raises(TryLaterError) as failed:
        HttpClient("http://127.0.0.1:9").get("http://127.0.0.1:9/a?account=SECRET")
    assert failed.value.status is None
    assert "SECRET" not in str(failed.value)
    assert failed.value.__cause__ is None


def test_a_redirect_on_the_same_host_is_followed(script):
    script.answers = [Response(status_code=302, headers={"Location": "/b"})]
    assert client(script).get(f"{script.address}/a").body == b"done"
    assert script.calls == ["GET /a", "GET /b"]


@pytest.mark.parametrize("target", ["http://169.254.169.254/latest", "//127.0.0.1:1/x"])
def test_a_redirect_to_another_host_is_refused(script, target):
    script.answers = [Response(status_code=302, headers={"Location": target})]
    with pytest.raises(ForeignAddressError):
        client(script).get(f"{script.address}/a")
    assert script.calls == ["GET /a"]


def test_redirects_without_end_end(script):
    script.answers = [Response(status_code=302, headers={"Location": "/a"}) for _ in range(20)]
    with pytest.raises(HttpError, match="redirects"):
        client(script).get(f"{script.address}/a")


def test_a_small_body_that_unpacks_to_a_large_one_is_not_read_to_its_end(script):
    packed = gzip.compress(bytes(50_000_000))
    script.answers = [Response(packed, headers={"Content-Encoding": "gzip"})]
    assert len(packed) < 100_000
    with pytest.raises(TooLargeError):
        client(script, most_bytes=1_000_000).get(f"{script.address}/a")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("Thu, 01 Oct 2026 00:00:09 GMT", 9.0),
        ("Wed, 30 Sep 2026 00:00:00 GMT", 0.0),
        ("99999", LONGEST_WAIT_SECONDS),
        ("soon", None),
        ("", None),
        ("-3", None),
    ],
)
def test_retry_after_is_read_in_both_forms(text, seconds):
    assert retry_after_seconds({"Retry-After": text}, NOW) == seconds


def test_the_servers_wish_becomes_the_wait(script):
    at = f"{NOW + timedelta(seconds=3):%a, %d %b %Y %H:%M:%S} GMT"
    script.answers = [Response(status_code=503, headers={"Retry-After": at}) for _ in range(9)]
    with pytest.raises(TryLaterError) as failed:
        client(script, now=lambda: NOW).get(f"{script.address}/a")
    assert failed.value.wait_seconds == 3.0
    assert len(script.calls) == 4
