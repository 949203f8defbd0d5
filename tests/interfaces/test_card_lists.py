"""The card processor's lists from the sandbox's server, against the vendor's own client."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import stripe
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from billing.cash.cards import read_card_list
from resources import payments
from resources.http import HttpClient, HttpError
from resources.payments import CardLists, ListError, Month
from resources.receipt import NoMarks, Receipt
from resources.settings import CardSettings
from sandbox.credentials import load_or_make
from sandbox.generate import generate
from sandbox.serve import web_application

pytestmark = pytest.mark.promise(
    "Every element of the card processor's lists arrives once, as its own client sees it"
)

AS_OF = date(2026, 10, 31)


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


@pytest.fixture(scope="module")
def processor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardSettings]:
    folder: Path = tmp_path_factory.mktemp("sandbox")
    generate(7, 400, AS_OF, folder)
    known = load_or_make(folder)
    for address in serving(web_application(folder, known)):
        yield CardSettings(address, known.card_key)


class Memory(dict):
    def put(self, name: str, value: str) -> None:
        self[name] = value


def fetch(settings: CardSettings, marks=None, now: datetime | None = None) -> list[Receipt]:
    at = now or datetime(2026, 11, 1, tzinfo=UTC)
    known = NoMarks() if marks is None else marks
    with HttpClient(settings.url) as client:
        return list(CardLists(settings, client, known, lambda: at).receipts())


@pytest.fixture(scope="module")
def fetched(processor) -> list[Receipt]:
    """All documents of the processor, fetched once for the tests that read them."""
    return fetch(processor)


def elements(found: list[Receipt], name: str) -> list[dict]:
    pages = [json.loads(one.content) for one in found if one.location == f"/v1/{name}"]
    return [element for page in pages for element in page["data"]]


def test_every_element_of_the_vendors_own_client_arrives_once(processor, fetched):
    client = stripe.StripeClient(processor.key, base_addresses={"api": processor.url})
    for name in payments.LISTS:
        listed = getattr(client.v1, name).list({"limit": 100}).auto_paging_iter()
        theirs = sorted(element.id for element in listed)
        ours = [element["id"] for element in elements(fetched, name)]
        assert sorted(ours) == theirs
        assert len(ours) > 10 or name == "refunds"


def test_a_document_holds_one_calendar_month(fetched):
    for receipt in fetched:
        month = receipt.name.removesuffix(".json")[-7:]
        created = [one["created"] for one in json.loads(receipt.content)["data"]]
        assert {f"{datetime.fromtimestamp(at, UTC):%Y-%m}" for at in created} == {month}
        assert receipt.modified_at == datetime.fromtimestamp(max(created), UTC)


def test_the_same_month_fetched_again_has_the_same_bytes(processor, fetched):
    assert [one.content for one in fetch(processor)] == [one.content for one in fetched]


def test_every_page_is_read_without_a_finding(fetched):
    parsed = [read_card_list(one.content) for one in fetched]
    assert [one.findings for one in parsed] == [()] * len(fetched)
    assert sum(one.records for one in parsed) == sum(
        len(elements(fetched, name)) for name in payments.LISTS
    )


def test_a_movement_carries_the_payout_that_settled_it_and_payouts_add_up(fetched):
    movements = elements(fetched, "balance_transactions")
    for payout in elements(fetched, "payouts"):
        own = [one for one in movements if one["payout"] == payout["id"]]
        settled = sum(one["net"] for one in own if one["type"] != "payout")
        assert settled == payout["amount"]


def test_a_month_is_final_two_weeks_after_its_end(processor):
    marks = Memory()
    everything = fetch(processor, marks, datetime(2026, 11, 1, tzinfo=UTC))
    october = [one for one in everything if one.name.endswith("2026-10.json")]
    assert october
    again = fetch(processor, marks, datetime(2026, 11, 14, tzinfo=UTC))
    assert {one.name[-12:-5] for one in again} == {"2026-10"}
    assert [one.content for one in again] == [one.content for one in october]
    fetch(processor, marks, datetime(2026, 11, 15, 1, tzinfo=UTC))
    assert fetch(processor, marks, datetime(2026, 11, 16, tzinfo=UTC)) == []


def test_a_month_is_marked_only_when_its_document_was_consumed(processor):
    marks = Memory()
    receipts = payments.receipts(processor, marks)
    next(receipts)
    receipts.close()
    assert marks == {}


def test_a_wrong_key_is_an_error_without_the_key(processor):
    with pytest.raises(HttpError) as refused:
        fetch(replace(processor, key="SECRET"))
    assert refused.value.status == 401
    assert "SECRET" not in str(refused.value)


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2026, 1, 1), date(2026, 1, 31)), (date(2025, 12, 1), date(2025, 12, 31))],
)
def test_a_month_ends_where_the_next_begins(first, last):
    month = Month(first)
    assert datetime.fromtimestamp(month.end, UTC).date() == last + timedelta(days=1)
    assert Month.of(month.end - 1) == month
    assert Month.of(month.end) != month


@pytest.mark.parametrize(
    "page",
    [
        {"object": "list", "data": [{"id": "ch_1", "created": 1_790_000_000}], "has_more": True},
        {"object": "list", "data": [{"id": "ch_1"}]},
        {"object": "list", "data": [7]},
        {"error": {}},
        [],
    ],
)
def test_a_server_that_is_no_list_server_ends_in_an_error_and_no_endless_walk(page):
    async def answer(_: Request) -> Response:
        return JSONResponse(page)

    for address in serving(Starlette(routes=[Route("/v1/{name}", answer)])):
        with pytest.raises(ListError):
            fetch(CardSettings(address, "key"))


def test_a_source_that_is_not_configured_has_nothing():
    assert list(payments.receipts(CardSettings())) == []
