"""A Dynamics 365 Finance of the sandbox: OData at `/data`, changesets, packages, tokens of Entra.

Journals are posted by a batch job alone (`run_batch`); no request posts. What is not documented
is refused.
"""

from __future__ import annotations

import copy
import email
import email.policy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.erp import dynamics_finance_reads as reads
from sandbox.erp.books import Company
from sandbox.erp.dynamics_finance_journals import FinanceError, Journals, Setup
from sandbox.erp.dynamics_finance_packages import Packages
from sandbox.erp.entra import Entra
from sandbox.erp.exact_json import read, written
from sandbox.erp.faults import Fault
from sandbox.erp.odata import QueryError, page, picked, select

ACTION = "DataManagementDefinitionGroups/Microsoft.Dynamics.DataEntities."
KEYED = re.compile(
    r"LedgerJournalHeaders\(dataAreaId='(?P<area>\w+)',JournalBatchNumber='(?P<number>\w+)'\)"
)
ASKS_ONLY = ("GetExecutionSummaryStatus", "GetAzureWriteUrl")
HEADERS, LINES = "LedgerJournalHeaders", "LedgerJournalLines"
THROTTLED = written(
    {"error": {"code": "", "message": "Number of requests exceeded the limit of the resource."}}
)


@dataclass
class DynamicsFinance:
    """One environment. `companies` by their dataAreaId; `default` is the user's own company."""

    companies: dict[str, Company]
    entra: Entra
    setup: Setup = field(default_factory=Setup)
    default: str = "dat"
    page_size: int = 10_000
    requests: list[tuple[str, str]] = field(default_factory=list)  # method and path, as they came

    def __post_init__(self) -> None:
        self.journals = {
            area: Journals(area, company, self.setup) for area, company in self.companies.items()
        }
        self.packages = Packages(self.journals)
        self.resource = ""  # the address of the environment, known once it is served

    def run_batch(self) -> None:
        """Run the periodic job "Post journals" in all companies."""
        for journals in self.journals.values():
            journals.post_all()

    def app(self) -> Starlette:
        """Return the service, its storage, and Entra's token endpoint beside it."""
        methods = ["GET", "POST", "PATCH", "DELETE"]
        return Starlette(
            routes=[
                Route("/{tenant}/oauth2/v2.0/token", self._token, methods=["POST"]),
                Route("/dmf/{name}", self._upload, methods=["PUT"]),
                Route("/data/{path:path}", self._answer, methods=methods),
            ]
        )

    async def _token(self, request: Request) -> Response:
        kind, tenant = request.headers.get("content-type", ""), request.path_params["tenant"]
        status, body = self.entra.token(tenant, kind, await request.body())
        return Response(body, status, media_type="application/json")

    async def _upload(self, request: Request) -> Response:
        path = f"{request.url.path}?{request.url.query}"
        if "authorization" in request.headers:  # a signature and a token at once are refused
            return Response(b"", 403)
        kind = request.headers.get("x-ms-blob-type", "")
        return Response(b"", self.packages.upload(path, kind, await request.body()))

    async def _answer(self, request: Request) -> Response:
        path, body = request.path_params["path"], await request.body()
        self.requests.append((request.method, path))
        try:
            if not self.entra.lets_in(request.headers.get("authorization", ""), self.resource):
                return Response(b"", 401, {"WWW-Authenticate": "Bearer"})
            if path == "$batch":
                return self._batch(request.headers, body)
            query = dict(parse_qsl(request.url.query, keep_blank_values=True))
            if request.method == "GET":
                return _json(200, self._rows(path, query, str(request.url).split("?")[0]))
            if path.startswith(ACTION):
                return _json(200, {"value": self._act(request, path, _content(body))})
            return _json(*self._write(request.method, path, query, body))
        except FinanceError as error:
            return _json(error.status, _error(error))

    def _act(self, request: Request, path: str, content: dict[str, Any]) -> str:
        action = path.removeprefix(ACTION)
        if request.method == "POST" and action == "GetAzureWriteUrl":
            base = str(request.base_url).rstrip("/")
            return self.packages.write_url(base, content["uniqueFileName"])
        if request.method == "POST" and action == "ImportFromPackage":
            is_partial = request.scope.get("fault") is Fault.PARTIAL
            return self.packages.start(content, is_partial=is_partial)
        if request.method == "POST" and action == "GetExecutionSummaryStatus":
            return self.packages.status(content["executionId"])
        raise FinanceError(404, "No HTTP resource was found that matches the request.")

    def _write(self, method: str, path: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        keyed = KEYED.fullmatch(path)
        if method == "DELETE" and keyed is not None:
            self._of(keyed["area"], query).delete(keyed["number"])
            return 204, None
        if method == "POST" and path in {HEADERS, LINES}:
            content = _content(body)
            journals = self._of(str(content.get("dataAreaId", self.default)), query)
            if path == LINES:
                return 201, _shown(journals.add(content))
            return 201, reads.header_row(journals.area, journals.create(content))
        raise FinanceError(405, "The requested resource does not support this method.")

    def _of(self, area: str, query: dict[str, str]) -> Journals:
        """Return the journals of a company: without cross-company there is the default one only."""
        is_seen = area == self.default or query.get("cross-company") == "true"
        if not is_seen or area not in self.journals:
            raise FinanceError(404, "No resources were found when selecting for update.")
        return self.journals[area]

    def _batch(self, headers: Mapping[str, str], body: bytes) -> Response:
        kept = {area: copy.deepcopy(one.all) for area, one in self.journals.items()}
        parts = _changes(headers.get("content-type", ""), body)
        said = []
        try:
            for method, target, content in parts:
                path, _, query = target.partition("?")
                said.append(self._write(method, path, dict(parse_qsl(query)), content))
        except FinanceError as error:
            for area, one in self.journals.items():
                one.all = kept[area]
            return _multipart([(error.status, _error(error))], is_changeset=False)
        return _multipart(said, is_changeset=True)

    def _rows(self, path: str, query: dict[str, str], url: str) -> dict[str, Any]:
        crosses = query.pop("cross-company", "") == "true"
        areas = [*self.companies] if crosses else [self.default]
        rows = [
            row for area in areas if area in self.companies for row in self._collection(path, area)
        ]
        fields = frozenset(rows[0]) if rows else reads.FIELDS.get(path, frozenset())
        try:
            chosen = select(rows, query, fields, has_wildcards=True)
            shown, after = page(chosen, query, self.page_size)
            answer: dict[str, Any] = {
                "@odata.context": f"{url}/$metadata#{path}",
                "value": [_shown(picked(row, query, fields)) for row in shown],
            }
        except QueryError as error:
            raise FinanceError(400, str(error)) from None
        if after is not None:
            again = {**query, "$skiptoken": after, **({"cross-company": "true"} if crosses else {})}
            answer["@odata.nextLink"] = f"{url}?{urlencode(again)}"
        return answer

    def _collection(self, path: str, area: str) -> list[dict[str, Any]]:
        company, place = self.companies[area], [*self.companies].index(area) + 1
        shared = place == 1  # main accounts and dimension values belong to no company
        if path == HEADERS:
            return reads.headers(self.journals[area])
        if path == LINES:
            return reads.lines(self.journals[area])
        if path == "LedgerFiscalCalendarPeriods":
            return reads.periods(area, company)
        if path == "GeneralJournalEntryBiEntities":
            return reads.entries(area, place, company)
        if path == "GeneralJournalAccountEntryBiEntities":
            return reads.account_entries(place, company, self.setup)
        return self._master(path, company) if shared else []

    @staticmethod
    def _master(path: str, company: Company) -> list[dict[str, Any]]:
        if path == "MainAccounts":
            return reads.accounts(company)
        if path == "FinancialDimensionValues":
            return reads.dimension_values(company)
        raise FinanceError(404, "No HTTP resource was found that matches the request.")


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: reads.stamp(v) if isinstance(v, date) else v for name, v in row.items()}


def _content(body: bytes) -> Any:
    try:
        return read(body)
    except ValueError:
        raise FinanceError(400, "The body is not valid.") from None


def _error(error: FinanceError) -> dict[str, Any]:
    inner = {"message": error.message, "type": "System.Exception", "stacktrace": ""}
    return {"error": {"code": "", "message": "An error has occurred.", "innererror": inner}}


def _json(status: int, content: Any) -> Response:
    body = b"" if content is None else written(content)
    return Response(body, status, media_type="application/json; odata.metadata=minimal")


def _changes(kind: str, body: bytes) -> list[tuple[str, str, bytes]]:
    """Return method, target and body of each request of a batch's one changeset."""
    if not kind.startswith("multipart/mixed"):
        raise FinanceError(400, "The content type of a batch is multipart/mixed.")
    whole = email.message_from_bytes(
        f"Content-Type: {kind}\r\n\r\n".encode() + body, policy=email.policy.HTTP
    )
    found = []
    for part in whole.walk():
        if part.get_content_type() != "application/http":
            continue
        head, _, content = bytes(part.get_payload(decode=True) or b"").partition(b"\r\n\r\n")
        words = head.decode().split("\r\n")[0].split(" ")
        if len(words) != 3 or not part.get("Content-ID"):
            raise FinanceError(400, "A request of the changeset is not valid.")
        found.append((words[0], words[1], content.strip()))
    parts = [part.get_content_type() for part in whole.walk()]
    if not found or parts[1] != "multipart/mixed":
        raise FinanceError(400, "The batch has no changeset.")
    return found


def _multipart(said: list[tuple[int, Any]], *, is_changeset: bool) -> Response:
    parts = [
        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: {number}\r\n\r\nHTTP/1.1 {status} \r\n"
        "Content-Type: application/json; odata.metadata=minimal\r\n\r\n"
        f"{written(content).decode() if content is not None else ''}\r\n"
        for number, (status, content) in enumerate(said, start=1)
    ]
    if is_changeset:
        inside = "".join(f"--changes\r\n{part}" for part in parts) + "--changes--\r\n"
        parts = [f"Content-Type: multipart/mixed; boundary=changes\r\n\r\n{inside}"]
    body = "".join(f"--answer\r\n{part}" for part in parts) + "--answer--\r\n"
    return Response(body.encode(), 200, {"Content-Type": "multipart/mixed; boundary=answer"})


def is_write(scope: Mapping[str, Any]) -> bool:
    """Say whether a request changes the environment's data."""
    path = scope["path"]
    is_question = path.endswith(("/oauth2/v2.0/token", *ASKS_ONLY)) or path.startswith("/dmf/")
    return scope["method"] != "GET" and not is_question


def throttled() -> tuple[int, bytes, str]:
    """Return the answer to a request that comes too often."""
    return 429, THROTTLED, "application/json"
