"""T1 and T2: what the bytes of every archived file say, against what was recorded of them.

How the files are read is in `reading.py`; the other tie-outs are in `prove.py`. No value of a
document is kept or shown.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from billing.x12.reader import SCHEMAS
from orchestration.reading import Reading, same_identity
from orchestration.status import rows
from orchestration.tables import printable
from resources.warehouse.receiving import Received
from resources.warehouse.tie_outs import TieOutResult

LANDED = """
select file_id, source, name, sha256, size_bytes, received_at, outcome, kind, record_count
from ops.received_file where outcome <> 'archived' order by size_bytes desc, file_id
"""
EXCEPTIONS = "select distinct file_id, code from ops.exception where file_id is not null"
# The build decides each row that has a finding (T6). Its exception may name another reason, such as
# a conflict; it has none where two transactions of one payment balance together.
ON_ROWS = "select distinct file_id, finding_code from raw.{} where finding_code is not null"
WITH_FINDING = [name for name, columns in SCHEMAS.items() if "finding_code" in columns.names]
TRANSACTIONS = "select file_id, count(*) as transactions from raw.x12_transaction group by file_id"
Row = dict[str, Any]


def landed(connection: psycopg.Connection[Any]) -> list[Row]:
    """The receipts of all files that landed or were refused, the largest first."""
    return rows(connection, LANDED)


def as_received(file: Row) -> Received:
    """A receipt as landing takes it."""
    return Received(
        file["file_id"], file["sha256"], file["source"], file["name"], file["received_at"],
        needs_landing=True,
    )  # fmt: skip


def archive_tie_outs(
    connection: psycopg.Connection[Any], files: Sequence[Row], read: Mapping[UUID, Reading]
) -> Iterator[TieOutResult]:
    """T1 per source (files, and those whose bytes are as received), T2 over all X12 files."""
    by_source: dict[str, list[str]] = defaultdict(list)
    for file in files:
        by_source[file["source"]].append(_difference(file, read[file["file_id"]]))
    for source, differences in sorted(by_source.items()):
        named = tuple(sorted(one for one in differences if one))
        count = len(differences)
        good = Decimal(count - len(named))
        yield TieOutResult("T1", source, Decimal(count), good, len(named), named)
    yield _envelopes(connection, [file for file in files if file["kind"] == "x12"], read)


def _difference(file: Row, reading: Reading) -> str:
    """What is not as received, with the file's name; empty where everything is."""
    if reading.problem:
        found = reading.problem
    elif not same_identity(file["file_id"], file["sha256"]):
        found = "its id is not that of its hash"
    elif reading.size_bytes != file["size_bytes"]:
        found = "another size"
    elif reading.records != file["record_count"]:
        found = f"{reading.records} records, {file['record_count']} recorded"
    elif not reading.is_written_back and file["outcome"] != "exception":
        found = "written back, other bytes"
    else:
        return ""
    return f"{printable(file['name'])}: {found}"


def _envelopes(
    connection: psycopg.Connection[Any], x12: Sequence[Row], read: Mapping[UUID, Reading]
) -> TieOutResult:
    """T2: transactions in the bytes and in the database; a finding that is not kept is a break.

    Findings are control numbers, counts and trailers that do not agree (ISA13 = IEA02, GS06 = GE02,
    ST02 = SE02, SE01, GE01, IEA01), and whatever else the reader has to say of a file.
    """
    known = _kept_findings(connection)
    kept = {row["file_id"]: row["transactions"] for row in rows(connection, TRANSACTIONS)}
    readable = [file for file in x12 if not read[file["file_id"]].problem]  # T1 names the others
    in_bytes = sum(read[file["file_id"]].transactions for file in readable)
    there = sum(kept.get(file["file_id"], 0) for file in readable)
    unkept = [
        f"{printable(file['name'])}: {code} is neither an exception nor on a row"
        for file in readable
        for code in sorted(read[file["file_id"]].codes - known[file["file_id"]])
    ]
    lost = [
        f"{printable(file['name'])}: {read[file['file_id']].transactions} transactions in the"
        f" bytes, {kept.get(file['file_id'], 0)} in the database"
        for file in readable
        if read[file["file_id"]].transactions != kept.get(file["file_id"], 0)
    ]
    sides = (Decimal(in_bytes), Decimal(there))
    return TieOutResult("T2", "x12 transactions", *sides, len(unkept), (*unkept, *lost))


def _kept_findings(connection: psycopg.Connection[Any]) -> dict[UUID, set[str]]:
    """Return the findings that are kept of each file: as exceptions, or on its rows."""
    found: dict[UUID, set[str]] = defaultdict(set)
    queries = [sql.SQL(ON_ROWS).format(sql.Identifier(name)) for name in WITH_FINDING]
    for file_id, code in connection.execute(
        sql.SQL(" union ").join([sql.SQL(EXCEPTIONS), *queries])
    ):
        found[file_id].add(code)
    return found
