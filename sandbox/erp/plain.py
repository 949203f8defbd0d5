"""An ERP that can do little: no unique reference, no idempotency key, found by search alone.

The hardest case for posting exactly once. Two acts, as with most ERPs: a draft, then posted.
`python -m sandbox.erp.plain --address-file FILE` serves it, with faults by chance from a seed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import MutableMapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.erp.books import BookLine, Company, Document, RefusedError
from sandbox.erp.faults import Fault, Faults, FaultyServer


class PlainErp:
    """The books of all companies over HTTP: one request makes a posted document."""

    def __init__(self, companies: dict[str, Company], faults: Faults) -> None:
        self._companies, self._faults = companies, faults

    def routes(self) -> list[Route]:
        """Return the routes below /companies."""
        one = "/companies/{company}"
        return [
            Route(f"{one}/documents", self.create, methods=["POST"]),
            Route(f"{one}/documents", self.find, methods=["GET"]),
            Route(f"{one}/documents/{{number}}", self.discard, methods=["DELETE"]),
            Route(f"{one}/periods", self.periods, methods=["GET"]),
            Route(f"{one}/accounts", self.accounts, methods=["GET"]),
            Route(f"{one}/lines", self.lines, methods=["GET"]),
            Route("/documents", self.everything, methods=["GET"]),
            Route("/faults", self.faults, methods=["GET"]),
        ]

    async def create(self, request: Request) -> Response:
        """Make and post a document; a document of the same key does not stand in the way."""
        company, asked = self._company(request), json.loads(await request.body())
        lines = [_line(row) for row in asked["lines"]]
        day = date.fromisoformat(asked["date"])
        if request.scope.get("fault") is Fault.PARTIAL:
            half = lines[: max(1, len(lines) // 2)]
            company.add(asked["key"], day, asked["text"], half, is_posted=False)
            return Response(status_code=500)
        try:
            made = company.add(asked["key"], day, asked["text"], lines, is_posted=True)
        except RefusedError as refusal:
            return JSONResponse({"refused": refusal.rule}, 422)
        return JSONResponse(_shown(made), 201)

    async def find(self, request: Request) -> Response:
        """List the documents with a key."""
        found = self._company(request).with_key(request.query_params["key"])
        return JSONResponse([_shown(document) for document in found])

    async def discard(self, request: Request) -> Response:
        """Delete a draft; what is posted stays."""
        company, number = self._company(request), int(request.path_params["number"])
        found = [one for one in company.documents if one.number == number]
        if not found or found[0].is_posted:
            return Response(status_code=409)
        company.documents.remove(found[0])
        return Response(status_code=204)

    async def periods(self, request: Request) -> Response:
        """List the months."""
        months = self._company(request).months()
        rows = [{"start": str(a), "end": str(b), "is_open": c} for a, b, c in months]
        return JSONResponse(rows)

    async def accounts(self, request: Request) -> Response:
        """List the accounts."""
        return JSONResponse(self._company(request).accounts)

    async def lines(self, request: Request) -> Response:
        """List all posted lines."""
        rows = self._company(request).posted_lines()
        return JSONResponse([{**_shown(d), "lines": [_row(line)]} for d, line in rows])

    async def everything(self, request: Request) -> Response:
        """List all documents of all companies, for those who count."""
        del request
        every = {code: [_shown(d) for d in c.documents] for code, c in self._companies.items()}
        return JSONResponse(every)

    async def faults(self, request: Request) -> Response:
        """Say how many requests were spoiled."""
        del request
        return JSONResponse({"count": self._faults.count})

    def _company(self, request: Request) -> Company:
        return self._companies[request.path_params["company"]]


def application(companies: dict[str, Company], faults: Faults) -> FaultyServer:
    """Return the ERP, spoiled where the faults say so."""
    app = Starlette(routes=PlainErp(companies, faults).routes())
    return FaultyServer(app, faults, is_write, lambda: (429, b"later", "text/plain"))


def is_write(scope: MutableMapping[str, Any]) -> bool:
    """Say whether a request makes a document."""
    return bool(scope["method"] == "POST")


def _line(row: dict[str, str]) -> BookLine:
    return BookLine(row["account"], Decimal(row["debit"]), Decimal(row["credit"]), row["text"])


def _row(line: BookLine) -> dict[str, str]:
    return {
        "account": line.account, "debit": str(line.debit), "credit": str(line.credit),
        "text": line.text,
    }  # fmt: skip


def _shown(document: Document) -> dict[str, Any]:
    return {
        "number": document.number, "key": document.key, "date": str(document.day),
        "text": document.text, "is_posted": document.is_posted,
        "lines": [_row(line) for line in document.lines],
    }  # fmt: skip


async def serve(app: FaultyServer, address_file: Path) -> None:
    """Serve on a free port until interrupted; the address file says which."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    (port,) = {sock.getsockname()[1] for one in server.servers for sock in one.sockets}
    partial = address_file.with_suffix(".partial")
    partial.write_text(f"http://127.0.0.1:{port}")
    partial.replace(address_file)
    await task


def main() -> None:
    """Serve the companies of a plan: {"companies": {code: [accounts]}, "first", "last"}."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address-file", type=Path, required=True)
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--late-seconds", type=float, default=1.0)
    asked = parser.parse_args()
    plan = json.loads(asked.plan.read_text())
    companies = {
        code: Company(code, dict.fromkeys(accounts, True), first=date.fromisoformat(plan["first"]))
        for code, accounts in plan["companies"].items()
    }
    faults = Faults(asked.rate, asked.seed, tuple(Fault), late_seconds=asked.late_seconds)
    asyncio.run(serve(application(companies, faults), asked.address_file))


if __name__ == "__main__":
    main()
