"""Asks the ERP for its master data, for its books of before our time and for lines that are not
ours, and hands them to the ledger.

One entity at a time, with a connection of the poster's that is not in autocommit.
"""

from dataclasses import replace
from typing import Any

import psycopg

from billing.ledger.changes import TellsChanges
from billing.ledger.erp import ErpLedger
from resources.warehouse import read_back
from resources.warehouse.read_back import ChangesRead, ForeignCount

Connection = psycopg.Connection[Any]


def mirror_master_data(connection: Connection, erp: ErpLedger, entity: str) -> tuple[int, int, int]:
    """Take over accounts and segments; return how many of each there are, and how many changed.

    That a mirror is due is committed first: one that never comes to its end is told, and holds.
    Raises ErpUnknown, ErpRejected, LedgerRefusedError.
    """
    read_back.expect_master_data(connection, entity, erp.name, erp.capabilities.dimensions)
    connection.commit()
    accounts, segments = erp.accounts(entity), erp.segments(entity)
    changed = read_back.mirror_master_data(connection, entity, accounts, segments)
    connection.commit()
    return len(accounts), len(segments), changed


def carry_in(connection: Connection, erp: ErpLedger, entity: str) -> int:
    """Read once what the ERP held on our accounts before our first month; return how many accounts.

    An ERP whose periods begin later held nothing. Raises ErpUnknown, ErpRejected.
    """
    last_day = read_back.carry_day(connection, entity)
    connection.commit()
    if last_day is None:
        return 0
    ends = [one.end for one in erp.periods(entity) if one.start <= last_day]
    held = erp.balances(entity, min(last_day, max(ends))) if ends else {}
    kept = read_back.record_carried(connection, entity, erp.name, last_day, held)
    connection.commit()
    return kept


def read_foreign_lines(connection: Connection, erp: ErpLedger, entity: str) -> ForeignCount:
    """Read third-party lines on our accounts: what is new in an ERP that tells changes.

    Of another ERP all lines from the first day that may have changed since last time. Nothing is
    read before anything of ours was proposed. Raises ErpUnknown, ErpRejected.
    """
    if isinstance(erp, TellsChanges):
        return _read_changes(connection, erp, erp, entity)
    since = read_back.foreign_since(connection, entity)
    accounts = read_back.control_accounts(connection)
    connection.commit()
    if since is None:
        return ForeignCount(0, 0, 0)
    lines = erp.lines_on(entity, accounts, since)
    count = read_back.record_foreign_lines(connection, entity, erp.name, since, lines)
    connection.commit()
    return count


def _read_changes(
    connection: Connection, erp: ErpLedger, log: TellsChanges, entity: str
) -> ForeignCount:
    """Read the documents that changed, and everything where totals moved by more than that."""
    start = read_back.reading_start(connection, entity, erp.name)
    accounts = read_back.control_accounts(connection)
    connection.commit()
    if start is None:
        return ForeignCount(0, 0, 0)
    changes = log.changes(entity, start.changed_from)
    references = read_back.changes_to_read(connection, entity, erp.name, changes)
    connection.commit()
    lines = log.lines_of(entity, accounts, start.first_day, references) if references else []
    read = ChangesRead(changes, references, lines)
    count, is_missing_some = read_back.record_foreign_changes(
        connection, entity, erp.name, start, read
    )
    connection.commit()
    if is_missing_some:
        every = replace(read, lines=erp.lines_on(entity, accounts, start.first_day))
        count = read_back.record_every_line(connection, entity, erp.name, start, every)
        connection.commit()
    return count
