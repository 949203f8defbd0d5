"""One run of a job at a time, and whether a run still lives, both told by Postgres locks.

A session lock goes when its connection does, so a killed process leaves nothing behind. A run
whose lock connection dies goes on without it: the ledger's own writes are fenced by themselves.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal

import psycopg

Job = Literal["build", "post", "replay"]
_JOB_SPACE = 0x71E0  # first half of the two-part key of a job's lock
_RUN_SPACE = 0x71E1  # and of a run's sign of life
# A replay replaces what a build reads: they keep each other out.
_JOB_KEYS: dict[Job, int] = {"build": 1, "post": 2, "replay": 1}


@contextmanager
def only_run(connection: psycopg.Connection[Any], job: Job, run_id: str) -> Iterator[None]:
    """Hold the lock of `job` and the sign of life of `run_id`; waits while another run has it.

    `connection` must be autocommit and stays in use by the lock alone.
    """
    connection.execute("select pg_advisory_lock(%s, %s)", (_RUN_SPACE, _run_key(run_id)))
    connection.execute("select pg_advisory_lock(%s, %s)", (_JOB_SPACE, _JOB_KEYS[job]))
    try:
        yield
    finally:
        # Let go before closing, which a server notices later; a connection that died has let go.
        with suppress(psycopg.OperationalError):
            connection.execute("select pg_advisory_unlock_all()")
        connection.close()


def is_alive(connection: psycopg.Connection[Any], run_id: str) -> bool:
    """Say whether some process of this database still holds the sign of life of `run_id`."""
    return _is_held(connection, _RUN_SPACE, _run_key(run_id))


def is_running(connection: psycopg.Connection[Any], job: Job) -> bool:
    """Say whether some run of `job` holds its lock, whatever started it."""
    return _is_held(connection, _JOB_SPACE, _JOB_KEYS[job])


def _is_held(connection: psycopg.Connection[Any], space: int, key: int) -> bool:
    found = connection.execute(
        "select exists (select from pg_locks where locktype = 'advisory' and granted"
        " and database = (select oid from pg_database where datname = current_database())"
        " and classid = %s::bigint::oid and objid = %s::bigint::oid and objsubid = 2)",
        (space, key),
    ).fetchone()
    return bool(found and found[0])


def _run_key(run_id: str) -> int:
    return zlib.crc32(run_id.encode()) & 0x7FFFFFFF
