"""Anchors: heads of the audit chain that are kept outside of the database that they anchor.

A file beside the archive takes one line per new head, appended and never rewritten. Whoever owns
the database can write a new chain, not a chain that has these rows.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from billing.evidence.verify_chain import audit_hash

Connection = psycopg.Connection[Any]
FILE = "anchors.log"
_ROWS = """
select seq::text as seq, to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as at, actor,
       action, entry_id::text as entry_id, from_state, to_state, detail::text as detail, prev_hash,
       hash
from ledger.audit order by audit.seq
"""
_ANCHORED = "select seq, hash from ledger.audit where seq = any(%s)"
BEGINNING = "0" * 64


@dataclass(frozen=True)
class Anchor:
    """One head that was kept: the number of its row, and its hash."""

    seq: int
    hash: str


def keep(folder: Path, anchor: str, now: datetime) -> bool:
    """Append a head (SEQ:HASH) to the file in `folder`, unless it is the last one there.

    Returns whether it was appended; it is on the disk then. Raises OSError.
    """
    path = folder / FILE
    if path.exists() and path.read_text().rstrip().endswith(anchor):
        return False
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(f"{now:%Y-%m-%dT%H:%M:%SZ} {anchor}\n")
        handle.flush()
        os.fsync(handle.fileno())
    return True


def kept(folder: Path) -> list[Anchor]:
    """Return the anchors of a folder, oldest first; none where nothing was kept.

    Raises ValueError for a line that is no anchor.
    """
    path = folder / FILE
    lines = path.read_text().splitlines() if path.exists() else []
    return [Anchor(int(seq), digest) for seq, _, digest in (_parts(line) for line in lines)]


def anchor_breaks(connection: Connection, anchors: Iterable[Anchor]) -> Iterator[str]:
    """Name each anchor that is no row of the chain: it was rebuilt, or cut off."""
    wanted = list(anchors)
    numbers = [one.seq for one in wanted]
    found = dict(connection.execute(_ANCHORED, [numbers]).fetchall()) | {0: BEGINNING}
    for one in wanted:
        if one.seq not in found:
            yield f"audit row {one.seq} was anchored and is gone: the chain was cut off"
        elif found[one.seq] != one.hash:
            yield f"audit row {one.seq} is not the one that was anchored: the chain was rebuilt"


def chain_breaks(connection: Connection) -> Iterator[str]:
    """Work the audit chain out from its rows, one by one; name each that does not fit.

    No function of the database that is proved takes part.
    """
    last_seq, last_hash = 0, BEGINNING
    with connection.cursor(name="audit_chain", row_factory=dict_row) as cursor:
        for row in cursor.execute(_ROWS):
            seq = int(row["seq"])
            if seq != last_seq + 1 or row["prev_hash"] != last_hash:
                yield f"audit row {seq} does not follow row {last_seq}"
            if row["hash"] != audit_hash(row):
                yield f"audit row {seq} does not have its hash"
            last_seq, last_hash = seq, row["hash"]


def _parts(line: str) -> tuple[str, str, str]:
    return line.split()[1].partition(":")
