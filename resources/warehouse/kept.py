"""Connections that a process keeps between uses, for what looks at the database every few seconds.

A process of PostgreSQL that starts and reads its catalogs costs more than such a look. A connection
that is found broken is replaced; a caller never sees it.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from resources.settings import DatabaseSettings
from resources.warehouse.database import connect

OLDEST_SECONDS = 600.0
_idle: dict[str, list[tuple[float, psycopg.Connection[Any]]]] = {}
_lock = threading.Lock()


@contextmanager
def kept_connection(settings: DatabaseSettings, role: str) -> Iterator[psycopg.Connection[Any]]:
    """Lend a connection that commits each statement; it is kept for the next use.

    After an error it is closed. Raises psycopg.OperationalError, scrubbed.
    """
    url = settings.url(role)
    opened_at, connection = _take(url) or (
        time.monotonic(), connect(settings, role, autocommit=True)
    )  # fmt: skip
    try:
        yield connection
    except BaseException:
        connection.close()
        raise
    if time.monotonic() - opened_at > OLDEST_SECONDS:
        connection.close()
        return
    with _lock:
        _idle.setdefault(url, []).append((opened_at, connection))


def _take(url: str) -> tuple[float, psycopg.Connection[Any]] | None:
    """A kept connection that answers."""
    while True:
        with _lock:
            found = _idle.get(url)
            if not found:
                return None
            opened_at, connection = found.pop()
        try:
            connection.execute("select 1")
        except psycopg.Error:  # the server was restarted, or the session ended
            connection.close()
            continue
        return opened_at, connection


def close_kept() -> None:
    """Close all that are kept."""
    with _lock:
        found = [connection for kept in _idle.values() for _, connection in kept]
        _idle.clear()
    for connection in found:
        connection.close()
