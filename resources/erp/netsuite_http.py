"""NetSuite's REST interface as a few verbs: rows of SuiteQL, writes to journals, asynchronous jobs.

Each answer is NetSuite's own word or an outcome of `answering.py`. What follows from it for an
entry is decided in `netsuite_journals.py` and `netsuite.py`.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from billing.ledger.erp import ErpBusy, ErpRejected, ErpUnknown, Reason
from resources.erp.answering import ErpAnswer, ErpCaller
from resources.erp.netsuite_answers import Row, refusal_of
from resources.erp.netsuite_settings import NetsuiteSettings
from resources.erp.netsuite_token import NetsuiteToken

SUITEQL = "/services/rest/query/v1/suiteql"
JOURNALS = "/services/rest/record/v1/journalEntry"
JOBS = "/services/rest/async/v1/job"
JSON = "application/json"
PAGE_ROWS = 1000  # the most that NetSuite gives
QUERY_ROWS = 100_000  # the most that one query gives over all its pages
# A misspelled property is dropped with a mere warning unless this is said.
STRICT = {
    "X-NetSuite-PropertyNameValidation": "Error",
    "X-NetSuite-PropertyValueValidation": "Error",
}
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.05, 2.0
_JOB = re.compile(r"/async/v1/job/([\w-]+)")
_JOURNAL = re.compile(r"/record/v1/journalEntry/(\d+)", re.IGNORECASE)
_TASK = re.compile(r"/async/v1/job/[\w-]+/task/([\w-]+)")


@contextmanager
def after_sending() -> Iterator[None]:
    """Turn every other outcome into unknown: of what was sent before, nobody can say it is not."""
    try:
        yield
    except (ErpBusy, ErpRejected) as outcome:
        raise ErpUnknown(outcome.reason_code) from None


class NetsuiteClient:
    """One integration's access to one NetSuite account. Not for use by several threads."""

    def __init__(
        self, settings: NetsuiteSettings, answer_seconds: float, now: Callable[[], float]
    ) -> None:
        """`answer_seconds`: for one answer, and for a job to end. Connects to nothing."""
        self._url = settings.url
        self._answer_seconds = answer_seconds
        self._caller = ErpCaller(answer_seconds)
        self._token = NetsuiteToken(settings, self._caller, now)

    def rows(self, query: str) -> list[Row]:
        """Return all rows of a statement, over as many pages as there are.

        Raises ErpUnknown, also where NetSuite would leave rows out (more than 100,000 of them or
        pages that do not add up), ErpBusy, or ErpRejected.
        """
        found: list[Row] = []
        while True:
            page = self._page(query, len(found))
            found += page["items"]
            total = int(page.get("totalResults", len(found)))
            if total > QUERY_ROWS:
                raise ErpUnknown(Reason.TOO_LARGE, "more rows than the ERP gives for one query")
            if page.get("hasMore") is False and len(found) == total:
                return found
            if page.get("hasMore") is not True or len(page["items"]) != PAGE_ROWS:
                raise ErpUnknown(Reason.UNREADABLE_ANSWER, "the pages of an answer do not add up")

    def create(self, body: Mapping[str, Any], idempotency_key: str = "") -> ErpAnswer:
        """Send a journal; with an idempotency key as a job, else to be answered at once."""
        more = {"Prefer": "respond-async", "X-NetSuite-Idempotency-Key": idempotency_key}
        headers = STRICT | (more if idempotency_key else {})
        return self._send("POST", JOURNALS, headers=headers, body=body)

    def change(self, reference: str, body: Mapping[str, Any]) -> ErpAnswer:
        """Change properties of a journal."""
        return self._send("PATCH", f"{JOURNALS}/{reference}", headers=STRICT, body=body)

    def delete(self, reference: str) -> ErpAnswer:
        """Delete a journal."""
        return self._send("DELETE", f"{JOURNALS}/{reference}")

    def exists(self, reference: str) -> bool:
        """Say whether there is a journal with an internal id. Raises ErpUnknown."""
        answer = self._send("GET", f"{JOURNALS}/{reference}")
        if answer.status not in {200, 404}:
            raise ErpUnknown(Reason.UNREADABLE_ANSWER)
        return answer.status == 200

    def finished(self, job: str) -> str:
        """Wait for a job to end and return its progress: succeeded or failed. Raises ErpUnknown."""
        deadline = time.monotonic() + self._answer_seconds
        wait = FIRST_WAIT_SECONDS
        while True:
            found = self._polled(job)
            if found.get("completed") is True:
                return str(found.get("progress", ""))
            if time.monotonic() + wait > deadline:
                raise ErpUnknown(Reason.TIMEOUT, "the ERP has not worked off its job yet")
            time.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)

    def result(self, job: str) -> ErpAnswer:
        """Return what the request of a finished job would have been answered. Raises ErpUnknown."""
        tasks = self._object(self._send("GET", f"{JOBS}/{job}/task"))
        links = json.dumps(tasks.get("items", []))
        named = _TASK.search(links)
        if named is None:
            raise ErpUnknown(Reason.UNREADABLE_ANSWER, "a job of the ERP names no task")
        return self._send("GET", f"{JOBS}/{job}/task/{named.group(1)}/result")

    def _polled(self, job: str) -> dict[str, Any]:
        try:
            return self._object(self._send("GET", f"{JOBS}/{job}"))
        except ErpBusy:  # asking changes nothing: it is asked again until the time is over
            return {}

    def _page(self, query: str, offset: int) -> dict[str, Any]:
        params = {"limit": str(PAGE_ROWS), "offset": str(offset)}
        answer = self._send(
            "POST", SUITEQL, headers={"Prefer": "transient"}, body={"q": query}, params=params
        )
        page = self._object(answer)
        if not isinstance(page.get("items"), list):
            raise ErpUnknown(Reason.UNREADABLE_ANSWER)
        return page

    def _object(self, answer: ErpAnswer) -> dict[str, Any]:
        if answer.status != 200:
            raise ErpRejected(refusal_of(answer).reason)
        found = answer.json()
        if not isinstance(found, dict):
            raise ErpUnknown(Reason.UNREADABLE_ANSWER)
        return found

    def _send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> ErpAnswer:
        """Send one request. A token that NetSuite does not take is renewed once: nobody was let in,
        so nothing was done.
        """
        content = None if body is None else encoded(body).encode()
        for is_last in (False, True):
            sent = {"Accept": JSON, "Authorization": self._token.header(), **(headers or {})}
            if content is not None:
                sent["Content-Type"] = JSON
            answer = self._caller.call(
                method, f"{self._url}{path}", headers=sent, body=content, params=params
            )
            if answer.status != 401 or is_last:
                break
            self._token.forget()
        return answer


def job_of(answer: ErpAnswer) -> str:
    """Return the job that an answer's Location names, relative or not. Raises ErpUnknown.

    Only its id is used: our token goes to NetSuite's host as the settings have it, nowhere else.
    """
    named = _JOB.search(answer.headers.get("Location", ""))
    if named is None:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER, "the ERP took a job and did not say which")
    return named.group(1)


def reference_of(answer: ErpAnswer) -> str:
    """Return the internal id of the journal that a result names. Raises ErpUnknown.

    Oracle does not say what the result of a create looks like: a Location, or links in the body.
    """
    places = answer.headers.get("Location", "") + answer.body.decode("utf-8", "replace")
    named = _JOURNAL.search(places)
    if named is None:
        raise ErpUnknown(Reason.NOT_FOUND_AFTER_POSTING, "a job of the ERP names no journal")
    return named.group(1)


def encoded(value: object) -> str:
    """Return JSON in which an amount is a number with exactly the digits it has."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(k)}:{encoded(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(encoded(one) for one in value) + "]"
    return json.dumps(value)
