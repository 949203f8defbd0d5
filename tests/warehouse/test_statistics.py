"""The planner's statistics of what landed: taken when a build begins, and only where needed."""

import pytest

pytestmark = pytest.mark.promise("a build is planned on statistics of what it reads")

LANDED = 1000


def land(database, count):
    database.admin().execute(
        "insert into raw.ehr_patient (file_id, segment, known_at, patient_id)"
        " select gen_random_uuid(), 1, now(), n::text from generate_series(1, %s) as n",
        [count],
    )


def refreshed(database):
    found = database.connect("transform").execute("select ops.refresh_statistics()").fetchone()
    return found[0]


def known_rows(database):
    found = database.admin().execute(
        "select reltuples::integer from pg_class where oid = 'raw.ehr_patient'::regclass"
    )
    return found.fetchone()[0]


def test_a_table_that_landed_has_statistics_afterwards(database):
    land(database, LANDED)
    assert refreshed(database) > 0
    assert known_rows(database) == LANDED


def test_a_table_that_has_grown_is_counted_again(database):
    land(database, LANDED)
    refreshed(database)
    land(database, LANDED)
    assert refreshed(database) > 0
    assert known_rows(database) == 2 * LANDED


def test_tables_that_hardly_changed_are_left_alone(database):
    land(database, LANDED)
    refreshed(database)
    land(database, 1)
    assert refreshed(database) == 0
    assert known_rows(database) == LANDED
