"""Sends what the ledger lets go and reads back what was sent: exactly once, one entity at a time.

The order is the promise: `sending` is committed before the first byte goes out, and an outcome
that nobody knows is read back, never sent again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg

from billing.ledger.erp import ErpDocument, ErpLedger, ErpRejected, ErpUnknown, JournalEntry
from resources.warehouse import ledger
from resources.warehouse.ledger import Entry, LedgerRefusedError

POSTED = "posted"
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
    unknown: int = 0
    held_at_the_gate: int = 0
    differing: int = 0
    has_stopped: bool = False


class Outbox:
    """The sender of one legal entity, with its own connection (role poster) and ERP client.

    It stops at the first outcome that is unknown: when the ERP is down, one entry is in doubt and
    not all of them.
    """

    def __init__(self, connection: Connection, erp: ErpLedger, entity: str) -> None:
        """Nothing is sent yet. `connection` must not be in autocommit: steps are committed here."""
        self._connection = connection
        self._erp = erp
        self._entity = entity
        self.sent = Sent()

    def run(self) -> Sent:
        """Read back what is in doubt, finish what was interrupted, then send what may go."""
        try:
            for entry in self._own("unknown"):
                self._read_back(entry)
            for entry in self._own("sending"):
                self._finish(entry)
            for entry_id in self._sendable():
                self._send(entry_id)
        except ErpUnknown:
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

    def _read_back(self, entry: Entry) -> bool:
        """Ask the ERP for the entry's key; without an answer of `posted` it stays as it is."""
        document = self._erp.find(self._entity, entry.erp_key)
        if document is None or document.state != POSTED:
            self.sent.unknown += 1
            return False
        self._record(entry.entry_id, document)
        return True

    def _finish(self, entry: Entry) -> None:
        """Take up an entry whose sender died between its first byte and its outcome."""
        document = self._erp.find(self._entity, entry.erp_key)
        if document is not None and document.state == POSTED:
            self._record(entry.entry_id, document)
        elif self._erp.capabilities.has_unique_reference:
            journal = ledger.resume_sending(self._connection, entry.entry_id)
            self._connection.commit()
            self._deliver(entry.entry_id, journal)
        else:
            ledger.record_unknown(self._connection, entry.entry_id, INTERRUPTED)
            self._connection.commit()
            self.sent.unknown += 1

    def _send(self, entry_id: int) -> None:
        try:
            journal = ledger.begin_sending(self._connection, entry_id)
        except LedgerRefusedError:  # something came to hold it since it was listed
            self._connection.rollback()
            self.sent.held_at_the_gate += 1
            return
        self._connection.commit()
        self._deliver(entry_id, journal)

    def _deliver(self, entry_id: int, journal: JournalEntry) -> None:
        """Post, and record what came of it. Raises ErpUnknown after having recorded it."""
        try:
            document = self._erp.post(journal)
        except ErpRejected as refusal:
            ledger.record_rejected(self._connection, entry_id, refusal.reason_code)
            self._connection.commit()
            self.sent.rejected += 1
        except ErpUnknown as doubt:
            ledger.record_unknown(self._connection, entry_id, doubt.reason_code)
            self._connection.commit()
            self.sent.unknown += 1
            raise
        else:
            self._record(entry_id, document)

    def _record(self, entry_id: int, document: ErpDocument) -> None:
        is_equal = ledger.record_posted(self._connection, entry_id, document, self._erp.name)
        self._connection.commit()
        self.sent.posted += 1
        self.sent.differing += not is_equal


def reread(connection: Connection, erp: ErpLedger, entity: str) -> Iterator[bool]:
    """Read documents again that were last read a day ago or more; yield whether each is equal.

    Oldest first, and a bounded number, so that every document comes round. One that the ERP no
    longer has is recorded as missing. Raises ErpUnknown.
    """
    for entry_id, key, reference, number, on in _oldest(connection, entity):
        found = erp.find(entity, key) or _missing(key, reference, number, on)
        yield ledger.record_read_back(connection, entry_id, found)
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
