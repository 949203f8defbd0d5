"""SAP S/4HANA Cloud as a web server: the journal service by SOAP and OData to read it back.

Addresses, logon and status codes; what the messages do is in the modules beside this one.
"""

from __future__ import annotations

import secrets
from base64 import b64decode
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.erp.faults import Faults, FaultyServer, Scope
from sandbox.erp.sap_s4_books import CompanyCode
from sandbox.erp.sap_s4_odata import ROOT, BadQueryError, answer, entity_sets, error
from sandbox.erp.sap_s4_soap import ENVELOPE, SFIN, FaultError, JournalService

SERVICE = "/sap/bc/srt/scs_ext/sap/journalentrycreaterequestconfi"
ACTION = (
    f"{SFIN}/JournalEntryCreateRequestConfirmation_In/"
    "JournalEntryCreateRequestConfirmation_InRequest"
)
REALM = 'Basic realm="SAP NetWeaver Application Server [0M4/100]"'
NO_LOGON = "<html><head><title>Logon failed</title></head><body>Logon failed</body></html>"
NO_SERVICE = "/IWFND/MAX/001"
BAD_QUERY = "/IWBEP/CM_MGW_RT/020"


class SapS4Stub:
    """The sandbox's tenant. `page_rows`: the most rows that the gateway gives at once."""

    def __init__(
        self,
        companies: Sequence[CompanyCode],
        faults: Faults,
        *,
        user: str,
        password: str,
    ) -> None:
        self._companies, self._logon = companies, f"{user}:{password}"
        self.page_rows = 5000
        self.closed_services: set[str] = set()  # not offered by a communication arrangement
        self.journal = JournalService({one.code: one for one in companies})
        self.app = FaultyServer(self._answer, faults, _is_write, _throttled)

    async def _answer(self, scope: Scope, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        body = await request.body()
        await self._response(request, body)(scope, receive, send)

    def _response(self, request: Request, body: bytes) -> Response:
        path = request.url.path
        if not self._knows(request.headers.get("Authorization", "")):
            headers = {"WWW-Authenticate": REALM}
            return Response(NO_LOGON, 401, headers, media_type="text/html")
        if any(name in path for name in self.closed_services):
            return Response(
                error(NO_SERVICE, "No authorization"), 403, media_type="application/json"
            )
        if path == SERVICE:
            return self._soap(request, body)
        return self._odata(request, path)

    def _knows(self, header: str) -> bool:
        kind, _, token = header.partition(" ")
        try:
            given = b64decode(token, validate=True)
        except ValueError:
            return False
        is_known: bool = secrets.compare_digest(given, self._logon.encode())
        return is_known and kind == "Basic"

    def _soap(self, request: Request, body: bytes) -> Response:
        if request.method != "POST":
            return Response(status_code=405)
        if request.headers.get("Content-Type", "").replace(" ", "") != "text/xml;charset=utf-8":
            return Response(status_code=415)
        if request.headers.get("SOAPAction", "").strip('"') != ACTION:
            return _fault("Unable to interpret SOAP action")
        try:
            return Response(self.journal.call(body), media_type="text/xml")
        except FaultError as fault:
            return _fault(str(fault))

    def _odata(self, request: Request, path: str) -> Response:
        rows = entity_sets(self._companies).get(path.removeprefix(ROOT))
        kind = "application/json"
        if not path.startswith(ROOT) or rows is None:
            return Response(error(NO_SERVICE, "No service found"), 404, media_type=kind)
        if request.method != "GET":
            return Response("CSRF token validation failed", 403, {"x-csrf-token": "Required"})
        try:
            query = request.scope["query_string"].decode("ascii")
            return Response(answer(rows, query, self.page_rows), media_type=kind)
        except BadQueryError as refusal:
            return Response(error(BAD_QUERY, str(refusal)), 400, media_type=kind)


def _fault(text: str) -> Response:
    """Return a fault of SOAP 1.1, which comes with status 500."""
    body = (
        f'<soap-env:Envelope xmlns:soap-env="{ENVELOPE}"><soap-env:Header/><soap-env:Body>'
        "<soap-env:Fault><faultcode>soap-env:Server</faultcode>"
        f'<faultstring xml:lang="en">{text}</faultstring><detail/></soap-env:Fault>'
        "</soap-env:Body></soap-env:Envelope>"
    )
    return Response(body, 500, media_type="text/xml")


def _is_write(scope: Scope) -> bool:
    return bool(scope["method"] == "POST" and scope["path"] == SERVICE)


def _throttled() -> tuple[int, bytes, str]:
    return 429, b"<html><body>Too many requests</body></html>", "text/html"
