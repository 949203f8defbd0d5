"""OData 4 as both Dynamics speak it: a bearer token on each call, and answers read page by page.

What the rows mean is told by each adapter; tokens are in `entra.py`.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from billing.exact import SUMMED, decimal_of
from billing.ledger.erp import ErpRejected, ErpUnknown, Reason
from resources.erp.answering import ErpAnswer, ErpCaller
from resources.erp.entra import EntraTokens
from resources.erp.exact_json import exact_json

NO_LOGIN = 401
FORBIDDEN = 403
NOT_FOUND = 404
TIMED_OUT = 408


class ODataClient:
    """One OData service, spoken to as one application."""

    def __init__(self, root: str, caller: ErpCaller, tokens: EntraTokens) -> None:
        """`root`: the address that all paths begin at, without a slash at its end."""
        self._root, self._caller, self._tokens = root, caller, tokens

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> ErpAnswer:
        """Send one request. Raises ErpBusy, ErpUnknown or ErpRejected (ACCESS).

        `content` goes as JSON; bytes go as they are, with the type that `headers` tell.

        A refused token is renewed once: a request that was not let in has done nothing.
        """
        sent = {"Accept": "application/json", **(headers or {})}
        body = content
        if content is not None and not isinstance(content, bytes):
            sent["Content-Type"], body = "application/json", exact_json(content)
        answer = self._once(method, path, params, body, sent)
        if answer.status == NO_LOGIN:
            self._tokens.forget()
            answer = self._once(method, path, params, body, sent)
        if answer.status in {NO_LOGIN, FORBIDDEN}:
            raise ErpRejected(Reason.ACCESS, "the ERP does not let this application in")
        if answer.status == TIMED_OUT:
            raise ErpUnknown(Reason.TIMEOUT)
        return answer

    def rows(self, path: str, params: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield all rows of a collection, over all of its pages. Raises as `call`."""
        answer = self.call("GET", path, params=params)
        while True:
            page = page_of(answer)
            yield from page["value"]
            link = page.get("@odata.nextLink")
            if not link:
                return
            if not str(link).startswith(f"{self._root}/"):  # the token goes nowhere else
                raise ErpUnknown(Reason.UNREADABLE_ANSWER)
            answer = self.call("GET", str(link).removeprefix(f"{self._root}/"))

    def _once(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> ErpAnswer:
        signed = {**headers, "Authorization": f"Bearer {self._tokens.token()}"}
        return self._caller.call(
            method, f"{self._root}/{path}", headers=signed, body=body, params=params
        )


def page_of(answer: ErpAnswer) -> dict[str, Any]:
    """Return a page of a collection. Raises ErpUnknown when it is anything else."""
    if answer.status != 200:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    page = answer.json()
    if not isinstance(page, dict) or not isinstance(page.get("value"), list):
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    return page


def literal(text: str) -> str:
    """Return a text as a literal of a filter."""
    return "'" + text.replace("'", "''") + "'"


def amount(value: Any) -> Decimal:
    """Return an amount of an answer to the cent. Raises ErpUnknown when it is not one."""
    found = SUMMED.exactly(decimal_of(str(value)))
    if found is None:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    return found


def day(value: Any) -> date:
    """Return the day of an answer's date or timestamp. Raises ErpUnknown when it is neither."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER) from None
