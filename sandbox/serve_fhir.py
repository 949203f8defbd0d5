"""The EHR's FHIR Bulk Data server: asynchronous export of NDJSON files behind a login.

Now and then it is as awkward as the real ones, always in the same way: the second poll of each
export is refused with 429, and in the first of every three exports one link expires.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.serve_login import ALGORITHMS, Login

LINES_PER_FILE = 2_000
REFUSED_POLL, READY_POLL = 2, 3
RETRY_SECONDS = "1"
NDJSON = "application/fhir+ndjson"

Answer = Callable[[Request], Awaitable[Response]]


@dataclass
class Export:
    """One export job: its files in order, its polls and manifests so far."""

    number: int
    request_url: str
    files: list[tuple[str, list[str]]]
    polls: int = 0
    manifests: int = 0

    @property
    def expiring(self) -> int | None:
        """The place of the file whose first link expires, if this export has one."""
        return len(self.files) // 2 if self.number % 3 == 1 and self.files else None


@dataclass
class FhirServer:
    """Resources by type as NDJSON lines with their time of change, and the exports asked for."""

    login: Login
    resources: dict[str, list[tuple[str, str]]]
    exports: dict[str, Export] = field(default_factory=dict)
    count: int = 0

    def routes(self) -> list[Route]:
        """Return the routes below /fhir."""
        return [
            Route("/fhir/.well-known/smart-configuration", self.configuration),
            Route("/fhir/auth/token", self.login.answer, methods=["POST"]),
            Route("/fhir/$export", self._guarded(self.kick_off)),
            Route("/fhir/status/{job}", self._guarded(self.status)),
            Route("/fhir/status/{job}", self._guarded(self.delete), methods=["DELETE"]),
            Route("/fhir/files/{job}/{place:int}/{issue:int}", self._guarded(self.download)),
        ]

    def _guarded(self, answer: Answer) -> Answer:
        async def check(request: Request) -> Response:
            if not self.login.admits(request):
                return outcome(401, "login", "a bearer token is required")
            return await answer(request)

        return check

    @property
    def transaction_time(self) -> str:
        """The instant that the export is true for: just after the latest change."""
        latest = max(changed for lines in self.resources.values() for changed, _ in lines)
        moment = datetime.fromisoformat(latest).astimezone(UTC) + timedelta(seconds=1)
        return f"{moment:%Y-%m-%dT%H:%M:%S}Z"

    async def configuration(self, request: Request) -> Response:
        """Say where and how to log in."""
        return JSONResponse(
            {
                "token_endpoint": f"{_base(request)}/auth/token",
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
                "grant_types_supported": ["client_credentials"],
                "scopes_supported": ["system/*.read", "system/*.rs"],
                "capabilities": ["client-confidential-asymmetric", "permission-v1"],
            }
        )

    async def kick_off(self, request: Request) -> Response:
        """Accept a system-level export; _type and _since choose what it holds."""
        if "respond-async" not in request.headers.get("prefer", ""):
            return outcome(400, "required", "Prefer: respond-async is required")
        wanted = request.query_params.get("_type")
        kinds = wanted.split(",") if wanted else list(self.resources)
        if unknown := set(kinds) - set(self.resources):
            return outcome(400, "not-supported", f"{len(unknown)} of the types are not exported")
        try:
            files = self._chunks(kinds, request.query_params.get("_since"))
        except ValueError:
            return outcome(400, "invalid", "_since is not an instant")
        self.count += 1
        job = f"{self.count:06d}"
        self.exports[job] = Export(self.count, str(request.url), files)
        return Response(
            status_code=202, headers={"Content-Location": f"{_base(request)}/status/{job}"}
        )

    def _chunks(self, kinds: list[str], since: str | None) -> list[tuple[str, list[str]]]:
        after = _instant(since) if since else None
        files = []
        for kind in kinds:
            lines = [
                line
                for changed, line in self.resources[kind]
                if after is None or _instant(changed) >= after
            ]
            files += [
                (kind, lines[start : start + LINES_PER_FILE])
                for start in range(0, len(lines), LINES_PER_FILE)
            ]
        return files

    async def status(self, request: Request) -> Response:
        """Tell how far an export is, or give its manifest; each manifest has links of its own."""
        export = self.exports.get(request.path_params["job"])
        if export is None:
            return outcome(404, "not-found", "no such export")
        export.polls += 1
        if export.polls == REFUSED_POLL:
            return outcome(429, "throttled", "polled too often", {"Retry-After": RETRY_SECONDS})
        if export.polls < READY_POLL:
            done = f"{len(export.files) // 2} of {len(export.files)} files"
            return Response(
                status_code=202, headers={"X-Progress": done, "Retry-After": RETRY_SECONDS}
            )
        export.manifests += 1
        expires = datetime.now(UTC) + timedelta(hours=1)
        headers = {"Expires": f"{expires:%a, %d %b %Y %H:%M:%S} GMT"}
        return JSONResponse(self._manifest(request, export), headers=headers)

    def _manifest(self, request: Request, export: Export) -> dict[str, Any]:
        links = f"{_base(request)}/files/{request.path_params['job']}"
        return {
            "transactionTime": self.transaction_time,
            "request": export.request_url,
            "requiresAccessToken": True,
            "output": [
                {"type": kind, "url": f"{links}/{place}/{export.manifests}", "count": len(lines)}
                for place, (kind, lines) in enumerate(export.files)
            ],
            "error": [],
        }

    async def download(self, request: Request) -> Response:
        """Give one file, unless its link belongs to an earlier manifest and has expired."""
        place, issue = request.path_params["place"], request.path_params["issue"]
        export = self.exports.get(request.path_params["job"])
        if export is None or place >= len(export.files):
            return outcome(404, "not-found", "no such file")
        if place == export.expiring and issue == 1:
            return outcome(410, "expired", "this link has expired: ask for the manifest again")
        _, lines = export.files[place]
        return PlainTextResponse("".join(f"{line}\n" for line in lines), media_type=NDJSON)

    async def delete(self, request: Request) -> Response:
        """Forget an export and its files."""
        if self.exports.pop(request.path_params["job"], None) is None:
            return outcome(404, "not-found", "no such export")
        return Response(status_code=202)


def load_resources(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """Read the NDJSON files of a folder: per type the lines with their time of change."""
    return {
        path.stem: [
            (json.loads(line)["meta"]["lastUpdated"], line)
            for line in path.read_text("utf-8").splitlines()
        ]
        for path in sorted(folder.glob("*.ndjson"))
    }


def outcome(
    status: int, code: str, text: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return an error as an OperationOutcome."""
    issue = {"severity": "error", "code": code, "diagnostics": text}
    body = {"resourceType": "OperationOutcome", "issue": [issue]}
    return JSONResponse(body, status, headers=headers)


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}/fhir"


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
