"""Keys of triggers: which run a key belongs to. The first one to claim a key has it for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from resources.warehouse.receiving import own_transaction

KEY_TAG = "tieout/key"  # of a run of Dagster's


@dataclass(frozen=True)
class Trigger:
    """A key, and the run that it started."""

    key: str
    job: str
    run_id: str


def find(connection: psycopg.Connection[Any], key: str) -> Trigger | None:
    """Return what a key started, or None."""
    with own_transaction(connection):
        row = connection.execute(
            "select key, job, run_id from ops.trigger where key = %s", (key,)
        ).fetchone()
    return None if row is None else Trigger(*row)


def claim(connection: psycopg.Connection[Any], wanted: Trigger, now: datetime) -> Trigger:
    """Take a key for a run unless it is taken; return whose it is."""
    with own_transaction(connection):
        connection.execute(
            "insert into ops.trigger (key, job, run_id, requested_at) values (%s, %s, %s, %s)"
            " on conflict do nothing",
            (wanted.key, wanted.job, wanted.run_id, now),
        )
    return find(connection, wanted.key) or wanted
