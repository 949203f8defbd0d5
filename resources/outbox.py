"""Sends what the ledger lets go and reads back what was sent: exactly once, one entity at a time.

The order is the promise: `sending` is committed before the first byte goes out. An outcome that
nobody knows is read back; what is not there is sent again only after the quiet time of its last
attempt, behind a new fence.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg

from billing.ledger.deadline import check_deadline, sending_until
from billing.ledger.erp import (
    CREATED,
    POSTED,
    ErpBusy,
    ErpDocument,
    ErpLedger,
    ErpRejected,
    ErpUnknown,
    Reason,
)
from resources.warehouse import ledger, sending
from resources.warehouse.ledger import Entry, LedgerRefusedError
from resources.warehouse.sending import LEASE, Lease

INTERRUPTED = "INTERRUPTED"
MISSING = "missing"
REREAD_AFTER = timedelta(days=1)
REREAD_LIMIT = 200

Connection = psycopg.Connection[Any]


@dataclass
class Sent:
    """What a run did for one entity: counts of entries."""

    posted: int = 0
    rejected: int = 0
    busy: int = 0
    unknown: int = 0
    held_at_the_gate: int = 0
    overtaken: int = 0
    differing: int = 0
    has_stopped: bool = False


class Outbox:
    """The sender of one legal entity, with its own connection (role poster) and ERP client.

    It stops at the first outcome that is unknown or busy: when the ERP is down, one entry is in
    doubt and not all of them.
    """

    def __init__(
        self,
        connection: Connection,
        erp: ErpLedger,
        entity: str,
        lease: timedelta = LEASE,
        at_step: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Nothing is sent yet. `connection` must not be in autocommit: steps are committed here.

        `at_step` is told the name of each step as it is reached: BEGUN, ANSWERED and so on.
        """
        self._connection = connection
        self._erp = erp
        self._entity = entity
        self._lease = lease
        self._at = at_step
        self.sent = Sent()

    def run(self) -> Sent:
        """Settle what is in doubt, then send what may go."""
        try:
            for entry in self._own("unknown", "sending"):
                self._settle(entry)
            for entry_id in self._sendable():
                self._send(entry_id)
        except (ErpUnknown, ErpBusy):
            self.sent.has_stopped = True
        return self.sent

    def _own(self, *states: str) -> list[Entry]:
        found = ledger.entries(self._connection, *states)
        self._connection.commit()
        return [entry for entry in found if entry.entity_code == self._entity]

    def _sendable(self) -> list[int]:
        may_go = ledger.sendable(self._connection)
        own = {entry.entry_id for entry in self._own("approved")}
        return [entry_id for entry_id in may_go if entry_id in own]

    def _settle(self, entry: Entry) -> None:
        """Read an entry back. What is not there is sent again only once nothing is under way.

        Whether it is quiet is asked first: what takes effect afterwards would not be seen.
        """
        is_quiet = sending.is_quiet(self._connection, entry.entry_id)
        self._connection.commit()
        document = self._erp.find(self._entity, entry.erp_key)
        self._at("READ_BACK")
        if document is not None and document.state == POSTED:
            self._record(entry.entry_id, document)
        elif document is not None and document.state == CREATED:
            self._doubt(entry, Reason.AWAITING_POST)
        elif is_quiet or self._erp.capabilities.has_unique_reference:
            self._resume(entry)
        else:
            self._doubt(entry, INTERRUPTED)

    def _doubt(self, entry: Entry, reason: str) -> None:
        """Leave an entry in doubt. One whose sender may still live stays with him."""
        sending.doubt(self._connection, entry.entry_id, reason)
        self._connection.commit()
        self.sent.unknown += 1

    def _resume(self, entry: Entry) -> None:
        began = time.monotonic()
        try:
            lease = sending.resume(
                self._connection, entry.entry_id, self._lease, self._quiet,
                is_unique=self._erp.capabilities.has_unique_reference,
            )  # fmt: skip
        except LedgerRefusedError as refusal:
            self._connection.rollback()
            self._not_resumed(entry, refusal.code)
            return
        self._connection.commit()
        self._at("RESUMED")
        self._deliver(lease, began)

    def _not_resumed(self, entry: Entry, code: str) -> None:
        """Still under way, or settled by somebody else; or it must not go any more."""
        if code not in {"HELD", "POISON"}:
            self.sent.unknown += 1
            return
        try:
            sending.give_up(self._connection, entry.entry_id, code)
        except LedgerRefusedError:
            self._connection.rollback()
            self.sent.unknown += 1
        else:
            self._connection.commit()
            self.sent.rejected += 1

    def _send(self, entry_id: int) -> None:
        began = time.monotonic()
        try:
            lease = sending.begin(self._connection, entry_id, self._lease, self._quiet)
        except LedgerRefusedError:  # something came to hold it since it was listed
            self._connection.rollback()
            self.sent.held_at_the_gate += 1
            return
        self._at("NUMBERED")
        self._connection.commit()
        self._at("BEGUN")
        self._deliver(lease, began)

    def _deliver(self, lease: Lease, began: float) -> None:
        """Post, and record what came of it. Raises ErpUnknown or ErpBusy after recording it."""
        try:
            with sending_until(began + self._lease.total_seconds()):
                check_deadline()
                document = self._erp.post(lease.journal)
        except ErpRejected as refusal:
            self._at("REFUSED")
            self._say(sending.record_rejected, lease, refusal.reason_code)
            self.sent.rejected += 1
        except ErpBusy as busy:
            self._at("TURNED_AWAY")
            self._say(sending.record_busy, lease, busy.reason_code, busy.wait_seconds)
            self.sent.busy += 1
            raise
        except ErpUnknown as doubt:
            self._at("LOST")
            self._say(sending.record_unknown, lease, doubt.reason_code)
            self.sent.unknown += 1
            raise
        else:
            self._at("ANSWERED")
            self._record(lease.entry_id, document)

    def _say(self, record: Callable[..., None], lease: Lease, *what: object) -> None:
        """Record an outcome, unless somebody took the entry up behind a newer fence."""
        try:
            record(self._connection, lease, *what)
        except LedgerRefusedError:
            self._connection.rollback()
            self.sent.overtaken += 1
        else:
            self._at("SAID")
            self._connection.commit()

    def _record(self, entry_id: int, document: ErpDocument) -> None:
        is_equal = sending.record_posted(self._connection, entry_id, document, self._erp.name)
        self._at("RECORDED")
        self._connection.commit()
        self._at("COMMITTED")
        self.sent.posted += 1
        self.sent.differing += not is_equal

    @property
    def _quiet(self) -> timedelta:
        return self._erp.capabilities.quiescence


def reread(connection: Connection, erp: ErpLedger, entity: str) -> Iterator[bool]:
    """Read documents again that were last read a day ago or more; yield whether each is equal.

    Oldest first, and a bounded number, so that every document comes round. One that the ERP no
    longer has is recorded as missing. Raises ErpUnknown.
    """
    for entry_id, key, reference, number, on in _oldest(connection, entity):
        found = erp.find(entity, key) or _missing(key, reference, number, on)
        yield sending.record_read_back(connection, entry_id, found)
        connection.commit()


def document_counts(connection: Connection) -> tuple[int, int]:
    """Return how many documents there are, and how many do not equal their entry."""
    found = connection.execute(
        "select count(*), count(*) filter (where not matches) from ledger.erp_document"
    ).fetchone()
    return (0, 0) if found is None else (found[0], found[1])


def _missing(key: str, reference: str, number: str, on: date) -> ErpDocument:
    return ErpDocument(
        reference=reference, number=number, key=key, state=MISSING, accounting_date=on, lines=()
    )


def _oldest(connection: Connection, entity: str) -> list[tuple[int, str, str, str, date]]:
    rows = connection.execute(
        "select entry_id, erp_key, document_ref, document_number, accounting_date"
        " from ledger.erp_document join ledger.entry using (entry_id)"
        " where entity_code = %s and read_at < clock_timestamp() - %s"
        " order by read_at, entry_id limit %s",
        (entity, REREAD_AFTER, REREAD_LIMIT),
    ).fetchall()
    connection.commit()
    return rows
