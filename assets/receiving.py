"""The one way from a source to its raw tables: archive, record, read, load, report.

Which files there are is the source's connector; how they are read is `billing`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import psycopg

from assets.checks import freshness
from assets.loading import AT_ONCE, MEASURES, TakenIn, load
from assets.metadata import usd
from resources.dagster_resources import Installation
from resources.environment import InvalidSettingError
from resources.receipt import Receipt, Sighting, SightingKey, SourceError, Waiting
from resources.warehouse import receiving, sightings, source_status

__all__ = ["AT_ONCE", "MEASURES", "Inbox", "TakenIn", "report", "source_check", "take_in"]

SOURCE_REACHABLE = "source_reachable"
PASSING = ("SOURCE_OUT_OF_REACH", "SOURCE_NO_ANSWER", "SOURCE_BROKE_OFF", "SOURCE_NAME_UNKNOWN")


class SettingError(SourceError):
    """A setting of the source cannot be used; the text names the variable."""

    code = "SOURCE_SETTING"


@dataclass(frozen=True)
class Inbox:
    """What receiving remembers of a source, for its connector: files taken, marks, who waits."""

    connection: psycopg.Connection[Any]
    source: str
    told: list[Sighting] = field(default_factory=list)

    @property
    def taken(self) -> frozenset[SightingKey]:
        """Return the remote files that need not be fetched again."""
        return receiving.taken(self.connection, self.source)

    @property
    def waiting(self) -> dict[SightingKey, Waiting]:
        """Return the remote files that were seen before and not taken."""
        return sightings.waiting(self.connection, self.source)

    @property
    def marks(self) -> receiving.FetchMarks:
        """Return where an API source stands."""
        return receiving.FetchMarks(self.connection, self.source)

    def tell(self, sighting: Sighting) -> None:
        """Remember a remote file that was seen and not taken, until the look is over."""
        self.told.append(sighting)


def take_in(
    installation: Installation,
    source: str,
    fetch: Callable[[Inbox], Iterator[Receipt]],
    *,
    is_configured: bool,
    at_once: int = 1,
) -> TakenIn:
    """Archive and record what the source has, then load every file that is not loaded yet.

    `at_once` receipts are recorded together; a connector that marks what was consumed needs 1.
    The second half also takes what an earlier, interrupted run archived. A source that fails is
    an open exception and stops neither what it gave before nor the other sources.
    """
    found = TakenIn()
    begun_at = datetime.now(UTC)
    with closing(installation.connect("ingest")) as connection:
        inbox = Inbox(connection, source)
        try:
            _receive(installation, inbox, fetch(inbox), begun_at, at_once, found)
        except SourceError as failure:
            found.failure = failure
        except InvalidSettingError as wrong:
            found.failure = SettingError(str(wrong))
        found.waiting = len(inbox.told)
        sightings.record_sightings(connection, inbox.told, begun_at)
        sightings.settle(connection, source, begun_at, datetime.now(UTC), found.failure)
        load(installation, connection, receiving.pending(connection, source), found)
        code = found.failure.code if found.failure else None
        seen = source_status.Seen(source, found.waiting, code, is_configured)
        source_status.record(connection, seen, datetime.now(UTC))
        found.newest_at = receiving.newest_receipt(connection, source)
    return found


def _receive(  # noqa: PLR0913, PLR0917 (one look at a source)
    installation: Installation,
    inbox: Inbox,
    receipts: Iterator[Receipt],
    begun_at: datetime,
    at_once: int,
    found: TakenIn,
) -> None:
    """Archive each content as it comes, and record them, also those before a source fails.

    Raises SourceError.
    """
    archived: list[receiving.Archived] = []
    try:
        for receipt in receipts:
            archived.append(
                receiving.archive_receipt(installation.archive, receipt, datetime.now(UTC))
            )
            if len(archived) >= at_once:
                _record(inbox, archived, begun_at, found)
    finally:
        _record(inbox, archived, begun_at, found)


def _record(
    inbox: Inbox, archived: list[receiving.Archived], begun_at: datetime, found: TakenIn
) -> None:
    """Record what is archived, and forget it."""
    for received in receiving.record(inbox.connection, archived, begun_at):
        found.seen += 1
        found.duplicates += not received.is_new
    archived.clear()


def source_check(specs: Sequence[dg.AssetSpec]) -> list[dg.AssetCheckSpec]:
    """Describe the checks on a source's first table: it was reached, and it is fresh."""
    return [
        dg.AssetCheckSpec(
            SOURCE_REACHABLE,
            asset=specs[0].key,
            blocking=False,
            description="The source could be reached and was looked through to the end.",
        ),
        freshness.spec(specs[0].key),
    ]


def report(
    specs: Sequence[dg.AssetSpec], found: TakenIn, *, is_configured: bool
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Report each table with its new rows, what the source brought, and whether it failed."""
    said = "configured" if is_configured else "not configured"
    said = f"failing: {found.failure}" if found.failure else said
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
                "files_waiting": found.waiting,
                "findings": found.findings,
                "source": said,
            },
        )
    yield _reachable(specs[0], found, said)
    yield freshness.result(specs[0], found.newest_at, is_configured=is_configured)


def _reachable(spec: dg.AssetSpec, found: TakenIn, said: str) -> dg.AssetCheckResult:
    """What passes by itself warns; what a person has to mend is an error."""
    passing = found.failure is None or found.failure.code in PASSING
    return dg.AssetCheckResult(
        asset_key=spec.key,
        check_name=SOURCE_REACHABLE,
        passed=found.failure is None,
        severity=dg.AssetCheckSeverity.WARN if passing else dg.AssetCheckSeverity.ERROR,
        metadata={
            "source": said,
            "code": found.failure.code if found.failure else "",
            "files_waiting": found.waiting,
        },
    )
