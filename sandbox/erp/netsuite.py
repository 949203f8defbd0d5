"""A NetSuite account as a web application: token, journals, asynchronous jobs and SuiteQL.

Its rules are in the other modules of this name; here is who is let in and how answers look.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.erp.books import Company
from sandbox.erp.faults import Fault, Scope
from sandbox.erp.netsuite_books import NetsuiteBooks
from sandbox.erp.netsuite_errors import NetsuiteError
from sandbox.erp.netsuite_fields import json_of, reader_of
from sandbox.erp.netsuite_jobs import PATH as JOBS_PATH
from sandbox.erp.netsuite_jobs import Jobs
from sandbox.erp.netsuite_login import LoginDesk
from sandbox.erp.netsuite_records import Journals
from sandbox.erp.netsuite_suiteql import SuiteQl, page_of

TOKEN = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - a path, no secret
RECORDS = "/services/rest/record/v1"
SUITEQL = "/services/rest/query/v1/suiteql"
LONGEST_PAGE = 1000
KIND = "application/vnd.oracle.resource+json"
Handler = Callable[[Request], Awaitable[Response]]


class NetsuiteStub:
    """One account; `app` is the ASGI application. Its state lies open for tests."""

    def __init__(
        self,
        companies: dict[str, Company],
        client_id: str,
        certificates: dict[str, str],
        now: Callable[[], float] = time.time,
    ) -> None:
        """`companies` by subsidiary id; `certificates`: public keys (PEM) by certificate id."""
        self.books = NetsuiteBooks(companies)
        self.desk = LoginDesk(client_id, certificates, now)
        self.jobs = Jobs()
        self._journals = Journals(self.books)
        self._suiteql = SuiteQl(self.books)
        self.app = Starlette(routes=self._routes())

    def _routes(self) -> list[Route]:
        guarded = self._guarded
        routes = [
            Route(SUITEQL, guarded(self._query), methods=["POST"]),
            Route(f"{JOBS_PATH}/{{job}}", guarded(self._job), methods=["GET"]),
            Route(f"{JOBS_PATH}/{{job}}/task", guarded(self._tasks), methods=["GET"]),
            Route(f"{JOBS_PATH}/{{job}}/task/1", guarded(self._task), methods=["GET"]),
            Route(f"{JOBS_PATH}/{{job}}/task/1/result", guarded(self._result), methods=["GET"]),
            Route(TOKEN, self.desk.answer, methods=["POST"]),
        ]
        for name in ("journalEntry", "journalentry"):
            one, path = f"{RECORDS}/{name}/{{number}}", f"{RECORDS}/{name}"
            routes += [
                Route(path, guarded(self._create), methods=["POST"]),
                Route(one, guarded(self._show), methods=["GET"]),
                Route(one, guarded(self._change), methods=["PATCH"]),
                Route(one, guarded(self._delete), methods=["DELETE"]),
            ]
        return routes

    def _guarded(self, handler: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            try:
                self.desk.admit(request)
                return await handler(request)
            except NetsuiteError as error:
                return JSONResponse(error.body(), error.status, error.headers, media_type=KIND)

        return answer

    async def _create(self, request: Request) -> Response:
        """Create at once, or in a job where that is preferred: only a job has a key."""
        body, reader = await json_of(request), reader_of(request)
        is_partial = request.scope.get("fault") is Fault.PARTIAL
        root = _root(request)

        def run() -> str:
            number = self._journals.create(reader.journal(body), is_partial=is_partial)
            return f"{root}{RECORDS}/journalEntry/{number}"

        if request.headers.get("prefer", "").lower() != "respond-async":
            return Response(status_code=204, headers={"Location": run()})
        place = self.jobs.submit(run, request.headers.get("x-netsuite-idempotency-key"))
        headers = {"Location": place, "Preference-Applied": "respond-async"}
        return Response(status_code=202, headers=headers, media_type="application/json")

    async def _show(self, request: Request) -> Response:
        return _shown(self._journals.shown(request.path_params["number"]))

    async def _change(self, request: Request) -> Response:
        values = reader_of(request).journal(await json_of(request))
        self._journals.change(request.path_params["number"], {**values, "line": None})
        return Response(status_code=204, headers={"Location": str(request.url)})

    async def _delete(self, request: Request) -> Response:
        self._journals.delete(request.path_params["number"])
        return Response(status_code=204)

    async def _job(self, request: Request) -> Response:
        return _shown(self.jobs.status(request.path_params["job"], _root(request)))

    async def _tasks(self, request: Request) -> Response:
        return _shown(self.jobs.tasks(request.path_params["job"], _root(request)))

    async def _task(self, request: Request) -> Response:
        return _shown(self.jobs.task(request.path_params["job"], _root(request)))

    async def _result(self, request: Request) -> Response:
        location = self.jobs.result(request.path_params["job"])
        return Response(status_code=204, headers={"Location": location})

    async def _query(self, request: Request) -> Response:
        if request.headers.get("prefer", "").lower() != "transient":
            text = "The required request header 'Prefer' is missing or is not 'transient'."
            raise NetsuiteError(400, "INVALID_HEADER", text, errorHeader="Prefer")
        body = await json_of(request)
        if set(body) != {"q"} or not isinstance(body["q"], str):
            raise NetsuiteError(400, "INVALID_CONTENT", "The body has a query in q, nothing else.")
        limit = _number(request, "limit", LONGEST_PAGE)
        offset = _number(request, "offset", 0)
        if not 0 < limit <= LONGEST_PAGE:
            raise _bad_param("limit", "a number from 1 to 1000")
        if offset % limit:
            raise _bad_param("offset", "divisible by the limit")
        url = f"{_root(request)}{SUITEQL}"
        return _shown(page_of(self._suiteql.rows(body["q"]), limit, offset, url))


def is_write(scope: Scope) -> bool:
    """Say whether a request changes records; asking with POST changes none."""
    return str(scope["path"]).startswith(RECORDS) and scope["method"] != "GET"


def _shown(body: dict[str, Any]) -> Response:
    return JSONResponse(body, media_type=KIND)


def _root(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _number(request: Request, name: str, usual: int) -> int:
    text = request.query_params.get(name, str(usual))
    if not text.isdigit():
        raise _bad_param(name, "a whole number")
    return int(text)


def _bad_param(name: str, rule: str) -> NetsuiteError:
    text = f"Invalid value of the query parameter {name}: it must be {rule}."
    return NetsuiteError(400, "INVALID_PARAMETER", text, errorQueryParam=name)
