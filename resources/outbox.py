"""Sends what the ledger lets go and reads back what was sent: exactly once, one entity at a time.

The order of steps is the promise: `sending` is committed before the first byte goes out. An unknown
outcome is read back at once; what is not there is sent again only after the quiet time of its last
attempt, behind a new fence. The order of entries is no promise: each balances by itself under a key
of its own, so the other entries of the entity go on while one is in doubt.
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
from resources.unanswered import Unanswered
from resources.warehouse import ledger, sending
from resources.warehouse.ledger import Entry, LedgerRefusedError
from resources.warehouse.sending import LEASE, Lease

INTERRUPTED = "INTERRUPTED"
MISSING = "missing"
REREAD_AFTER = timedelta(days=1)
REREAD_LIMIT = 200
PATIENCE = timedelta(seconds=30)

Connection = psycopg.Connection[Any]


@dataclass
class Sent:
    """What a run did for one entity: counts of entries. `unknown` are in doubt at its end."""

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

    An unanswered document is read back at once. The run stops when the ERP does not answer that
    either, takes nothing, or lost a second document: when it is ill, few entries are in doubt.
    """

    patience = PATIENCE  # how long a run waits at its end for what the ERP has not answered

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
        self._unanswered = Unanswered()
        self.sent = Sent()

    def run(self) -> Sent:
        """Settle what is in doubt, send what may go, and settle what was left in doubt by that."""
        try:
            for entry in self._own("unknown", "sending"):
                self._settle(entry.entry_id, entry.erp_key)
            for entry_id in self._sendable():
                self._send(entry_id)
            self._settle_lost()
        except (ErpUnknown, ErpBusy):
            self.sent.has_stopped = True
        self.sent.unknown = len(self._unanswered.unknown)
        return self.sent

    def _own(self, *states: str) -> list[Entry]:
        found = ledger.entries(self._connection, *states)
        self._connection.commit()
        return [entry for entry in found if entry.entity_code == self._entity]

    def _sendable(self) -> list[int]:
        may_go = ledger.sendable(self._connection)
        own = {entry.entry_id for entry in self._own("approved")}
        return [entry_id for entry_id in may_go if entry_id in own]

    def _settle(self, entry_id: int, key: str) -> None:
        """Read an entry back. What is not there is sent again only once nothing is under way.

        Whether it is quiet is asked first: what takes effect afterwards would not be seen. A run
        sends an entry again at most once; after that it only reads it back.
        """
        is_quiet = sending.quiet_time_is_over(self._connection, entry_id)
        self._connection.commit()
        document = self._erp.find(self._entity, key)
        self._at("READ_BACK")
        if document is not None and document.state == POSTED:
            self._record(entry_id, document)
        elif document is not None and document.state == CREATED:
            self._mark_unknown(entry_id, Reason.AWAITING_POST)
        elif entry_id not in self._unanswered.resent and self._may_resend(is_quiet=is_quiet):
            self._resume(entry_id)
        else:
            self._mark_unknown(entry_id, INTERRUPTED)

    def _settle_lost(self) -> None:
        """Settle what this run lost: at once, and then with pauses while patience lasts."""
        patience = min(self.patience, self._quiet).total_seconds()
        for pause, lost in self._unanswered.rounds(patience):
            time.sleep(pause)
            for entry_id, key in lost.items():
                self._settle(entry_id, key)

    def _mark_unknown(self, entry_id: int, reason: str) -> None:
        """Leave an entry in doubt. One whose sender may still live stays with that sender."""
        sending.mark_unknown(self._connection, entry_id, reason)
        self._connection.commit()
        self._unanswered.unknown.add(entry_id)
        if reason == Reason.AWAITING_POST:  # it is there, and only the ERP can go on with it
            self._unanswered.lost.pop(entry_id, None)

    def _may_resend(self, *, is_quiet: bool) -> bool:
        return is_quiet or self._erp.capabilities.has_unique_reference

    def _resume(self, entry_id: int) -> None:
        began = time.monotonic()
        try:
            lease = sending.resume(
                self._connection, entry_id, self._lease, self._quiet,
                is_unique=self._erp.capabilities.has_unique_reference,
            )  # fmt: skip
        except LedgerRefusedError as refusal:
            self._connection.rollback()
            self._not_resumed(entry_id, refusal.code)
            return
        self._connection.commit()
        self._unanswered.resent.add(entry_id)
        self._at("RESUMED")
        self._deliver(lease, began)

    def _not_resumed(self, entry_id: int, code: str) -> None:
        """Still under way, or settled by another sender; or it must not go any more."""
        self._unanswered.unknown.add(entry_id)
        if code not in {"HELD", "POISON"}:
            return
        try:
            sending.reject_unsent(self._connection, entry_id, code)
        except LedgerRefusedError:
            self._connection.rollback()
        else:
            self._connection.commit()
            self._unanswered.end(entry_id)
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
        """Post, and record what came of it. Raises ErpBusy, or ErpUnknown where the ERP is ill."""
        try:
            with sending_until(began + self._lease.total_seconds()):
                check_deadline()
                document = self._erp.post(lease.journal)
        except ErpRejected as refusal:
            self._at("REFUSED")
            self._say(sending.record_rejected, lease, refusal.reason_code)
            self._unanswered.end(lease.entry_id)
            self.sent.rejected += 1
        except ErpBusy as busy:
            self._at("TURNED_AWAY")
            self._say(sending.record_busy, lease, busy.reason_code, busy.wait_seconds)
            self._unanswered.end(lease.entry_id)
            self.sent.busy += 1
            raise
        except ErpUnknown as doubt:
            self._at("LOST")
            self._say(sending.record_unknown, lease, doubt.reason_code)
            self._read_at_once(lease, doubt)
        else:
            self._at("ANSWERED")
            self._record(lease.entry_id, document)

    def _read_at_once(self, lease: Lease, doubt: ErpUnknown) -> None:
        """Read an unanswered document back, which also shows whether the ERP answers at all.

        Raises ErpUnknown: it does not, or it lost too many documents of this run.
        """
        entry_id, key = lease.entry_id, lease.journal.key
        self._unanswered.unknown.add(entry_id)
        document = self._erp.find(self._entity, key)
        self._at("READ_BACK")
        if document is not None and document.state == POSTED:
            self._record(entry_id, document)
        elif (document is None or document.state != CREATED) and self._unanswered.lose(
            entry_id, key
        ):
            raise doubt

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
        self._unanswered.end(entry_id)
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
