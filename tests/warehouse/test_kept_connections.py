"""Connections that a process keeps between looks: one per use at a time, replaced when broken."""

from collections.abc import Iterator

import psycopg
import pytest

from resources.warehouse import kept
from resources.warehouse.kept import kept_connection

pytestmark = pytest.mark.promise("A platform that waits opens no connection at each look")
BACKEND = "select pg_backend_pid()"


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    kept.close_kept()


def _backend(connection: psycopg.Connection) -> int:
    return connection.execute(BACKEND).fetchone()[0]


def test_next_look_uses_the_same_connection(database):
    with kept_connection(database.settings, "ingest") as connection:
        first = _backend(connection)
    with kept_connection(database.settings, "ingest") as connection:
        assert _backend(connection) == first
    with kept_connection(database.settings, "poster") as connection:
        assert _backend(connection) != first  # a login of its own


def test_two_looks_at_once_have_a_connection_each(database):
    with (
        kept_connection(database.settings, "ingest") as one,
        kept_connection(database.settings, "ingest") as other,
    ):
        assert _backend(one) != _backend(other)


def test_connection_that_the_server_ended_is_replaced(database):
    with kept_connection(database.settings, "ingest") as connection:
        first = _backend(connection)
    database.admin().execute("select pg_terminate_backend(%s, 5000)", [first])
    with kept_connection(database.settings, "ingest") as connection:
        assert _backend(connection) != first


def test_connection_is_closed_after_an_error(database):
    with (
        pytest.raises(psycopg.errors.DivisionByZero),
        kept_connection(database.settings, "ingest") as connection,
    ):
        connection.execute("select 1 / 0")
    assert connection.closed
