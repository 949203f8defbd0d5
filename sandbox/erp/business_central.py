"""A Business Central of the sandbox, spoken to by its API v2.0 and opened by tokens of Entra.

What is not documented is refused: unknown properties and options, writes without an ETag.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.erp import business_central_reads as reads
from sandbox.erp.books import Company
from sandbox.erp.business_central_journals import BcError, Journals
from sandbox.erp.entra import Entra
from sandbox.erp.exact_json import read, written
from sandbox.erp.odata import QueryError, page, picked, select

RESOURCE = "https://api.businesscentral.dynamics.com"
MOST_OPERATIONS = 100
GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
PATH = re.compile(
    rf"companies\((?P<company>{GUID})\)/(?P<set>\w+)(?:\((?P<id>{GUID})\))?"
    rf"(?:/(?P<part>[\w.]+)(?:\((?P<line>{GUID})\)/(?P<of_line>dimensionSetLines))?)?"
)
THROTTLED = written(
    {"error": {"code": "Unknown", "message": "Too many requests. CorrelationId:  x."}}
)


@dataclass
class Reply:
    """The answer to one request, alone or in a batch."""

    status: int
    body: Any = None


@dataclass
class Call:
    """One request, alone or in a batch."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    content: Any = None
    url: str = ""


@dataclass
class BusinessCentral:
    """One environment. `companies` by their ids."""

    companies: dict[str, Company]
    entra: Entra
    environment: str = "production"
    page_size: int = 20000
    requests: list[tuple[str, str]] = field(default_factory=list)  # method and path, as they came

    def __post_init__(self) -> None:
        self.journals = {key: Journals(company) for key, company in self.companies.items()}

    @property
    def root(self) -> str:
        """The path of the API, without a slash at its end."""
        return f"/v2.0/{self.entra.tenant}/{self.environment}/api/v2.0"

    def app(self) -> Starlette:
        """Return the service, and Entra's token endpoint beside it."""
        methods = ["GET", "POST", "PATCH", "DELETE"]
        return Starlette(
            routes=[
                Route("/{tenant}/oauth2/v2.0/token", self._token, methods=["POST"]),
                Route(f"{self.root}/{{path:path}}", self._answer, methods=methods),
            ]
        )

    async def _token(self, request: Request) -> Response:
        kind = request.headers.get("content-type", "")
        tenant = request.path_params["tenant"]
        status, body = self.entra.token(tenant, kind, await request.body())
        return Response(body, status, media_type="application/json")

    async def _answer(self, request: Request) -> Response:
        path = request.path_params["path"]
        self.requests.append((request.method, path))
        body = await request.body()
        try:
            self._let_in(request)
            if path == "$batch":
                reply = self._batch(request, body)
            else:
                content = _content(request.headers, body) if body else None
                query = dict(parse_qsl(request.url.query, keep_blank_values=True))
                url = str(request.url).split("?")[0]
                call = Call(request.method, path, query, request.headers, content, url)
                reply = self._one(call)
        except BcError as error:
            reply = _refused(error)
        media = "application/json; odata.metadata=minimal"
        return Response(
            b"" if reply.body is None else written(reply.body),
            reply.status,
            media_type=None if reply.body is None else media,
        )

    def _let_in(self, request: Request) -> None:
        if not self.entra.lets_in(request.headers.get("authorization", ""), RESOURCE):
            raise BcError(
                401,
                "Authentication_InvalidCredentials",
                "The server has rejected the client credentials.",
            )

    def _batch(self, request: Request, body: bytes) -> Reply:
        operations = _content(request.headers, body).get("requests")
        if request.method != "POST" or not isinstance(operations, list):
            raise BcError(400, "BadRequest", "Invalid Request Body")
        if len(operations) > MOST_OPERATIONS:
            raise BcError(400, "BadRequest", "A batch has at most 100 operations.")
        kept = self._kept() if request.headers.get("isolation") == "snapshot" else None
        replies = []
        for operation in operations:
            reply = self._operation(operation)
            replies.append({"id": operation.get("id"), "status": reply.status, "headers": {}})
            if reply.body is not None:
                replies[-1]["body"] = reply.body
            if reply.status >= 400:
                if kept is not None:
                    self._restore(kept)
                break
        return Reply(200, {"responses": replies})

    def _operation(self, operation: dict[str, Any]) -> Reply:
        headers = {name.lower(): value for name, value in operation.get("headers", {}).items()}
        path, _, query = str(operation.get("url", "")).partition("?")
        method, content = str(operation.get("method", "")), operation.get("body")
        try:
            return self._one(Call(method, path, dict(parse_qsl(query)), headers, content, path))
        except BcError as error:
            return _refused(error)

    def _kept(self) -> tuple[dict[str, Any], dict[str, int]]:
        journals = {key: copy.deepcopy(one.all) for key, one in self.journals.items()}
        return journals, {key: len(one.documents) for key, one in self.companies.items()}

    def _restore(self, kept: tuple[dict[str, Any], dict[str, int]]) -> None:
        journals, counts = kept
        for key, count in counts.items():
            self.journals[key].all = journals[key]
            del self.companies[key].documents[count:]

    def _one(self, call: Call) -> Reply:
        found = PATH.fullmatch(call.path)
        if found is None or found["company"] not in self.companies:
            raise BcError(404, "BadRequest_NotFound", "Bad Request - Error in query syntax")
        if call.method == "GET":
            return self._rows(found, call.query, call.url)
        if found["set"] != "journals":
            raise _not_allowed(call.method)
        return self._write(call, found)

    def _write(self, call: Call, found: re.Match[str]) -> Reply:
        journals, content = self.journals[found["company"]], call.content
        etag = call.headers.get("if-match", "")
        target = (call.method, bool(found["id"]), found["part"], bool(found["of_line"]))
        if target == ("POST", False, None, False):
            return Reply(201, reads.journal_row(journals.create(content)))
        if target == ("PATCH", True, None, False):
            return Reply(200, reads.journal_row(journals.rename(found["id"], etag, content)))
        if target == ("DELETE", True, None, False):
            del journals.all[journals.held(found["id"], etag).id]
            return Reply(204)
        if target == ("POST", True, "Microsoft.NAV.post", False):
            journals.post(found["id"])
            return Reply(204)
        return self._write_line(target, journals, found, content)

    def _write_line(
        self, target: tuple[Any, ...], journals: Journals, found: re.Match[str], content: Any
    ) -> Reply:
        if target == ("POST", True, "journalLines", False):
            line = journals.add(found["id"], content)
            return Reply(201, reads.line_row(journals.get(found["id"]), line, is_expanded=False))
        if target == ("POST", True, "journalLines", True):
            line = journals.line(found["id"], found["line"])
            journals.set_dimension(line, content)
            value = {content["code"]: content["valueCode"]}
            return Reply(201, reads.dimension_rows(line.id, "Journal_x0020_Line", value)[0])
        raise _not_allowed(target[0])

    def _rows(self, found: re.Match[str], query: dict[str, str], url: str) -> Reply:
        rows, fields = self._collection(found, query.get("$expand", ""))
        try:
            chosen = select(rows, query, fields)
            shown, after = page(chosen, query, self.page_size)
            answer: dict[str, Any] = {
                "@odata.context": f"{url}/$metadata",
                "value": [picked(row, query, fields) for row in shown],
            }
        except QueryError as error:
            raise BcError(400, "BadRequest", str(error)) from None
        if after is not None:
            answer["@odata.nextLink"] = f"{url}?{urlencode({**query, '$skiptoken': after})}"
        return Reply(200, answer)

    def _collection(
        self, found: re.Match[str], expand: str
    ) -> tuple[list[dict[str, Any]], frozenset[str]]:
        company, journals = self.companies[found["company"]], self.journals[found["company"]]
        name = found["part"] or found["set"]
        plain = {
            "accounts": reads.accounts,
            "accountingPeriods": reads.periods,
            "generalLedgerSetup": reads.setup,
            "dimensions": reads.dimensions,
        }
        may_expand = {
            "dimensions": "dimensionValues",
            "journalLines": "dimensionSetLines",
            "generalLedgerEntries": "dimensionSetLines",
        }
        if expand and may_expand.get(name) != expand:
            raise BcError(400, "BadRequest", f"Could not find a property named '{expand}'.")
        if name == "journals":
            rows = reads.journals(journals)
        elif name == "journalLines" and found["id"]:
            journal = journals.get(found["id"])
            rows = [
                reads.line_row(journal, one, is_expanded=bool(expand))
                for one in journal.lines.values()
            ]
        elif name == "generalLedgerEntries":
            rows = reads.entries(company, is_expanded=bool(expand))
        elif name in plain:
            rows = plain[name](company)
        else:
            raise BcError(404, "BadRequest_ResourceNotFound", "Resource not found for the segment")
        return rows, frozenset(rows[0]) if rows else frozenset(FIELDS_OF_NONE)


FIELDS_OF_NONE = (
    "code",
    "documentNumber",
    "postingDate",
    "accountNumber",
    "debitAmount",
    "creditAmount",
    "lineNumber",
)


def _not_allowed(method: str) -> BcError:
    return BcError(405, "BadRequest_MethodNotAllowed", f"'{method}' requests are not allowed.")


def _content(headers: Mapping[str, str], body: bytes) -> Any:
    if not headers.get("content-type", "").startswith("application/json"):
        raise BcError(415, "BadRequest", "The content type is not supported.")
    try:
        return read(body)
    except ValueError:
        raise BcError(400, "BadRequest", "Invalid Request Body") from None


def _refused(error: BcError) -> Reply:
    message = f"{error.message}  CorrelationId:  00000000-0000-0000-0000-000000000000."
    return Reply(error.status, {"error": {"code": error.code, "message": message}})


def is_write(scope: Mapping[str, Any]) -> bool:
    """Say whether a request changes the environment's data."""
    return scope["method"] != "GET" and not scope["path"].endswith("/oauth2/v2.0/token")


def throttled() -> tuple[int, bytes, str]:
    """Return the answer to a request that comes too often."""
    return 429, THROTTLED, "application/json"
