"""What became of an entry when the answer got lost: unknown, until it is read back."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
import requests

from billing.ledger.erp import DRAFT, POSTED, ErpUnknown, Reason, compare
from resources.erp.tryton import TrytonLedger

pytestmark = pytest.mark.promise(
    "A lost answer of Tryton is unknown until it is read back, and makes one document"
)

CREATE, POST = "create", "post"


@dataclass
class Spoiler:
    """Passes requests on to Tryton, and treats the answer of one kind of them badly."""

    target: str
    kind: str = ""
    manner: str = ""
    done: threading.Event = field(default_factory=threading.Event)

    def hits(self, method: str, path: str) -> bool:
        """Say whether this request is of the kind to spoil."""
        action = POST if urlsplit(path).path.endswith("/post") else CREATE
        return method == "POST" and action == self.kind

    def pass_on(self, handler: BaseHTTPRequestHandler, body: bytes) -> requests.Response:
        """Have Tryton answer."""
        headers = {name: value for name, value in handler.headers.items() if name != "Host"}
        url = self.target + handler.path
        return requests.request(handler.command, url, data=body, headers=headers, timeout=60)


def _handler(spoiler: Spoiler) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            spoil = spoiler.hits(self.command, self.path)
            if spoil and spoiler.manner == "never sent":
                self._hang_up()
                return
            answer = spoiler.pass_on(self, body)
            if spoil and spoiler.manner == "cut":
                self._hang_up()
            elif spoil and spoiler.manner == "silence":
                spoiler.done.wait(30)
                self._hang_up()
            else:
                status = 502 if spoil and spoiler.manner == "bad gateway" else answer.status_code
                content = b"?" if spoil and spoiler.manner == "gibberish" else answer.content
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        def _hang_up(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the names that the library looks for

        def log_message(self, *_: object) -> None:
            """Keep the test's output quiet."""

    return Handler


@pytest.fixture
def spoiled(tryton) -> Iterator[Callable[[str, str], TrytonLedger]]:
    """Make a client whose requests of one kind end in one manner."""
    with _proxies(tryton) as make:
        yield make


@contextmanager
def _proxies(tryton) -> Iterator[Callable[[str, str], TrytonLedger]]:
    base, _, name = tryton.url.rpartition("/")
    started: list[tuple[ThreadingHTTPServer, Spoiler]] = []

    def make(kind: str, manner: str) -> TrytonLedger:
        spoiler = Spoiler(base, kind, manner)
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(spoiler))
        started.append((server, spoiler))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return tryton.ledger(f"http://127.0.0.1:{server.server_port}/{name}", answer_seconds=2.0)

    try:
        yield make
    finally:
        for server, spoiler in started:
            spoiler.done.set()
            server.shutdown()
            server.server_close()


@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        ("silence", Reason.TIMEOUT),
        ("cut", Reason.CONNECTION),
        ("bad gateway", Reason.SERVER_ERROR),
    ],
)
def test_a_lost_answer_to_posting_is_unknown_and_reading_back_finds_it_posted(
    tryton, spoiled, make_entry, manner, reason
):
    entry = make_entry()
    with pytest.raises(ErpUnknown) as outcome:
        spoiled(POST, manner).post(entry)
    assert outcome.value.reason_code == reason
    document = tryton.ledger().find("NLH", entry.key)
    assert compare(entry, document) == []
    assert tryton.ledger().post(entry) == document
    assert tryton.moves(entry.key) == 1


@pytest.mark.parametrize("manner", ["silence", "cut", "bad gateway", "gibberish"])
def test_a_lost_answer_to_creating_is_unknown_and_the_next_attempt_completes_the_draft(
    tryton, spoiled, make_entry, manner
):
    entry = make_entry()
    with pytest.raises(ErpUnknown):
        spoiled(CREATE, manner).post(entry)
    draft = tryton.ledger().find("NLH", entry.key)
    assert draft.state == DRAFT
    document = tryton.ledger().post(entry)
    assert (document.reference, document.state) == (draft.reference, POSTED)
    assert compare(entry, document) == []
    assert tryton.moves(entry.key) == 1


@pytest.mark.parametrize(("kind", "left"), [(CREATE, 0), (POST, 1)])
def test_a_request_that_never_arrived_is_unknown_too(tryton, spoiled, make_entry, kind, left):
    entry = make_entry()
    with pytest.raises(ErpUnknown):
        spoiled(kind, "never sent").post(entry)
    assert tryton.moves(entry.key) == left
    assert compare(entry, tryton.ledger().post(entry)) == []
    assert tryton.moves(entry.key) == 1


def test_a_draft_that_says_something_else_is_replaced(tryton, spoiled, make_entry):
    entry = make_entry(amount="1.00")
    with pytest.raises(ErpUnknown):
        spoiled(CREATE, "cut").post(make_entry(key=entry.key, amount="2.00"))
    assert compare(entry, tryton.ledger().post(entry)) == []
    assert tryton.moves(entry.key) == 1


def test_an_erp_that_nobody_serves_is_unknown_and_not_a_rejection(tryton, make_entry):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        ledger = tryton.ledger(f"http://127.0.0.1:{closed.getsockname()[1]}/erp")
    with pytest.raises(ErpUnknown) as outcome:
        ledger.post(make_entry())
    assert outcome.value.reason_code == Reason.CONNECTION


def test_a_balance_of_a_day_without_a_fiscal_year_is_unknown_and_not_zero(tryton, make_entry):
    with pytest.raises(ErpUnknown):
        tryton.ledger().balances("NLH", make_entry().accounting_date.replace(year=2040))
