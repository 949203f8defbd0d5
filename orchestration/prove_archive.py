"""T1 and T2: every archived file read again, and what its bytes say against what was recorded.

The other tie-outs are in `prove.py`. No value of a document is kept or shown.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg

from billing.parse import parse_parts
from orchestration.status import rows
from resources.archive import Archive, ArchiveDamagedError
from resources.warehouse.tie_outs import TieOutResult

LANDED = """
select file_id, source, name, sha256, size_bytes, outcome, kind, record_count
from ops.received_file where outcome <> 'archived' order by source, name
"""
TOLD = "select distinct file_id, code from ops.exception where file_id is not null"
TRANSACTIONS = "select file_id, count(*) as transactions from raw.x12_transaction group by file_id"


@dataclass
class Verdict:
    """What one file's bytes say: whether they are the ones received, and what stands in them."""

    is_same: bool
    transactions: int = 0
    codes: frozenset[str] = frozenset()
    is_readable: bool = True


def archive_tie_outs(
    connection: psycopg.Connection[Any], archive: Archive
) -> Iterator[TieOutResult]:
    """T1 per source (files, and those whose bytes are as received), T2 over all X12 files."""
    files = rows(connection, LANDED)
    verdicts = [(file, _read_again(archive, file)) for file in files]
    by_source: dict[str, list[bool]] = defaultdict(list)
    for file, verdict in verdicts:
        by_source[file["source"]].append(verdict.is_same)
    for source, same in sorted(by_source.items()):
        good = sum(same)
        yield TieOutResult("T1", source, Decimal(len(same)), Decimal(good), len(same) - good)
    yield _envelopes(connection, [pair for pair in verdicts if pair[0]["kind"] == "x12"])


def _envelopes(
    connection: psycopg.Connection[Any], x12: list[tuple[dict[str, Any], Verdict]]
) -> TieOutResult:
    """T2: transactions in the bytes and in the database; a finding that nobody is told is a break.

    Findings are control numbers, counts and trailers that do not agree (ISA13 = IEA02, GS06 = GE02,
    ST02 = SE02, SE01, GE01, IEA01), and whatever else the reader has to say of a file.
    """
    told: dict[Any, set[str]] = defaultdict(set)
    for row in rows(connection, TOLD):
        told[row["file_id"]].add(row["code"])
    kept = {row["file_id"]: row["transactions"] for row in rows(connection, TRANSACTIONS)}
    readable = [(file, verdict) for file, verdict in x12 if verdict.is_readable]  # T1 tells others
    read = sum(verdict.transactions for _, verdict in readable)
    untold = sum(len(verdict.codes - told[file["file_id"]]) for file, verdict in readable)
    there = sum(kept.get(file["file_id"], 0) for file, _ in readable)
    return TieOutResult("T2", "x12 transactions", Decimal(read), Decimal(there), untold)


def _read_again(archive: Archive, file: dict[str, Any]) -> Verdict:
    """The archive's bytes have the recorded hash, and reading them again says the same."""
    records, is_written_back, transactions, codes = 0, True, 0, set()
    try:
        with archive.open(file["sha256"]) as content:
            size = content.seek(0, 2)
            content.seek(0)
            for part in parse_parts(content, file["name"]):
                records += part.records
                is_written_back &= part.reserialised
                codes |= {finding.code for finding in part.findings}
                if "x12_transaction" in part.tables:
                    transactions += part.tables["x12_transaction"].num_rows
    except (OSError, ArchiveDamagedError):
        return Verdict(is_same=False, is_readable=False)
    is_same = records == file["record_count"] and size == file["size_bytes"]
    is_same &= is_written_back or file["outcome"] == "exception"
    return Verdict(is_same, transactions, frozenset(codes))
