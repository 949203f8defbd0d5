"""A bulk export from real HTTP servers: the sandbox's, and an awkward one of the test's own."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import stamina
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from billing.ehr.fhir import read_ndjson
from resources import ehr
from resources.http import ForeignAddressError, HttpClient, HttpError
from resources.settings import FhirSettings, InvalidSettingError
from resources.smart import ASSERTION_SECONDS, SmartLogin, assertion
from sandbox.credentials import CLIENT_ID, EC_KEY_ID, RSA_KEY_ID, load_or_make
from sandbox.generate import generate
from sandbox.serve import web_application

pytestmark = pytest.mark.promise(
    "A FHIR bulk export arrives whole in spite of delays, dead links and old tokens",
    "A FHIR export shows its token to no other host",
)

TIME = "2026-10-01T00:00:00Z"


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """Keep the number of attempts and drop the time between them."""
    with stamina.set_testing(True, attempts=6, cap=True):
        yield


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


def pem(key: Any) -> str:
    encoding, shape = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, shape, serialization.NoEncryption()).decode()


ELLIPTIC = pem(ec.generate_private_key(ec.SECP384R1()))


def rsa_pem() -> str:
    return pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


@dataclass
class AwkwardServer:
    """A FHIR server that does one awkward thing at a time, and remembers what it was asked."""

    polls: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    expired: set[str] = field(default_factory=set)
    extra: dict[str, Any] = field(default_factory=dict)
    token_seconds: int = 300
    tokens: int = 0
    living: set[str] = field(default_factory=set)
    manifests: int = 0
    seen: list[tuple[str, str]] = field(default_factory=list)
    kick_offs: list[int] = field(default_factory=list)
    authorised: dict[str, str | None] = field(default_factory=dict)

    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/fhir/.well-known/smart-configuration", self.configuration),
                Route("/fhir/token", self.token, methods=["POST"]),
                Route("/fhir/$export", self.kick_off),
                Route("/fhir/status", self.status, methods=["GET", "DELETE"]),
                Route("/fhir/more", self.more),
                Route("/fhir/files/{name}", self.file),
            ]
        )

    async def configuration(self, request: Request) -> Response:
        return JSONResponse({"token_endpoint": str(request.url_for("token"))})

    async def token(self, _: Request) -> Response:
        self.tokens += 1
        token = f"token-{self.tokens}"
        self.living = {token}
        return JSONResponse({"access_token": token, "expires_in": self.token_seconds})

    async def kick_off(self, request: Request) -> Response:
        self.seen.append(("GET", str(request.query_params.get("_since"))))
        if self.kick_offs:
            return Response(status_code=self.kick_offs.pop(0), headers={"Retry-After": "0"})
        return Response(status_code=202, headers={"Content-Location": "/fhir/status"})

    async def status(self, request: Request) -> Response:
        self.seen.append((request.method, "status"))
        if request.headers.get("authorization", "")[7:] not in self.living:
            return Response(status_code=401)
        if request.method == "DELETE":
            return Response(status_code=202)
        if self.polls:
            status, headers = self.polls.pop(0)
            return Response(status_code=status, headers=headers)
        self.manifests += 1
        link = f"/fhir/files/Patient-{self.manifests}"
        page = {
            "transactionTime": TIME,
            "requiresAccessToken": True,
            "output": [{"type": "Patient", "url": link}, {"type": "Patient", "url": link}],
        }
        return JSONResponse(page | self.extra)

    async def more(self, _: Request) -> Response:
        page = {"output": [{"type": "Patient", "url": "/fhir/files/Patient-more"}]}
        return JSONResponse(page)

    async def file(self, request: Request) -> Response:
        name = request.path_params["name"]
        self.authorised[name] = request.headers.get("authorization")
        if name in self.expired:
            return Response("SECRET", 410)
        line = json.dumps({"resourceType": "Patient", "id": name})
        return PlainTextResponse(f"{line}\n")


@pytest.fixture
def awkward() -> Iterator[tuple[AwkwardServer, FhirSettings]]:
    server = AwkwardServer()
    for address in serving(server.application()):
        yield server, FhirSettings(f"{address}/fhir", "client", ELLIPTIC, "key")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, FhirSettings]]:
    folder = tmp_path_factory.mktemp("sandbox")
    generate(7, 300, date(2026, 10, 31), folder)
    known = load_or_make(folder)
    for address in serving(web_application(folder, known)):
        yield (
            folder,
            FhirSettings(f"{address}/fhir", CLIENT_ID, known.fhir_ec_private_key, EC_KEY_ID),
        )


def export(settings: FhirSettings, since: str | None = None, **options: Any) -> ehr.Export:
    client = HttpClient(settings.url)
    return ehr.Export(
        settings, client, SmartLogin(settings, client), since, sleep=lambda _: None, **options
    )


class Memory(dict):
    def put(self, name: str, value: str) -> None:
        self[name] = value


def test_the_whole_sandbox_arrives_in_spite_of_its_429_and_its_expired_link(sandbox):
    folder, settings = sandbox
    counts = dict.fromkeys(ehr.RESOURCE_TYPES, 0)
    for _ in range(3):  # one export in three has an expired link
        found = list(export(settings).receipts())
        for receipt in found:
            parsed = read_ndjson(receipt.content)
            assert parsed.findings == ()
            counts[receipt.name.split("-")[0]] += parsed.records
    served = {kind: (folder / f"fhir/{kind}.ndjson").read_bytes().count(b"\n") for kind in counts}
    assert counts == {kind: 3 * lines for kind, lines in served.items()}
    assert sum(served.values()) > 500


def test_an_rsa_key_logs_in_as_well_as_an_elliptic_one(sandbox):
    folder, settings = sandbox
    rsa_key = load_or_make(folder).fhir_rsa_private_key
    other = replace(settings, private_key=rsa_key, key_id=RSA_KEY_ID)
    assert len(list(export(other).receipts())) >= len(ehr.RESOURCE_TYPES)


def test_the_next_export_asks_only_for_what_changed_since(sandbox):
    _, settings = sandbox
    first = export(settings)
    everything = list(first.receipts())
    assert first.transaction_time is not None
    again = list(export(settings, first.transaction_time).receipts())
    assert sum(r.content.count(b"\n") for r in again) < sum(
        r.content.count(b"\n") for r in everything
    )


@pytest.mark.parametrize(
    ("make_key", "kind", "algorithm"),
    [
        (lambda: ELLIPTIC, ECKey, "ES384"),
        (rsa_pem, RSAKey, "RS384"),
    ],
)
def test_an_assertion_lives_less_than_five_minutes_and_is_never_the_same(make_key, kind, algorithm):
    key = make_key()
    settings = FhirSettings("https://ehr.example/fhir", "client", key, "kid-1")
    found = [
        jwt.decode(assertion(settings, "https://ehr.example/token"), kind.import_key(key),
                   algorithms=[algorithm])
        for _ in range(2)
    ]  # fmt: skip
    claims = found[0].claims
    assert claims["exp"] - claims["iat"] == ASSERTION_SECONDS < 300
    assert (claims["iss"], claims["sub"]) == ("client", "client")
    assert claims["aud"] == "https://ehr.example/token"
    assert found[0].header["kid"] == "kid-1"
    assert claims["jti"] != found[1].claims["jti"]


def test_a_key_that_is_none_is_refused_by_its_variables_name():
    with pytest.raises(InvalidSettingError, match="TIEOUT_FHIR_PRIVATE_KEY") as refused:
        assertion(FhirSettings("https://ehr.example", "c", "SECRET"), "https://ehr.example/token")
    assert "SECRET" not in str(refused.value)


def test_polling_waits_as_long_as_the_server_asks_in_either_form(awkward):
    server, settings = awkward
    server.polls = [
        (202, {"Retry-After": "7", "X-Progress": "half"}),
        (202, {"Retry-After": "Thu, 01 Oct 2026 00:00:09 GMT"}),
        (202, {}),
    ]
    waited: list[float] = []
    job = export(settings, now=lambda: datetime(2026, 10, 1, tzinfo=UTC))
    job.sleep = waited.append
    assert len(list(job.receipts())) == 2
    assert waited == [7.0, 9.0, ehr.POLL_SECONDS]


def test_a_poll_that_is_refused_is_repeated_and_the_job_goes_on(awkward):
    server, settings = awkward
    server.polls = [(429, {"Retry-After": "0"}), (503, {}), (202, {}), (429, {})]
    assert len(list(export(settings).receipts())) == 2


def test_a_kick_off_that_was_refused_is_repeated_but_not_one_that_may_have_begun(awkward):
    server, settings = awkward
    server.kick_offs = [429, 503]
    assert len(list(export(settings).receipts())) == 2
    server.kick_offs, server.seen = [502], []
    with pytest.raises(HttpError):
        list(export(settings).receipts())
    assert len(server.seen) == 1


def test_a_token_that_dies_on_the_way_is_renewed(awkward):
    server, settings = awkward
    job = export(settings)
    receipts = job.receipts()
    next(receipts)
    server.living = set()  # the status address refuses it from now on
    server.expired = {"Patient-1"}
    assert len(list(receipts)) == 1
    assert server.tokens == 2


def test_an_old_token_is_renewed_before_it_is_refused(awkward):
    _, settings = awkward
    clock = [0.0]
    with HttpClient(settings.url) as client:
        login = SmartLogin(settings, client, clock=lambda: clock[0])
        assert login.headers() == login.headers()
        clock[0] = 280.0
        assert login.headers() == {"Authorization": "Bearer token-2"}


def test_an_expired_link_is_looked_up_again_in_a_new_manifest(awkward):
    server, settings = awkward
    server.expired = {"Patient-1", "Patient-2"}
    found = list(export(settings).receipts())
    assert [json.loads(one.content)["id"] for one in found] == ["Patient-3", "Patient-3"]


def test_a_link_that_stays_dead_is_an_error_and_the_job_is_deleted(awkward):
    server, settings = awkward
    server.expired = {f"Patient-{number}" for number in range(9)}
    with pytest.raises(HttpError) as failed:
        list(export(settings).receipts())
    assert "SECRET" not in str(failed.value)
    assert ("DELETE", "status") in server.seen


def test_further_pages_of_a_manifest_are_read(awkward):
    server, settings = awkward
    server.extra = {"link": [{"relation": "next", "url": "/fhir/more"}]}
    found = list(export(settings).receipts())
    assert [one.name for one in found] == [
        "Patient-1.ndjson",
        "Patient-2.ndjson",
        "Patient-3.ndjson",
    ]


def test_links_that_need_no_token_are_not_shown_it(awkward):
    server, settings = awkward
    server.extra = {"requiresAccessToken": False}
    list(export(settings).receipts())
    assert server.authorised == {"Patient-1": None}


def test_a_link_to_another_host_is_not_followed(awkward):
    server, settings = awkward
    server.extra = {"output": [{"type": "Patient", "url": "http://169.254.169.254/latest"}]}
    with pytest.raises(ForeignAddressError):
        list(export(settings).receipts())


@pytest.mark.parametrize("part", ["error", "outcome"])
def test_problems_are_received_too_and_the_next_export_starts_no_later(awkward, part):
    server, settings = awkward
    server.extra = {part: [{"type": "OperationOutcome", "url": "/fhir/files/problems"}]}
    marks = Memory()
    found = list(ehr.receipts(settings, marks))
    assert [one.location for one in found][-1] == f"$export/{part}"
    assert marks == {}


def test_the_transaction_time_is_the_next_since_once_everything_is_consumed(awkward):
    server, settings = awkward
    marks = Memory()
    receipts = ehr.receipts(settings, marks)
    next(receipts)
    assert marks == {}
    list(receipts)
    assert marks == {"transaction_time": TIME}
    list(ehr.receipts(settings, marks))
    asked = [since for method, since in server.seen if method == "GET" and since != "status"]
    assert asked == ["None", TIME]


def test_a_source_that_is_not_configured_has_nothing():
    assert list(ehr.receipts(FhirSettings())) == []
