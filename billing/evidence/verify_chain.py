"""The audit chain of a pack, hash by hash, against its head and against anchors from outside.

Part of the stand-alone verifier: standard library only, Python 3.9 and later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from billing.evidence.verify_pack import Check, Pack, Row, Tables

UNIT = "\x1f"
NO_HASH = "0" * 64  # before the first row


def audit_hash(row: Row) -> str:
    """The hash of an audit row, over the same text as ledger.audit_hash in the database."""
    parts = [
        row["prev_hash"], row["seq"], row["at"], row["actor"], row["action"],
        row["entry_id"] or "", row["from_state"] or "", row["to_state"] or "", row["detail"],
    ]  # fmt: skip
    if row.get("authenticated") is not None:  # PostgreSQL tells it from 16 on, after a password
        parts.append(row["authenticated"])
    return hashlib.sha256(UNIT.join(part or "" for part in parts).encode()).hexdigest()


def check_links(tables: Tables, check: Check) -> tuple[int, str]:
    """Every row follows the one before it and has its hash; returns the last one's."""
    last_seq, last_hash = 0, NO_HASH
    for row in tables.table("audit/chain.csv"):
        seq = int(row["seq"])
        check.expect(seq == last_seq + 1, f"audit row {seq} follows row {last_seq}: a gap")
        check.expect(
            row["prev_hash"] == last_hash, f"audit row {seq} does not link to the one before it"
        )
        check.expect(row["hash"] == audit_hash(row), f"audit row {seq} does not have its hash")
        last_seq, last_hash = seq, row["hash"]
    return last_seq, last_hash


def check_head(check: Check, last: tuple[int, str], head: tuple[int, str]) -> None:
    """The last row of the chain is its head."""
    check.expect(head == last, f"the chain ends at row {last[0]}, its head is row {head[0]}")


def check_chain(pack: Pack, check: Check) -> None:
    """The chain of a pack is whole and ends at the head that the pack names."""
    last = check_links(pack, check)
    with pack.open("audit/head.json") as content:
        head = json.load(content)
    check_head(check, last, (head["seq"], head["hash"]))
    check.expect(head == pack.manifest["audit_head"], "the manifest names another head")


def check_anchors(tables: Tables, check: Check, anchors: Iterable[str]) -> None:
    """Heads of the chain that were written down elsewhere are rows of this chain."""
    hashes = hashes_of(tables)
    for anchor in anchors:
        problem = anchor_problem(hashes, anchor)
        check.expect(not problem, problem)


def hashes_of(tables: Tables) -> dict[int, str]:
    """The hash of each row of the chain."""
    return {int(row["seq"]): row["hash"] for row in tables.table("audit/chain.csv")}


def anchor_problem(hashes: dict[int, str], anchor: str) -> str:
    """Why an anchor (SEQ:HASH) is none of this chain; nothing where it is."""
    seq_text, _, expected = anchor.partition(":")
    seq = int(seq_text)
    found = hashes.get(seq, NO_HASH if seq == 0 else None)
    if found is None:
        return f"row {seq} was anchored, and the chain ends at row {max(hashes, default=0)}"
    if found != expected.strip().lower():
        return f"row {seq} is not the one that was anchored: the chain was rebuilt"
    return ""


def audited(tables: Tables, *actions: str) -> Iterator[tuple[Row, dict[str, Any]]]:
    """Audit rows of some actions with what they say; amounts are exact.

    What a damaged row does not say is missing: its hash is a problem of the chain.
    """
    for row in tables.table("audit/chain.csv"):
        if row["action"] in actions:
            said = json.loads(row["detail"], parse_float=Decimal, parse_int=Decimal)
            yield row, Said(said if isinstance(said, dict) else {})


class Said(dict[str, Any]):
    """What an audit row says; what it does not say is None."""

    def __missing__(self, key: str) -> None:
        """Nothing is said."""
