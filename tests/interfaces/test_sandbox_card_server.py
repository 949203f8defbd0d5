"""The sandbox's card API through the official client: pages, filters, refusals."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe
import uvicorn

from sandbox.credentials import load_or_make
from sandbox.generate import generate
from sandbox.serve import web_addresses, web_application

pytestmark = pytest.mark.promise("The sandbox's card API serves the vendor's own client")

Addresses = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sandbox cards")
    generate(4, 1000, date(2026, 10, 31), made)
    return made


@pytest.fixture(scope="module")
def addresses(folder: Path) -> Iterator[dict[str, dict[str, Any]]]:
    """The real web application behind a real socket, in a thread of the test."""
    credentials = load_or_make(folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(web_application(folder, credentials), log_level="warning")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield web_addresses(listener.getsockname()[1], credentials)
        server.should_exit = True
        thread.join(30)


@pytest.fixture(scope="module")
def card_client(addresses: Addresses) -> stripe.StripeClient:
    cards = addresses["cards"]
    return stripe.StripeClient(cards["key"], base_addresses={"api": cards["url"]})


def rendered(folder: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "cards" / f"{name}.json").read_text())
    return found


@pytest.mark.parametrize("name", ["charges", "refunds", "payouts", "balance_transactions"])
def test_the_official_client_pages_through_every_list(
    card_client: stripe.StripeClient, folder: Path, name: str
) -> None:
    service = getattr(card_client.v1, name)
    found = [item.id for item in service.list({"limit": 7}).auto_paging_iter()]
    assert found == [item["id"] for item in rendered(folder, name)]
    assert found
    assert service.retrieve(found[0]).id == found[0]


def test_lists_are_filtered_by_time_and_walked_backwards(
    card_client: stripe.StripeClient, folder: Path
) -> None:
    charges = rendered(folder, "charges")
    begin, end = charges[40]["created"], charges[10]["created"]
    params: Any = {"limit": 100, "created": {"gte": begin, "lt": end}}
    found = [item.id for item in card_client.v1.charges.list(params).auto_paging_iter()]
    assert found == [item["id"] for item in charges if begin <= item["created"] < end]
    page = card_client.v1.charges.list({"limit": 3, "ending_before": charges[20]["id"]})
    assert [item.id for item in page.data] == [item["id"] for item in charges[17:20]]
    assert page.has_more


def test_a_payouts_movements_add_up_to_it(card_client: stripe.StripeClient) -> None:
    for payout in card_client.v1.payouts.list({"limit": 5}).data:
        movements = card_client.v1.balance_transactions.list({"payout": payout.id, "limit": 100})
        assert sum(item.net for item in movements.data if item.type != "payout") == payout.amount
        assert payout.trace_id is not None
        assert payout.metadata is not None
        assert payout.metadata["entity"] in ("NLH", "NPG")


def test_refusals_have_the_processors_shape(addresses: Addresses) -> None:
    cards = addresses["cards"]
    client = stripe.StripeClient("sk_test_wrong", base_addresses={"api": cards["url"]})
    with pytest.raises(stripe.AuthenticationError):
        client.v1.charges.list()
    client = stripe.StripeClient(cards["key"], base_addresses={"api": cards["url"]})
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.charges.retrieve("ch_nowhere")
    assert missing.value.code == "resource_missing"
    for params in ({"limit": "101"}, {"limit": "x"}, {"colour": "red"}, {"starting_after": "no"}):
        answer = requests.get(
            f"{cards['url']}/v1/charges", params=params, auth=(cards["key"], ""), timeout=10
        )
        assert answer.status_code == 400
        assert answer.json()["error"]["type"] == "invalid_request_error"


def test_which_payout_settled_a_movement_is_not_shown(addresses: Addresses) -> None:
    cards = addresses["cards"]
    url = f"{cards['url']}/v1/balance_transactions"
    page = requests.get(url, headers={"Authorization": f"Bearer {cards['key']}"}, timeout=10)
    assert page.json()["object"] == "list"
    assert not any("payout" in name for item in page.json()["data"] for name in item)
