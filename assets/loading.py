"""Archived files into raw tables: small ones together, large ones part by part, dollars counted.

Where the files come from is in `assets/receiving.py`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from io import SEEK_END
from typing import Any, BinaryIO

import psycopg
import pyarrow.compute as pc

from billing.parse import parse_parts
from billing.parsed import ParsedFile, together
from resources.dagster_resources import Installation
from resources.receipt import SourceError
from resources.warehouse import landing, receiving

Dollars = defaultdict[str, Decimal]
AT_ONCE = 100  # files that are recorded, or loaded, in one transaction
SMALL_BYTES = 2_000_000  # a larger file is loaded by itself, part by part
# The control measure of each table with one, in US dollars.
MEASURES = {
    "claim": "charge_amount",
    "claim_line": "charge_amount",
    "remittance": "payment_amount",
    "remittance_claim": "paid_amount",
    "remittance_line": "paid_amount",
    "claim_adjustment": "amount",
    "provider_adjustment": "amount",
    "bank_transaction": "amount",
    "ach_entry": "amount",
    "ehr_charge": "amount",
    "card_charge": "amount",
    "card_refund": "amount",
    "card_balance_transaction": "amount",
    "card_payout": "amount",
}


@dataclass
class TakenIn:
    """What one look at a source brought: counts, dollars by table, and why it ended early."""

    failure: SourceError | None = None
    waiting: int = 0
    seen: int = 0
    duplicates: int = 0
    loaded: int = 0
    findings: int = 0
    newest_at: datetime | None = None
    rows: Counter[str] = field(default_factory=Counter)
    dollars: Dollars = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, landed: landing.Landed, dollars: Dollars) -> None:
        """Count a file, unless it had landed before."""
        if not landed.was_landed_before:
            self.loaded += 1
            for table, amount in dollars.items():
                self.dollars[table] += amount
        self.findings += landed.findings
        self.rows.update(landed.rows)


def load(
    installation: Installation,
    connection: psycopg.Connection[Any],
    files: Iterable[receiving.Received],
    found: TakenIn,
) -> None:
    """Read files from the archive and load them, small ones together; known since received."""
    key = installation.settings.hash_key
    small: list[tuple[receiving.Received, ParsedFile]] = []
    held_bytes = 0
    try:
        for file in files:
            with installation.archive.open(file.sha256) as content:
                size = content.seek(0, SEEK_END)
                content.seek(0)
                if size > SMALL_BYTES:
                    _load_large(connection, file, content, key, found)
                    continue
                small.append((file, together(parse_parts(content, file.name))))
            held_bytes += size
            if held_bytes > SMALL_BYTES or len(small) == AT_ONCE:
                _load_small(connection, small, key, found)
                held_bytes = 0
    finally:
        _load_small(connection, small, key, found)


def _load_small(
    connection: psycopg.Connection[Any],
    files: list[tuple[receiving.Received, ParsedFile]],
    key: bytes,
    found: TakenIn,
) -> None:
    """Load files that have been read, and forget them."""
    held, files[:] = list(files), []
    if held:
        for (_, parsed), landed in zip(
            held, landing.land_together(connection, held, key), strict=True
        ):
            found.add(landed, _dollars(parsed))


def _load_large(
    connection: psycopg.Connection[Any],
    file: receiving.Received,
    content: BinaryIO,
    key: bytes,
    found: TakenIn,
) -> None:
    """Load a file part by part as it is read."""
    dollars: Dollars = defaultdict(Decimal)
    parts = _with_dollars(parse_parts(content, file.name), dollars)
    found.add(landing.land(connection, file, parts, file.received_at, key), dollars)


def _dollars(parsed: ParsedFile) -> Dollars:
    """Add up the control measures of a file's rows by table."""
    dollars: Dollars = defaultdict(Decimal)
    for table, rows in parsed.tables.items():
        if table in MEASURES and rows.num_rows:
            dollars[table] += pc.sum(rows[MEASURES[table]]).as_py() or Decimal(0)
    return dollars


def _with_dollars(parts: Iterable[ParsedFile], dollars: Dollars) -> Iterator[ParsedFile]:
    """Pass the parts of a file on and add up the control measures of their rows."""
    for part in parts:
        for table, amount in _dollars(part).items():
            dollars[table] += amount
        yield part
