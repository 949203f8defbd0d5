"""Receipts by UTC day, read again from the archive: a backfill of days, and one file by name.

Files whose rows come out as they are change nothing; others are replaced, and the next build takes
the new rows in. How one file is replaced is in `resources/warehouse/replaying.py`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import dagster as dg
import psycopg

from assets.metadata import counts_table
from assets.specs import ENGINEERING, table_spec
from billing.parse import parse_parts
from resources.dagster_resources import Installation, JobRun
from resources.warehouse import replaying
from resources.warehouse.receiving import Received

DAYS = dg.DailyPartitionsDefinition("2026-01-01", timezone="UTC", end_offset=1)
RECEIPT_DAY = table_spec(
    "ops", "replay",
    "One row per file whose rows were replaced when it was read again. Partitions are the UTC days "
    "of receipt: materialise one, or backfill a range, to read its files again.",
    group="receiving", owner=ENGINEERING, kinds={"postgres"}, has_phi=False,
)  # fmt: skip
Find = Callable[[psycopg.Connection[Any]], list[Received]]


class UnknownFileError(dg.Failure):
    """No received file has this name or SHA-256."""


class ReplayFile(dg.Config):
    """Which file is read again: its name, or the first digits of its SHA-256 (at least eight)."""

    file: str


@dg.multi_asset(
    specs=[RECEIPT_DAY],
    name="replay_days",
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def replay_days(
    context: dg.AssetExecutionContext, installation: Installation, replay_run: JobRun
) -> dg.MaterializeResult[None]:
    """Read the files of the chosen days again, and replace rows that come out differently."""
    window = context.partition_time_window
    first, last = window.start.date(), (window.end - timedelta(days=1)).date()
    return dg.MaterializeResult(
        asset_key=RECEIPT_DAY.key,
        metadata=_replay(installation, replay_run.build_id, _of_days(first, last)),
    )


@dg.op(name="replay_one_file", description="Reads one file again from the archive.")
def replay_one_file(
    context: dg.OpExecutionContext,
    config: ReplayFile,
    installation: Installation,
    replay_run: JobRun,
) -> None:
    """Replay the files of one name. Raises UnknownFileError, which does not repeat the name."""

    def find(connection: psycopg.Connection[Any]) -> list[Received]:
        found = replaying.named(connection, config.file)
        if not found:
            raise UnknownFileError(
                "no received file has this name, or a SHA-256 that begins so", allow_retries=False
            )
        return found

    context.add_output_metadata(_replay(installation, replay_run.build_id, find))


@dg.job(
    name="replay_file",
    description="Reads one file again from the archive; name it in the launchpad.",
    executor_def=dg.in_process_executor,
)
def replay_file() -> None:
    """One file by name."""
    replay_one_file()


def _of_days(first: date, last: date) -> Find:
    return lambda connection: replaying.received_on(connection, first, last)


def _replay(installation: Installation, run_id: str, find: Find) -> dict[str, Any]:
    """Replay what `find` finds; returns what there is to say of it."""
    rows: Counter[str] = Counter()
    findings = changed = 0
    with closing(installation.connect("ingest")) as connection:
        files: Sequence[Received] = find(connection)
        for file in files:
            found = _replay_one(installation, connection, file, run_id)
            rows.update(found.rows)
            findings += found.findings
            changed += found.has_changed
    return {
        "files": len(files),
        "files_changed": changed,
        "rows": rows.total(),
        "findings": findings,
        "rows_by_table": counts_table("table", "rows", rows),
        "next": "the next build takes the new rows in" if changed else "nothing to do",
    }


def _replay_one(
    installation: Installation,
    connection: psycopg.Connection[Any],
    file: Received,
    run_id: str,
) -> replaying.Replayed:
    with installation.archive.open(file.sha256) as content:
        parts = parse_parts(content, file.name)
        return replaying.replay(connection, file, parts, run_id, installation.settings.hash_key)
