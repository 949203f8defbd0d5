"""The as-of date: asked for by a person, moved on by evidence, never back and never past today."""

from datetime import UTC, date, datetime, timedelta

import pytest

from resources.warehouse import builds
from resources.warehouse.governance_load import set_as_of

pytestmark = pytest.mark.promise(
    "The as-of date moves with evidence, never back by itself, never past today"
)

ASKED = date(2026, 10, 31)
LATER = date(2026, 11, 3)


@pytest.fixture
def transform(database):
    set_as_of(database.admin(), ASKED)
    connection = database.connect("transform")
    builds.begin(connection, "b1", ASKED)
    return connection


def statement(database, day):
    database.admin().execute(
        "insert into raw.bank_statement (file_id, segment, known_at, statement_no, as_of_date,"
        " content_hash) values (gen_random_uuid(), 1, now(), 1, %s, 'a')",
        [day],
    )


def test_evidence_moves_the_date_and_the_running_build_with_it(database, transform):
    statement(database, LATER)
    latest = builds.latest_evidence(transform, date(2026, 11, 24))
    assert latest == LATER
    assert builds.move_as_of(transform, "b1", latest) == LATER
    assert builds.as_of(transform) == LATER
    assert transform.execute("select as_of_date from ops.build").fetchone() == (LATER,)


def test_evidence_of_the_future_counts_for_nothing(database, transform):
    statement(database, date(2099, 1, 1))
    assert builds.latest_evidence(transform, date(2026, 11, 24)) is None
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    assert builds.move_as_of(transform, "b1", tomorrow) == ASKED


def test_it_never_moves_back_by_itself(transform):
    assert builds.move_as_of(transform, "b1", ASKED - timedelta(days=1)) == ASKED


def test_the_same_date_asked_for_again_keeps_what_moved_on_and_another_one_is_taken(
    database, transform
):
    builds.move_as_of(transform, "b1", LATER)
    set_as_of(database.admin(), ASKED)
    assert builds.as_of(transform) == LATER
    set_as_of(database.admin(), date(2026, 9, 30))
    assert builds.as_of(transform) == date(2026, 9, 30)
