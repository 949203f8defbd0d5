"""Writes journals so that one key makes one journal: idempotency keys, jobs and what came of them.

What a journal contains is in `netsuite_body.py`, when one is written in `netsuite.py`.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from billing.ledger.erp import ErpRejected, ErpUnknown, Reason
from resources.erp.answering import ErpAnswer
from resources.erp.netsuite_answers import IDEMPOTENCY_ERROR, refusal_of
from resources.erp.netsuite_http import NetsuiteClient, after_sending, job_of, reference_of

ATTEMPTS = 20
SUCCEEDED = "succeeded"
_KEYS = uuid.UUID("7c7c4f9a-6a55-5f43-9d0e-0d6f5b0a4a11")  # ours, chosen once: never changed


def idempotency_key(key: str, attempt: int) -> str:
    """Return the idempotency key of an attempt: NetSuite wants a UUID.

    It is computed from the entry's key and nothing else, so that every process that ever sends
    this attempt sends the same. Whether a journal is ours is told by its external id, which is
    the entry's key in full: two keys that met in one UUID would be refused, not mistaken.
    """
    return str(uuid.uuid5(_KEYS, f"{key}/{attempt}"))


class JournalWriter:
    """Creates, approves and deletes journals in one NetSuite account."""

    def __init__(self, client: NetsuiteClient, *, is_async: bool) -> None:
        """`is_async`: send jobs with an idempotency key."""
        self._client = client
        self._is_async = is_async

    def create(self, key: str, body: Mapping[str, Any], is_there: Callable[[], bool]) -> None:
        """Have a journal created, once; `is_there` looks it up by its key.

        Raises ErpRejected (NetSuite said no and keeps nothing), ErpBusy (nothing was taken) or
        ErpUnknown. A key that NetSuite knows from an earlier attempt is followed to that attempt's
        job. Only where that job has ended and left no journal does the next attempt begin, under a
        key of its own: a rejected entry could never be sent again otherwise.
        """
        if not self._is_async:
            _settle(self._client.create(body))
            return
        for attempt in range(ATTEMPTS):
            answer = self._client.create(body, idempotency_key(key, attempt))
            if not _is_known(answer):
                self._conclude(answer)
                return
            if self._was_done(job_of(answer), is_there):
                return
        raise ErpRejected(Reason.OTHER, f"{ATTEMPTS} earlier attempts failed; see the ERP's jobs")

    def approve(self, reference: str) -> None:
        """Approve a draft, which posts it. Raises ErpRejected, ErpBusy or ErpUnknown."""
        _settle(self._client.change(reference, {"approved": True}))

    def delete(self, reference: str) -> bool:
        """Delete a draft; False when NetSuite does not let us. Raises ErpBusy or ErpUnknown."""
        answer = self._client.delete(reference)
        if answer.status in {204, 404}:
            return True
        refusal_of(answer)
        return False

    def _conclude(self, answer: ErpAnswer) -> None:
        """Wait for the job that was taken; NetSuite may also have answered at once."""
        if answer.status != 202:
            _settle(answer)
            return
        with after_sending():
            job = job_of(answer)
            if self._client.finished(job) == SUCCEEDED:
                return
            refusal = refusal_of(self._client.result(job))
        raise ErpRejected(refusal.reason)

    def _was_done(self, job: str, is_there: Callable[[], bool]) -> bool:
        """Say whether an earlier job made the journal; wait for it if it is still at work."""
        with after_sending():
            progress = self._client.finished(job)
            if is_there():
                return True
            if progress != SUCCEEDED:
                return False
            # It made one that is not found by its key: deleted since, or hidden from our role.
            if self._client.exists(reference_of(self._client.result(job))):
                raise ErpUnknown(Reason.NOT_FOUND_AFTER_POSTING)
        return False


def _is_known(answer: ErpAnswer) -> bool:
    return answer.status == 400 and refusal_of(answer).code == IDEMPOTENCY_ERROR


def _settle(answer: ErpAnswer) -> None:
    """Return where a write was done (204); raise what it means where it was not."""
    if answer.status == 204:
        return
    if 200 <= answer.status < 400:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    raise ErpRejected(refusal_of(answer).reason)
