"""Typed calls of the ledger's functions for sending. Every decision is made in the database.

Callers own the transaction: `begin` and `resume` must be committed before the first byte goes out.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from billing.evidence.anchors import in_words
from billing.ledger.capabilities import Capabilities
from billing.ledger.erp import ErpDocument, JournalEntry, JournalLine
from resources.warehouse.ledger import Connection, call

LEASE = timedelta(minutes=10)  # longer than all calls of one entry may take together
QUIET = timedelta(minutes=10)


@dataclass(frozen=True)
class Lease:
    """The right to send one entry: `fence` is void once somebody else takes the entry up."""

    entry_id: int
    fence: int
    journal: JournalEntry


def keep_rules(owner: Connection, capabilities: Capabilities) -> None:
    """Keep the least lease and quiet time of a sender for the ERP, as the owner."""
    call(
        owner,
        "select ledger.keep_sending_rules(%s::numeric, %s::numeric, %s)",
        LEASE.total_seconds(),
        capabilities.quiescence.total_seconds(),
        capabilities.has_unique_reference,
    )


def begin(
    connection: Connection, entry_id: int, lease: timedelta = LEASE, quiet: timedelta = QUIET
) -> Lease:
    """Number an entry and lease it for sending. Raises LedgerRefusedError (HELD, STATE).

    `quiet`: how long after its end a request may still take effect in the ERP. The database takes
    no less than the installation's lease and quiet time.
    """
    (fence,) = call(
        connection,
        "select fence from ledger.begin_sending(%s, %s::numeric, %s::numeric)",
        *(entry_id, lease.total_seconds(), quiet.total_seconds()),
    )
    return Lease(entry_id, fence, journal_entry(connection, entry_id))


def resume(
    connection: Connection,
    entry_id: int,
    lease: timedelta = LEASE,
    quiet: timedelta = QUIET,
    *,
    is_unique: bool = False,
) -> Lease:
    """Lease an entry once more, under its number and key, after it was read back and not found.

    Raises LedgerRefusedError: LEASED (an earlier attempt may still take effect), HELD (its period
    or certificate is gone since), POISON (tried often enough), STATE.
    """
    (fence,) = call(
        connection,
        "select fence from ledger.resume_sending(%s, %s::numeric, %s::numeric, %s)",
        *(entry_id, lease.total_seconds(), quiet.total_seconds(), is_unique),
    )
    return Lease(entry_id, fence, journal_entry(connection, entry_id))


def quiet_time_is_over(connection: Connection, entry_id: int) -> bool:
    """Say whether nothing that was sent can take effect any more: ask this before reading back."""
    return bool(call(connection, "select ledger.quiet_time_is_over(%s)", entry_id)[0])


def journal_entry(connection: Connection, entry_id: int) -> JournalEntry:
    """Return a numbered entry as the ERP gets it: no patient, claim or account number in it."""
    head = call(
        connection,
        "select entry.entity_code, erp_key, entry_no, accounting_date, approval_class, generation,"
        " part, anchor.seq, anchor.hash from ledger.entry as entry"
        " left join ledger.document_anchor as anchor using (entry_id) where entry_id = %s",
        entry_id,
    )
    entity, key, entry_no, accounting_date, approval_class, generation, part, *anchor = head
    text = f"Tieout {entity} {entry_no}: {approval_class}, {generation}.{part}"
    rows = connection.execute(
        "select line_no, account, debit_amount, credit_amount, concat_ws(' ', rule,"
        " to_char(original_period, 'YYYY-MM'), facility_code, payer_class),"
        " coalesce(facility_code, ''), coalesce(payer_class, '')"
        " from ledger.entry_line where entry_id = %s order by line_no",
        [entry_id],
    )
    return JournalEntry(
        entity=entity,
        key=key,
        entry_no=entry_no,
        accounting_date=accounting_date,
        description=_with_anchor(text, *anchor),
        lines=tuple(JournalLine(*row) for row in rows),
    )


def _with_anchor(text: str, seq: int | None, anchored: str | None) -> str:
    """The text of a document, with the head of the audit that was fixed for it if there is one."""
    return text if seq is None else f"{text}; {in_words(f'{seq}:{anchored}')}"


def record_posted(connection: Connection, entry_id: int, document: ErpDocument, erp: str) -> bool:
    """Record the ERP's document of a sent entry; return whether it equals ours line by line.

    A second, different document of an entry is recorded beside the first one, and is not equal.
    """
    return bool(
        call(
            connection,
            "select ledger.record_posted(%s, %s, %s, %s, %s, %s)",
            entry_id, document.reference, document.number, _lines(document.lines), erp,
            document.accounting_date,
        )[0]
    )  # fmt: skip


def record_read_back(connection: Connection, entry_id: int, document: ErpDocument) -> bool:
    """Record how the document looks today; return whether it still equals ours."""
    return bool(
        call(
            connection,
            "select ledger.record_read_back(%s, %s, %s, %s)",
            *(entry_id, document.state, document.number, _lines(document.lines)),
        )[0]
    )


def record_rejected(connection: Connection, lease: Lease, reason_code: str) -> None:
    """Record that the ERP said no and has nothing of it. Raises LedgerRefusedError (FENCED)."""
    query = "select ledger.record_rejected(%s, %s, %s)"
    call(connection, query, lease.entry_id, reason_code, lease.fence)


def record_unknown(connection: Connection, lease: Lease, reason_code: str) -> None:
    """Record that nobody knows whether the ERP has it. Raises LedgerRefusedError (FENCED)."""
    query = "select ledger.record_unknown(%s, %s, %s)"
    call(connection, query, lease.entry_id, reason_code, lease.fence)


def record_busy(
    connection: Connection, lease: Lease, reason_code: str, wait_seconds: float | None
) -> None:
    """Record that the ERP took nothing: it goes again later. Raises LedgerRefusedError (FENCED)."""
    query = "select ledger.record_busy(%s, %s, %s::numeric, %s)"
    call(connection, query, lease.entry_id, reason_code, wait_seconds, lease.fence)


def mark_unknown(connection: Connection, entry_id: int, reason_code: str) -> bool:
    """Record that an entry's sender is gone or late, and nobody knows what he did.

    Returns False, and records nothing, while he may live or when somebody settled it.
    """
    return bool(call(connection, "select ledger.mark_unknown(%s, %s)", entry_id, reason_code)[0])


def reject_unsent(connection: Connection, entry_id: int, reason_code: str) -> None:
    """Park an entry that is not in the ERP and may not be sent again, as rejected.

    Raises LedgerRefusedError (LEASED) while an earlier attempt may still take effect.
    """
    call(connection, "select ledger.reject_unsent(%s, %s)", entry_id, reason_code)


def _lines(lines: Iterable[JournalLine]) -> str:
    return json.dumps(
        [
            {
                "line_no": line.line_no, "account": line.account, "debit": str(line.debit),
                "credit": str(line.credit), "description": line.description,
            }
            for line in lines
        ]
    )  # fmt: skip
