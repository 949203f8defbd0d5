"""Calls to Business Central: single requests, and batches that happen as a whole or not at all.

What is called, and in which order, is in `business_central.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from billing.ledger.erp import ErpUnknown, Reason
from resources.erp.business_central_answers import Refusal, refusal_of
from resources.erp.odata import ODataClient

MOST_OPERATIONS = 100
SNAPSHOT = {"Isolation": "snapshot"}


class RefusedError(Exception):
    """Business Central refused a request, or a batch as a whole: nothing of it was done."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


@dataclass(frozen=True)
class Operation:
    """One request of a batch. `etag`: what it may only happen to."""

    method: str
    path: str
    content: Mapping[str, Any] | None = None
    etag: str = ""

    def rendered(self) -> dict[str, Any]:
        """Return the operation as it stands in a batch."""
        headers = {"Content-Type": "application/json"}
        if self.etag:
            headers["If-Match"] = self.etag
        body = {} if self.content is None else {"body": self.content}
        return {"method": self.method, "url": self.path, "headers": headers, **body}


class BusinessCentralClient:
    """Writing requests, with their refusals told apart from outcomes that nobody knows."""

    def __init__(self, odata: ODataClient) -> None:
        """`odata`: the service, rooted at `…/api/v2.0`."""
        self._odata = odata

    def write(self, operation: Operation) -> dict[str, Any]:
        """Send one request; return its body, {} for none.

        Raises RefusedError, ErpBusy, ErpUnknown or ErpRejected (ACCESS).
        """
        headers = {"If-Match": operation.etag} if operation.etag else {}
        answer = self._odata.call(
            operation.method, operation.path, content=operation.content, headers=headers
        )
        return self._accepted(answer.status, answer.json() if answer.body else {})

    def together(self, operations: Sequence[Operation]) -> list[dict[str, Any]]:
        """Send up to 100 requests as one transaction; return their bodies, in order.

        Raises as `write`; RefusedError carries the refusal of the operation that failed.
        """
        if len(operations) > MOST_OPERATIONS:
            raise ValueError("a batch has at most 100 operations")
        sent = {"requests": [one.rendered() for one in operations]}
        answer = self._odata.call("POST", "$batch", content=sent, headers=SNAPSHOT)
        responses = self._accepted(answer.status, answer.json()).get("responses")
        if not isinstance(responses, list):
            raise ErpUnknown(Reason.UNREADABLE_ANSWER)
        bodies = [self._inner(one) for one in responses]
        if len(bodies) != len(operations):
            raise ErpUnknown(Reason.UNREADABLE_ANSWER)
        return bodies

    def _inner(self, response: Any) -> dict[str, Any]:
        if not isinstance(response, dict) or not isinstance(response.get("status"), int):
            raise ErpUnknown(Reason.UNREADABLE_ANSWER)
        return self._accepted(response["status"], response.get("body") or {})

    @staticmethod
    def _accepted(status: int, body: Any) -> dict[str, Any]:
        if status in {200, 201, 204}:
            if not isinstance(body, dict):
                raise ErpUnknown(Reason.UNREADABLE_ANSWER)
            return body
        if status < 400:
            raise ErpUnknown(Reason.UNREADABLE_ANSWER)
        refusal = refusal_of(status, body)
        if refusal.is_unclear:
            raise ErpUnknown(Reason.SERVER_ERROR)
        raise RefusedError(refusal)
