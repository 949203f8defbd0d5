"""The card processor's API: lists in Stripe's shapes, newest first, with cursors and filters."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.card_lists import FILTERS, CardList
from sandbox.render_cards import PAYOUT_KEY, Item

LARGEST_PAGE, USUAL_PAGE = 100, 10
COMPARISONS = {"created": "is", **{f"created[{one}]": one for one in ("gte", "gt", "lte", "lt")}}


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

    lists: Mapping[str, CardList]
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
            return _shown(self.lists[name].items[found])
        return self._list(name, request.query_params)

    def _list(self, name: str, params: QueryParams) -> Item:
        known = {"limit", "starting_after", "ending_before", *COMPARISONS, *FILTERS[name]}
        for param in params:
            if param not in known:
                message = f"Received unknown parameter: {param}"
                raise RefusedError(400, "parameter_unknown", message, param)
        kept = self.lists[name]
        chosen = kept.places(self._window(kept, name, params), _wanted(name, params))
        limit = _number(params, "limit", USUAL_PAGE)
        if not 1 <= limit <= LARGEST_PAGE:
            message = "Invalid integer: this must be from 1 to 100"
            raise RefusedError(400, "parameter_invalid_integer", message, "limit")
        page = chosen[-limit:] if "ending_before" in params else chosen[:limit]
        return {
            "object": "list",
            "url": f"/v1/{name}",
            "has_more": len(chosen) > limit,
            "data": [_shown(kept.items[place]) for place in page],
        }

    def _window(self, kept: CardList, name: str, params: QueryParams) -> tuple[int, int]:
        """Return the places behind (older) or before (newer) the cursor, made when it is asked."""
        if "starting_after" in params and "ending_before" in params:
            message = "You can only use one of starting_after and ending_before"
            raise RefusedError(400, None, message, "ending_before")
        first, last = 0, len(kept.items)
        if "starting_after" in params:
            first = self._find(name, params["starting_after"], "starting_after", 400) + 1
        if "ending_before" in params:
            last = self._find(name, params["ending_before"], "ending_before", 400)
        for param, comparison in COMPARISONS.items():
            if param in params:
                begin, end = kept.within(comparison, _number(params, param, 0))
                first, last = max(first, begin), min(last, end)
        return first, last

    def _find(self, name: str, identifier: str, param: str, status: int) -> int:
        place = self.lists[name].place(identifier)
        if place is not None:
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


def _wanted(name: str, params: QueryParams) -> dict[str, str]:
    return {param: params[param] for param in FILTERS[name] if param in params}


def _number(params: QueryParams, param: str, usual: int) -> int:
    try:
        return int(params.get(param, usual))
    except ValueError:
        message = f"Invalid integer: {param}"
        raise RefusedError(400, "parameter_invalid_integer", message, param) from None


def _shown(item: Item) -> Item:
    return {name: value for name, value in item.items() if name != PAYOUT_KEY}
