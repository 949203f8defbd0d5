"""The one way from a source to its raw tables: archive, record, read, load, report.

Which files there are is the source's connector; how they are read is `billing`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import dagster as dg
import psycopg
import pyarrow.compute as pc

from assets.metadata import usd
from billing.parse import parse
from billing.parsed import ParsedFile
from resources.dagster_resources import Installation
from resources.receipt import Receipt, Sighting, SightingKey
from resources.warehouse import landing, receiving

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


@dataclass(frozen=True)
class Inbox:
    """What receiving remembers of a source, for its connector: files taken, marks, who waits."""

    connection: psycopg.Connection[Any]
    source: str

    @property
    def taken(self) -> frozenset[SightingKey]:
        """Return the remote files that need not be fetched again."""
        return receiving.taken(self.connection, self.source)

    @property
    def marks(self) -> receiving.FetchMarks:
        """Return where an API source stands."""
        return receiving.FetchMarks(self.connection, self.source)

    def tell(self, sighting: Sighting) -> None:
        """Record a remote file that was seen and not taken."""
        receiving.record_sighting(self.connection, sighting, datetime.now(UTC))


@dataclass
class TakenIn:
    """What one look at a source brought: counts, and dollars by table."""

    seen: int = 0
    duplicates: int = 0
    loaded: int = 0
    findings: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    dollars: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


def take_in(
    installation: Installation, source: str, fetch: Callable[[Inbox], Iterator[Receipt]]
) -> TakenIn:
    """Archive and record what the source has, then load every file that is not loaded yet.

    The second half also takes what an earlier, interrupted run archived.
    """
    found = TakenIn()
    with closing(installation.connect("ingest")) as connection:
        for receipt in fetch(Inbox(connection, source)):
            now = datetime.now(UTC)
            received = receiving.receive(connection, installation.archive, receipt, now)
            found.seen += 1
            found.duplicates += not received.is_new
        for file in receiving.pending(connection, source):
            _load(installation, connection, file, found)
    return found


def _load(
    installation: Installation,
    connection: psycopg.Connection[Any],
    file: receiving.Received,
    found: TakenIn,
) -> None:
    """Read a file from the archive and load it; known since it was received."""
    parsed = parse(installation.archive.read(file.sha256), file.name)
    key = installation.settings.hash_key
    landed = landing.land(connection, file, parsed, file.received_at, key)
    if not landed.was_landed_before:
        found.loaded += 1
        _add_dollars(found, parsed)
    found.findings += landed.findings
    found.rows.update(landed.rows)


def _add_dollars(found: TakenIn, parsed: ParsedFile) -> None:
    for table, rows in parsed.tables.items():
        if table in MEASURES:
            found.dollars[table] += pc.sum(rows[MEASURES[table]]).as_py() or Decimal(0)


def report(
    specs: Sequence[dg.AssetSpec], found: TakenIn, *, is_configured: bool
) -> Iterator[dg.MaterializeResult[None]]:
    """Report each table with its new rows, and what the source brought."""
    for spec in specs:
        table = spec.key.path[-1]
        dollars = {"new_dollars": usd(found.dollars[table])} if table in MEASURES else {}
        yield dg.MaterializeResult(
            asset_key=spec.key,
            metadata={
                "new_rows": found.rows[table],
                **dollars,
                "files_seen": found.seen,
                "files_loaded": found.loaded,
                "files_duplicate": found.duplicates,
                "findings": found.findings,
                "source": "configured" if is_configured else "not configured",
            },
        )
