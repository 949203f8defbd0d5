"""Digests of what is recorded, worked out again from the events of recorded entries.

The same sums as ledger.recorded_sums. A digest decides what is proposed: one that is not the sum of
its events would hide a difference.
"""

import hashlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from billing.evidence.stored import stored
from billing.evidence.verify_pack import Check, Row, Tables
from billing.evidence.verify_signatures import SIGNED

MARKED = ("event_id", "rule", "account", "entity_code", "facility_code", "payer_class",
          "claim_key", "account_key", "control_key")  # fmt: skip
FIRST_DAY = date(2000, 1, 1).toordinal()
HALF = 1 << 63
Bucket = tuple[str, str, str]  # entity, day, slot
Sums = dict[Bucket, list[int]]


def check_digests(tables: Tables, check: Check) -> None:
    """Each digest is the sum over the events of its day and slot, and none is left out."""
    held = {
        (one["entity_code"], one["original_date"], one["slot"]):
        (one["digest_high"], one["digest_low"])
        for one in stored(tables, "recorded_digest")
    }  # fmt: skip
    sums = _sums(tables)
    for key in sorted({*held, *sums}):
        found = tuple(Decimal(one).scaleb(-2) for one in sums.get(key, (0, 0)))
        is_same = held.get(key, (0, 0)) == found
        check.expect(is_same, f"digest of {' '.join(key).strip()} is not that of its events")


def _sums(tables: Tables) -> Sums:
    salt = stored(tables, "installation")[0]["installation_id"]
    recorded = {
        row["entry_id"] for row in tables.table("ledger/index.csv") if row["state"] in SIGNED
    }
    sums: Sums = {}
    for row in tables.table("ledger/events.csv"):
        if row["entry_id"] in recorded:
            cents = int(Decimal(row["signed_amount"]).scaleb(2))
            mark = hashlib.md5(_marked(salt, row).encode(), usedforsecurity=False).digest()
            for key in _buckets(row):
                both = sums.setdefault(key, [0, 0])
                both[0] += cents * int.from_bytes(mark[:8], "big", signed=True)
                both[1] += cents * int.from_bytes(mark[8:], "big", signed=True)
    return sums


def _marked(salt: str, row: Row) -> str:
    days = date.fromisoformat(row["original_date"]).toordinal() - FIRST_DAY
    return "\x1f".join((salt, *(row[name] or "" for name in MARKED), str(days)))


def _buckets(row: Row) -> Iterator[Bucket]:
    """The slot of the event within its day, and the whole day."""
    slot = hashlib.md5(row["event_id"].encode(), usedforsecurity=False).hexdigest()[0]
    for part in (slot, ""):
        yield row["entity_code"], row["original_date"], part
