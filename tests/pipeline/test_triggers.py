"""A key belongs to the first run that claims it, whoever asks at the same time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest

from resources.warehouse import triggers
from resources.warehouse.triggers import Trigger

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.promise("A scheduler's key starts one run, however often and at once it is sent")
def test_the_first_run_has_the_key_for_good(database):
    with database.connect("transform") as connection:
        first = triggers.claim(connection, Trigger("close", "build", "run-1"), NOW)
        second = triggers.claim(connection, Trigger("close", "build", "run-2"), NOW)
        assert (first.run_id, second.run_id) == ("run-1", "run-1")
        assert triggers.find(connection, "other") is None


@pytest.mark.promise("A scheduler's key starts one run, however often and at once it is sent")
def test_of_many_at_once_one_wins_and_all_are_told_the_same(database):
    def claim(number):
        with database.connect("transform") as connection:
            return triggers.claim(connection, Trigger("k", "build", f"run-{number}"), NOW).run_id

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert len(set(pool.map(claim, range(8)))) == 1


@pytest.mark.promise("A scheduler's key cannot be taken over or removed")
def test_a_key_cannot_be_taken_over_or_removed(database):
    for statement in ("update ops.trigger set run_id = 'x'", "delete from ops.trigger"):
        with pytest.raises(psycopg.Error, match="42501"):
            database.connect("transform").execute(statement)
