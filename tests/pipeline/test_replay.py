"""Reading received files again: what comes out the same changes nothing, the rest is replaced."""

from datetime import UTC, datetime

import dagster as dg
import psycopg
import pytest

from resources.warehouse import replaying

STATES = "select file_id, (raw.file_state(file_id)).checksum from ops.received_file order by 1"
RECEIPTS = "select landed_at is not null, outcome, reason_code, record_count from ops.received_file"
LINES = "select line_id, signed_amount from marts.fct_ledger_line order by 1"
OPEN = "select code, amount, closed_at from ops.exception where origin = 'parsing' order by 1, 2"
NO_REFERENCES = ("nothing.835", "abc", "", "%")
LEDGER_ALONE = ("--select", "+fct_ledger_line", "--exclude-resource-type", "test")
pytestmark = pytest.mark.xdist_group("story")


def replay_today(pipeline, job="replay", **options):
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    return (
        pipeline.definitions()
        .resolve_job_def(job)
        .execute_in_process(instance=pipeline.instance, partition_key=today, **options)
    )


def metadata(result):
    (found,) = result.asset_materializations_for_node("replay_days")
    return {name: value.value for name, value in found.metadata.items()}


@pytest.mark.promise("Replaying received files with unchanged readers changes nothing")
def test_a_day_that_is_replayed_with_the_same_readers_changes_nothing(built):
    before = [built.rows(query) for query in (STATES, RECEIPTS, OPEN)]
    found = metadata(replay_today(built))
    assert (found["files"], found["files_changed"]) == (4, 0)
    assert [built.rows(query) for query in (STATES, RECEIPTS, OPEN)] == before
    assert built.rows("select count(*) from ops.replay") == [(0,)]


@pytest.mark.promise(
    "Rows that an older reader left wrong are corrected by a replay, and marts follow"
)
def test_rows_that_an_older_reader_left_wrong_are_made_right_and_the_marts_follow(built):
    before = built.rows(LINES)
    with built.database.admin() as connection:
        connection.execute("update raw.claim_adjustment set amount = amount + 1")
        connection.execute("delete from raw.bank_transaction")
    found = metadata(replay_today(built))
    assert found["files_changed"] == 2
    ((rows_before, rows_after),) = built.rows(
        "select sum(rows_before), sum(rows_after) from ops.replay"
    )
    assert rows_after > rows_before
    assert built.installation.dbt.run(LEDGER_ALONE).broken == ()
    assert built.rows(LINES) == before


@pytest.mark.promise("One file is replayed by its name or by the start of its hash, never another")
def test_one_file_is_replayed_by_name_and_by_the_start_of_its_hash(built):
    with built.database.admin() as connection:
        connection.execute("delete from raw.bank_transaction")
    (sha256,) = built.rows("select sha256 from ops.received_file where name = 'statement.bai'")[0]
    for reference, changed in (("statement.bai", 1), (sha256[:10], 0)):
        result = (
            built.definitions()
            .resolve_job_def("replay_file")
            .execute_in_process(
                instance=built.instance,
                run_config={"ops": {"replay_one_file": {"config": {"file": reference}}}},
            )
        )
        (step,) = [e for e in result.all_events if e.event_type_value == "STEP_OUTPUT"]
        data = step.event_specific_data.metadata
        assert (data["files"].value, data["files_changed"].value) == (1, changed)


@pytest.mark.promise("One file is replayed by its name or by the start of its hash, never another")
def test_a_reference_that_names_no_file_finds_none(built):
    with built.database.connect("ingest") as connection:
        found = {name: replaying.named(connection, name) for name in NO_REFERENCES}
    assert {name for name, files in found.items() if files} == set()


@pytest.mark.promise(
    "A file that could not be read is loaded by a replay once its reader is corrected"
)
def test_a_file_whose_reader_was_mended_is_loaded_by_a_replay(built):
    with built.database.admin() as connection:
        connection.execute("select raw.clear_file(file_id, 'r') from ops.received_file")
        connection.execute("delete from ops.replay")
    assert metadata(replay_today(built))["files_changed"] == 4
    assert built.rows("select count(*) from ops.received_file where landed_at is null") == [(0,)]


@pytest.mark.promise("Replaying received files with unchanged readers changes nothing")
def test_a_day_without_receipts_is_replayed_too(pipeline):
    result = (
        pipeline.definitions()
        .resolve_job_def("replay")
        .execute_in_process(instance=pipeline.instance, partition_key="2026-01-01")
    )
    assert metadata(result)["files"] == 0


@pytest.mark.promise("Received days are backfilled as one run")
def test_receipts_are_backfilled_by_range_in_one_run(pipeline):
    spec = pipeline.definitions().resolve_asset_graph().get(dg.AssetKey(["ops", "replay"]))
    assert spec.backfill_policy == dg.BackfillPolicy.single_run()


@pytest.mark.promise("Only the ingest role may remove received rows")
def test_only_ingest_may_take_rows_away(database):
    def refusal(role):
        try:
            database.connect(role).execute("select raw.clear_file(gen_random_uuid(), 'r')")
        except psycopg.Error as error:
            return error.sqlstate
        return "allowed"

    refused = ("transform", "preparer", "poster", "auditor", "bi_reader")
    assert {role: refusal(role) for role in refused} == dict.fromkeys(refused, "42501")
