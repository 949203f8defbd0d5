"""The audit chain of a pack, hash by hash, against its head and against anchors from outside.

Part of the stand-alone verifier: standard library only, Python 3.9 and later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from billing.evidence.verify_pack import Check, Pack, Row

UNIT = "\x1f"


def audit_hash(row: Row) -> str:
    """The hash of an audit row, over the same text as ledger.audit_hash in the database."""
    parts = [
        row["prev_hash"], row["seq"], row["at"], row["actor"], row["action"],
        row["entry_id"] or "", row["from_state"] or "", row["to_state"] or "", row["detail"],
    ]  # fmt: skip
    return hashlib.sha256(UNIT.join(part or "" for part in parts).encode()).hexdigest()


def check_chain(pack: Pack, check: Check) -> None:
    """Every row follows the one before it and has its hash; the last one is the head."""
    last_seq, last_hash = 0, "0" * 64
    for row in pack.table("audit/chain.csv"):
        seq = int(row["seq"])
        check.expect(seq == last_seq + 1, f"audit row {seq} follows row {last_seq}: a gap")
        check.expect(
            row["prev_hash"] == last_hash, f"audit row {seq} does not link to the one before it"
        )
        check.expect(row["hash"] == audit_hash(row), f"audit row {seq} does not have its hash")
        last_seq, last_hash = seq, row["hash"]
    with pack.open("audit/head.json") as content:
        head = json.load(content)
    is_head = (head["seq"], head["hash"]) == (last_seq, last_hash)
    check.expect(is_head, f"the chain ends at row {last_seq}, its head is row {head['seq']}")
    check.expect(head == pack.manifest["audit_head"], "the manifest names another head")


def check_anchors(pack: Pack, check: Check, anchors: Iterable[str]) -> None:
    """Heads of the chain that were written down elsewhere are rows of this chain."""
    hashes = {int(row["seq"]): row["hash"] for row in pack.table("audit/chain.csv")}
    for anchor in anchors:
        seq_text, _, expected = anchor.partition(":")
        seq = int(seq_text)
        found = hashes.get(seq, "0" * 64 if seq == 0 else None)
        check.expect(
            found is not None,
            f"row {seq} was anchored, and the chain ends at row {max(hashes, default=0)}",
        )
        is_same = found is None or found == expected.strip().lower()
        check.expect(is_same, f"row {seq} is not the one that was anchored: the chain was rebuilt")


def audited(pack: Pack, *actions: str) -> Iterator[tuple[Row, dict[str, Any]]]:
    """Audit rows of some actions with what they say; amounts are exact."""
    for row in pack.table("audit/chain.csv"):
        if row["action"] in actions:
            yield row, json.loads(row["detail"], parse_float=Decimal, parse_int=Decimal)
