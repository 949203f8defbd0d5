"""The card processor's API: lists in Stripe's shapes, newest first, with cursors and filters."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt
from pathlib import Path
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.render_cards import PAYOUT_KEY, Item

LISTS = ("charges", "refunds", "payouts", "balance_transactions")
LARGEST_PAGE, USUAL_PAGE = 100, 10
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {"gte": ge, "gt": gt, "lte": le, "lt": lt}
FILTERS = {
    "charges": (),
    "refunds": ("charge",),
    "payouts": ("status",),
    "balance_transactions": ("payout", "source", "type"),
}


class RefusedError(Exception):
    """A request that the processor refuses: HTTP status, error code, message and parameter."""

    def __init__(self, status: int, code: str | None, message: str, param: str | None = None):
        super().__init__(message)
        self.status, self.code, self.param = status, code, param

    def answer(self) -> JSONResponse:
        """Return the error in the processor's shape."""
        facts = {"type": "invalid_request_error", "message": str(self)}
        if self.code:
            facts["code"] = self.code
        if self.param:
            facts["param"] = self.param
        return JSONResponse({"error": facts}, self.status)


@dataclass(frozen=True)
class CardServer:
    """The lists by name, newest first, and the one secret key."""

    lists: Mapping[str, list[Item]]
    key: str

    def routes(self) -> list[Route]:
        """Return the routes below /v1."""
        return [
            Route("/v1/{name}", self.answer),
            Route("/v1/{name}/{identifier}", self.answer),
        ]

    async def answer(self, request: Request) -> Response:
        """Answer a list or a single object."""
        try:
            return JSONResponse(self._answer(request))
        except RefusedError as error:
            return error.answer()

    def _answer(self, request: Request) -> Item:
        if _key_of(request.headers.get("authorization", "")) != self.key:
            raise RefusedError(401, None, "Invalid API Key provided")
        name = request.path_params["name"]
        if name not in self.lists:
            raise RefusedError(404, None, "Unrecognized request URL")
        if "identifier" in request.path_params:
            found = self._find(name, request.path_params["identifier"], "id", 404)
            return _shown(self.lists[name][found])
        return self._list(name, request.query_params)

    def _list(self, name: str, params: QueryParams) -> Item:
        known = {"limit", "starting_after", "ending_before", "created", *FILTERS[name]}
        known |= {f"created[{comparison}]" for comparison in COMPARISONS}
        for param in params:
            if param not in known:
                message = f"Received unknown parameter: {param}"
                raise RefusedError(400, "parameter_unknown", message, param)
        chosen = [item for item in self._window(name, params) if _matches(item, name, params)]
        limit = _number(params, "limit", USUAL_PAGE)
        if not 1 <= limit <= LARGEST_PAGE:
            message = "Invalid integer: this must be from 1 to 100"
            raise RefusedError(400, "parameter_invalid_integer", message, "limit")
        page = chosen[-limit:] if "ending_before" in params else chosen[:limit]
        return {
            "object": "list",
            "url": f"/v1/{name}",
            "has_more": len(chosen) > limit,
            "data": [_shown(item) for item in page],
        }

    def _window(self, name: str, params: QueryParams) -> list[Item]:
        """Return what lies behind (older) or before (newer) the cursor."""
        items = self.lists[name]
        if "starting_after" in params and "ending_before" in params:
            message = "You can only use one of starting_after and ending_before"
            raise RefusedError(400, None, message, "ending_before")
        if "starting_after" in params:
            return items[self._find(name, params["starting_after"], "starting_after", 400) + 1 :]
        if "ending_before" in params:
            return items[: self._find(name, params["ending_before"], "ending_before", 400)]
        return items

    def _find(self, name: str, identifier: str, param: str, status: int) -> int:
        for place, item in enumerate(self.lists[name]):
            if item["id"] == identifier:
                return place
        message = f"No such object in {name}: '{identifier}'"
        raise RefusedError(status, "resource_missing", message, param)


def _key_of(header: str) -> str | None:
    """Return the secret key of a bearer or basic Authorization header."""
    kind, _, value = header.partition(" ")
    if kind.lower() == "bearer":
        return value
    if kind.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode("ascii").partition(":")[0]
    except ValueError:
        return None


def _matches(item: Item, name: str, params: QueryParams) -> bool:
    if "created" in params and item["created"] != _number(params, "created", 0):
        return False
    for comparison, holds in COMPARISONS.items():
        param = f"created[{comparison}]"
        if param in params and not holds(item["created"], _number(params, param, 0)):
            return False
    stored = {"payout": PAYOUT_KEY}
    return all(
        item.get(stored.get(param, param)) == params[param]
        for param in FILTERS[name]
        if param in params
    )


def _number(params: QueryParams, param: str, usual: int) -> int:
    try:
        return int(params.get(param, usual))
    except ValueError:
        message = f"Invalid integer: {param}"
        raise RefusedError(400, "parameter_invalid_integer", message, param) from None


def _shown(item: Item) -> Item:
    return {name: value for name, value in item.items() if name != PAYOUT_KEY}


class FollowedLists(Mapping[str, list[Item]]):
    """The lists of a folder, read again when their file changes: days go on while it is served."""

    def __init__(self, folder: Path) -> None:
        """Reads nothing yet."""
        self._folder = folder
        self._kept: dict[str, tuple[int, list[Item]]] = {}

    def __getitem__(self, name: str) -> list[Item]:
        """Return a list as its file has it now."""
        if name not in LISTS:
            raise KeyError(name)
        path = self._folder / f"{name}.json"
        changed = path.stat().st_mtime_ns
        if name not in self._kept or self._kept[name][0] != changed:
            self._kept[name] = (changed, json.loads(path.read_text("utf-8")))
        return self._kept[name][1]

    def __iter__(self) -> Iterator[str]:
        return iter(LISTS)

    def __len__(self) -> int:
        return len(LISTS)
