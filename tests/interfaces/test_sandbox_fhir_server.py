"""The sandbox's FHIR server by hand: login, asynchronous export, its delays and refusals."""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from sandbox.credentials import load_or_make
from sandbox.generate import generate
from sandbox.serve import web_addresses, web_application

pytestmark = pytest.mark.promise(
    "The sandbox's FHIR server exports by the documented protocol, its refusals included"
)

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
Addresses = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sandbox fhir")
    generate(3, 1000, date(2026, 10, 31), made)
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


def claims_for(fhir: dict[str, Any], **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    usual = {
        "iss": fhir["client_id"], "sub": fhir["client_id"], "aud": f"{fhir['url']}/auth/token",
        "exp": now + 240, "jti": uuid.uuid4().hex,
    }  # fmt: skip
    return usual | changes


def ask_token(
    fhir: dict[str, Any], claims: dict[str, Any], key: Any = None, algorithm: str = "ES384"
) -> requests.Response:
    key = key or ECKey.import_key(fhir["private_key_pem"])
    header = {"alg": algorithm, "kid": getattr(key, "kid", None) or fhir["key_id"]}
    assertion = jwt.encode(header, claims, key, algorithms=[algorithm])
    form = {
        "grant_type": "client_credentials", "scope": "system/*.read",
        "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion,
    }  # fmt: skip
    return requests.post(f"{fhir['url']}/auth/token", data=form, timeout=10)


@pytest.fixture(scope="module")
def bearer(addresses: Addresses) -> dict[str, str]:
    answer = ask_token(addresses["fhir"], claims_for(addresses["fhir"]))
    assert answer.status_code == 200
    assert answer.json()["expires_in"] <= 300
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def export(
    fhir: dict[str, Any], bearer: dict[str, str], query: str = ""
) -> tuple[str, list[requests.Response]]:
    """Run an export until its manifest; returns the status URL and all polls."""
    headers = bearer | {"Prefer": "respond-async", "Accept": "application/fhir+json"}
    begun = requests.get(f"{fhir['url']}/$export{query}", headers=headers, timeout=10)
    assert begun.status_code == 202
    polls: list[requests.Response] = []
    while not polls or polls[-1].status_code != 200:
        polls.append(requests.get(begun.headers["Content-Location"], headers=bearer, timeout=10))
        assert len(polls) < 10
    return begun.headers["Content-Location"], polls


def test_an_export_gives_every_resource_through_429_and_an_expired_link(
    addresses: Addresses, folder: Path
) -> None:
    fhir = addresses["fhir"]
    configuration = requests.get(f"{fhir['url']}/.well-known/smart-configuration", timeout=10)
    assert configuration.json()["token_endpoint"] == f"{fhir['url']}/auth/token"
    answer = ask_token(fhir, claims_for(fhir))
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    expired = 0
    for _ in range(3):
        status_url, polls = export(fhir, bearer)
        assert [poll.status_code for poll in polls] == [202, 429, 200]
        assert all(poll.headers["Retry-After"] == "1" for poll in polls[:2])
        assert "X-Progress" in polls[0].headers
        manifest = polls[-1].json()
        assert manifest["requiresAccessToken"] is True
        lines: dict[str, list[str]] = {}
        for place, file in enumerate(manifest["output"]):
            answer = requests.get(file["url"], headers=bearer, timeout=10)
            if answer.status_code == 410:
                expired += 1
                again = requests.get(status_url, headers=bearer, timeout=10).json()
                answer = requests.get(again["output"][place]["url"], headers=bearer, timeout=10)
            assert answer.status_code == 200
            found = answer.text.splitlines()
            assert len(found) == file["count"] <= 2000
            lines.setdefault(file["type"], []).extend(found)
        for kind, found in lines.items():
            assert found == (folder / "fhir" / f"{kind}.ndjson").read_text().splitlines()
        assert set(lines) == {"Patient", "Coverage", "Encounter", "ChargeItem"}
        assert Counter(file["type"] for file in manifest["output"])["ChargeItem"] > 1
        assert requests.delete(status_url, headers=bearer, timeout=10).status_code == 202
        assert requests.get(status_url, headers=bearer, timeout=10).status_code == 404
    assert expired == 1


def test_type_and_since_choose_what_is_exported(
    addresses: Addresses, bearer: dict[str, str]
) -> None:
    fhir = addresses["fhir"]
    query = "?_type=ChargeItem&_since=2026-10-01T00:00:00Z"
    _, polls = export(fhir, bearer, query)
    manifest = polls[-1].json()
    assert {file["type"] for file in manifest["output"]} == {"ChargeItem"}
    total = sum(file["count"] for file in manifest["output"])
    assert total
    _, polls = export(fhir, bearer, f"?_since={manifest['transactionTime']}")
    assert polls[-1].json()["output"] == []


@pytest.mark.parametrize("query", ["?_type=Patient,Claim", "?_since=yesterday"])
def test_a_wrong_export_is_refused(
    addresses: Addresses, bearer: dict[str, str], query: str
) -> None:
    headers = bearer | {"Prefer": "respond-async"}
    url = f"{addresses['fhir']['url']}/$export{query}"
    answer = requests.get(url, headers=headers, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_nothing_is_given_without_a_token(addresses: Addresses, bearer: dict[str, str]) -> None:
    fhir = addresses["fhir"]
    status_url, polls = export(fhir, bearer)
    link = polls[-1].json()["output"][0]["url"]
    for url in (f"{fhir['url']}/$export", status_url, link):
        assert requests.get(url, timeout=10).status_code == 401
        stale = {"Authorization": "Bearer invented"}
        assert requests.get(url, headers=stale, timeout=10).status_code == 401


def test_rs384_and_es384_assertions_of_registered_keys_are_taken(
    addresses: Addresses, folder: Path
) -> None:
    fhir = addresses["fhir"]
    kept = json.loads((folder / "credentials.json").read_text("utf-8"))
    key = RSAKey.import_key(kept["fhir_rsa_private_key"], {"kid": "billing-rs384"})
    assert ask_token(fhir, claims_for(fhir), key, "RS384").status_code == 200
    assert ask_token(fhir, claims_for(fhir)).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "http://elsewhere/token"}, {"exp": 0}, {"exp": 4_000_000_000}, {"jti": None},
        {"iss": "somebody"}, {"sub": "somebody"},
    ],
    ids=["audience", "expired", "too long", "no jti", "issuer", "subject"],
)  # fmt: skip
def test_an_assertion_that_breaks_a_rule_is_refused(
    addresses: Addresses, changes: dict[str, Any]
) -> None:
    fhir = addresses["fhir"]
    answer = ask_token(fhir, claims_for(fhir, **changes))
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_client"


def test_an_assertion_is_good_once_and_only_with_a_registered_key(addresses: Addresses) -> None:
    fhir = addresses["fhir"]
    claims = claims_for(fhir)
    assert ask_token(fhir, claims).status_code == 200
    assert ask_token(fhir, claims).json()["error"] == "invalid_client"
    stranger = ECKey.generate_key("P-384", {"kid": fhir["key_id"]}, private=True)
    assert ask_token(fhir, claims_for(fhir), stranger).status_code == 400
