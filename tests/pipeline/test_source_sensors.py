"""When a source makes a build start: from what lies there and what the database says of it."""

import re
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from resources.dagster_resources import Installation
from resources.receipt import SightingKey, Waiting
from resources.warehouse import source_status
from sensors.apis import ASKED_AGAIN, News, decide_due, decide_news, payments_sensor
from sensors.behind import Books, decide_catch_up, read_books
from sensors.sources import REFUSED_AGAIN, SourceState, decide, mark_of, source_sensors

NOW = datetime(2026, 10, 31, 12, tzinfo=UTC)
FILE = SightingKey("/in", "a.835", 100, NOW)
OTHER = SightingKey("/in", "b.835", 100, NOW)
SEEN = frozenset({mark_of(FILE)})


@pytest.mark.promise("A file is built once it has stopped growing, and waits for no other file")
def test_a_file_that_lay_there_at_the_look_before_is_built_for():
    assert decide(SourceState([FILE], SEEN), NOW).should_build


@pytest.mark.promise("A file is built once it has stopped growing, and waits for no other file")
def test_a_file_that_has_just_come_waits_for_the_next_look():
    decision = decide(SourceState([FILE]), NOW)
    assert (decision.should_build, decision.reason) == (False, "1 files have just come")


@pytest.mark.promise("A file is built once it has stopped growing, and waits for no other file")
def test_a_file_that_grew_since_the_look_before_has_just_come():
    grown = FILE._replace(size_bytes=101)
    assert not decide(SourceState([grown], SEEN), NOW).should_build


@pytest.mark.promise("A file is built once it has stopped growing, and waits for no other file")
def test_one_that_waits_long_enough_is_not_kept_back_by_one_that_has_just_come():
    assert decide(SourceState([FILE, OTHER], SEEN), NOW).should_build


@pytest.mark.promise(
    "No build is requested while one is at work, or for a source that fails or is not set up"
)
def test_nothing_is_asked_for_while_a_build_is_at_work_or_the_source_fails():
    assert not decide(SourceState([FILE], SEEN, is_building=True), NOW).should_build
    decision = decide(SourceState([], failure="SOURCE_LOGIN"), NOW)
    assert decision.reason == "the source fails: SOURCE_LOGIN"


@pytest.mark.promise("A file that a run left behind is tried again after a pause")
def test_a_file_that_a_run_left_alone_is_tried_again_once_its_patience_is_over():
    def is_built(outcome, age):
        told = {FILE: Waiting(NOW - age, outcome)}
        return decide(SourceState([FILE], SEEN, told), NOW).should_build

    rows = [
        ("waiting", timedelta(seconds=1), False),
        ("waiting", timedelta(minutes=5), True),
        ("waiting", timedelta(hours=1), False),
        ("failed", timedelta(minutes=5), False),
        ("failed", REFUSED_AGAIN, True),
    ]
    assert [row for row in rows if is_built(*row[:2]) is not row[2]] == []


@pytest.mark.promise("A sensor's cursor holds no file name")
def test_no_name_of_a_file_stands_in_its_mark():
    assert re.fullmatch("[0-9a-f]{16}", mark_of(FILE))
    assert mark_of(FILE) != mark_of(OTHER)


@pytest.mark.promise(
    "No build is requested while one is at work, or for a source that fails or is not set up"
)
def test_a_source_that_is_not_set_up_asks_for_nothing(pipeline):
    def answer(sensor):
        resources = {"installation": Installation()}
        with dg.build_sensor_context(pipeline.instance, resources=resources) as context:
            return sensor(context)

    found = {sensor.name: answer(sensor) for sensor in (*source_sensors(), payments_sensor)}
    assert found == dict.fromkeys(found, dg.SkipReason("the source is not set up"))
    assert len(found) > 2


EARLIER = NOW - timedelta(hours=3)


@pytest.mark.promise("A new movement at the card processor requests a build")
def test_a_movement_of_the_processor_that_was_not_received_is_built_for():
    rows = [
        (News(None, None), False),
        (News(NOW, None), True),
        (News(NOW, EARLIER), True),
        (News(NOW, NOW), False),
        (News(NOW, EARLIER, is_building=True), False),
        (News(NOW, EARLIER, asked_at=NOW - timedelta(seconds=5)), False),
        (News(NOW, EARLIER, asked_at=NOW - ASKED_AGAIN), True),
    ]
    assert [row for row in rows if decide_news(row[0], NOW).should_build is not row[1]] == []


def _look(looked_at, outcome="ok"):
    return source_status.Look("ehr", looked_at, outcome, None, 0, None, None)


@pytest.mark.promise("An EHR export is requested an hour after the last one")
def test_an_export_of_the_ehr_is_due_an_hour_after_the_last():
    def is_due(look, is_building):
        return decide_due(look, timedelta(hours=1), NOW, is_building=is_building).should_build

    rows = [
        (None, False, True),
        (_look(NOW - timedelta(minutes=59)), False, False),
        (_look(NOW - timedelta(minutes=60)), False, True),
        (_look(NOW - timedelta(minutes=60)), True, False),
        (_look(EARLIER, "not_set_up"), False, False),
    ]
    assert [row for row in rows if is_due(*row[:2]) is not row[2]] == []


@pytest.mark.promise("A failing source keeps the time of its first failure until it works again")
def test_a_failing_source_is_remembered_with_the_moment_it_began_to_fail(database):
    with database.connect("ingest") as connection:
        source_status.record(connection, source_status.Seen("bank"), NOW)
        first, second = NOW + timedelta(seconds=5), NOW + timedelta(seconds=40)
        source_status.record(connection, source_status.Seen("bank", code="SOURCE_NO_ANSWER"), first)
        source_status.record(
            connection, source_status.Seen("bank", code="SOURCE_NO_ANSWER"), second
        )
        found = source_status.read(connection, "bank")
        assert (found.outcome, found.failing_since, found.looked_at) == ("failed", first, second)
        source_status.record(
            connection, source_status.Seen("bank", 3), second + timedelta(seconds=5)
        )
        found = source_status.read(connection, "bank")
    assert (found.outcome, found.failing_since, found.files_waiting) == ("ok", None, 3)


@pytest.mark.promise("Received files that no good build holds are built, with growing pauses")
def test_files_that_are_in_no_good_build_are_built_for_with_growing_pauses():
    rows = [
        (Books(False), False),
        (Books(True), True),
        (Books(True, is_building=True), False),
        (Books(True, 1, NOW - timedelta(seconds=14)), False),
        (Books(True, 1, NOW - timedelta(seconds=15)), True),
        (Books(True, 3, NOW - timedelta(seconds=59)), False),
        (Books(True, 3, NOW - timedelta(seconds=60)), True),
        (Books(True, 500, NOW - timedelta(minutes=29)), False),
        (Books(True, 500, NOW - timedelta(minutes=30)), True),
    ]
    assert [row for row in rows if decide_catch_up(row[0], NOW).should_build is not row[1]] == []


def is_behind(pipeline):
    with pipeline.database.connect("transform") as connection:
        return read_books(connection).is_behind


@pytest.mark.promise("Received files that no good build holds are built, with growing pauses")
def test_the_books_are_behind_once_files_have_landed(pipeline):
    assert not is_behind(pipeline)
    pipeline.receive_story()
    assert is_behind(pipeline)


@pytest.mark.xdist_group("story")
@pytest.mark.promise("Received files that no good build holds are built, with growing pauses")
def test_the_books_are_behind_until_a_good_build_has_ended_after_the_files_landed(built):
    assert not is_behind(built)
    with built.database.admin() as connection:
        connection.execute("update ops.build set status = 'failed'")
    assert is_behind(built)
