"""When posting starts, as a pure decision and as the sensor that reads the database."""

from contextlib import closing
from typing import Any

import dagster as dg
import pytest

from resources import job_lock
from resources.dagster_resources import Installation
from sensors.posting import LastPost, PostingState, decide, posting_sensor


@pytest.mark.promise("A post run is requested only while an entry may go or must be read back")
def test_posting_is_decided_from_what_the_database_says() -> None:
    rows = [
        (PostingState(3), True, "3 to send"),
        (PostingState(3, in_doubt=1), True, "3 to send, 1 to read back"),
        (PostingState(0, in_doubt=1), True, "1 to read back"),
        (PostingState(0), False, "nothing to send"),
        (PostingState(3, is_posting=True), False, "a post run is at work"),
        (
            PostingState(0, held={"PERIOD": 2, "APPROVAL": 5}),
            False,
            "nothing to send; held: APPROVAL 5, PERIOD 2",
        ),
        (PostingState(3, last_post=LastPost(5, has_failed=False)), True, "3 to send"),
        (PostingState(3, last_post=LastPost(61, has_failed=True)), True, "3 to send"),
        (
            PostingState(3, last_post=LastPost(59, has_failed=True)),
            False,
            "3 to send; waiting 60 s after the last run",
        ),
        (
            PostingState(3, in_doubt=1, last_post=LastPost(299, has_failed=False)),
            False,
            "3 to send, 1 to read back; waiting 300 s after the last run",
        ),
        (
            PostingState(0, last_post=LastPost(60, has_failed=True)),
            True,
            "nothing to send; the last run did not get to its end",
        ),
        (PostingState(0, last_post=LastPost(59, has_failed=True)), False, "nothing to send"),
        (PostingState(0, last_post=LastPost(60, has_failed=False)), False, "nothing to send"),
    ]
    found = [(state, decide(state).should_post, decide(state).reason) for state, _, _ in rows]
    assert [pair for pair in zip(found, rows, strict=True) if pair[0] != pair[1]] == []


def tick(instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    context = dg.build_sensor_context(instance, resources={"installation": Installation()})
    with context:
        return posting_sensor(context)


@pytest.mark.promise("A post run is requested only while an entry may go or must be read back")
@pytest.mark.usefixtures("approved_entry")
def test_the_sensor_requests_a_run_only_while_something_may_go(pipeline: Any) -> None:
    request = tick(pipeline.instance)
    assert isinstance(request, dg.RunRequest)
    assert request.run_key is None
    with pipeline.database.admin() as connection:
        connection.execute("update ledger.period set erp_status = 'closed'")
    skip = tick(pipeline.instance)
    assert isinstance(skip, dg.SkipReason)
    assert "held: PERIOD 1" in str(skip.skip_message)


@pytest.mark.promise("No post run is requested while another is queued or at work")
@pytest.mark.usefixtures("approved_entry")
def test_the_sensor_waits_while_a_post_run_is_alive_outside_of_dagster(pipeline: Any) -> None:
    other = Installation().connect("transform", autocommit=True)
    with job_lock.only_run(other, "post", "from the command line"):
        assert "at work" in str(tick(pipeline.instance).skip_message)
    assert isinstance(tick(pipeline.instance), dg.RunRequest)


@pytest.mark.promise("No post run is requested while another is queued or at work")
@pytest.mark.usefixtures("approved_entry")
def test_the_sensor_waits_while_dagster_has_a_post_run_queued(pipeline: Any) -> None:
    job = pipeline.definitions().resolve_job_def("post")
    pipeline.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert "at work" in str(tick(pipeline.instance).skip_message)


@pytest.mark.promise("Two runs of one job never overlap, and the death of a run is noticed")
def test_only_one_run_of_a_job_goes_on_and_its_death_is_seen(database: Any) -> None:
    first = database.connect("transform")
    with closing(database.connect("poster")) as onlooker:
        with job_lock.only_run(first, "build", "run-1"):
            assert job_lock.is_running(onlooker, "build")
            assert job_lock.is_alive(onlooker, "run-1")
            assert not job_lock.is_running(onlooker, "post")
            assert not job_lock.is_alive(onlooker, "run-2")
            second = database.connect("transform")
            free = "select pg_try_advisory_lock(classid::int, objid::int) from pg_locks"
            query = free + " where locktype = 'advisory' and granted"
            assert set(second.execute(query).fetchall()) == {(False,)}
        assert not job_lock.is_running(onlooker, "build")
        assert not job_lock.is_alive(onlooker, "run-1")
