"""The one way from a source to its raw tables: archive, record, read, load, report.

Which files there are is the source's connector; how they are read is `billing`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime

import dagster as dg

from billing.parse import parse
from resources.dagster_resources import Installation
from resources.warehouse import landing
from resources.warehouse.receiving import Receipt


@dataclass
class TakenIn:
    """What one look at a source brought: counts only."""

    seen: int = 0
    duplicates: int = 0
    landed: int = 0
    findings: int = 0
    rows: Counter[str] = field(default_factory=Counter)


def take_in(installation: Installation, source: str, receipts: Iterable[Receipt]) -> TakenIn:
    """Archive and record what the source has, then load every file that is not loaded yet.

    The second half also takes what an earlier, interrupted run archived.
    """
    found = TakenIn()
    with closing(installation.connect("ingest")) as connection:
        for receipt in receipts:
            now = datetime.now(UTC)
            received = landing.receive(connection, installation.archive, receipt, now)
            found.seen += 1
            found.duplicates += received.is_duplicate
        for file in landing.pending(connection, source):
            _load(installation, connection, file, found)
    return found


def report(
    specs: Sequence[dg.AssetSpec], taken_in: TakenIn, *, is_configured: bool
) -> Iterator[dg.MaterializeResult[None]]:
    """Report each table with its new rows, and what the source brought."""
    for spec in specs:
        yield dg.MaterializeResult(
            asset_key=spec.key,
            metadata={
                "new_rows": taken_in.rows[spec.key.path[-1]],
                "files_seen": taken_in.seen,
                "files_loaded": taken_in.landed,
                "files_duplicate": taken_in.duplicates,
                "findings": taken_in.findings,
                "source": "configured" if is_configured else "not configured",
            },
        )
