"""A canary: the patient of the test's files is nowhere in what Dagster keeps or the marts show."""

from typing import Any

import pytest

CANARIES = ("CANARY", "QUILLA", "20061023", "2006-10-23")
pytestmark = pytest.mark.xdist_group("story")


def _texts(pipeline: Any, schemas: tuple[str, ...]) -> dict[str, str]:
    tables = pipeline.rows(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema = any(%s)",
        list(schemas),
    )
    return {
        f"{schema}.{name}": str(
            pipeline.rows(f"select coalesce(string_agg(t::text, ' '), '') from {schema}.{name} t")
        )
        for schema, name in tables
    }


@pytest.mark.promise("No patient data reaches event log, output, marts, ledger or ERP")
def test_no_patient_reaches_the_event_log_the_marts_the_ledger_or_the_erp(
    posted: Any, built_stage: Any, posted_stage: Any
) -> None:
    kept = built_stage.events + posted_stage.events
    printed = built_stage.printed + posted_stage.printed
    shown = _texts(posted, ("marts", "ledger", "ops", "seeds"))
    assert min(len(built_stage.events), len(posted_stage.events)) > 10_000
    assert posted.ledger.documents
    for canary in CANARIES:
        assert canary not in kept
        assert canary not in printed
        assert canary not in str(posted.ledger.documents)
        assert [name for name, text in shown.items() if canary in text] == []
    assert "CANARYACCOUNT1" in str(_texts(posted, ("raw",)))  # the canary sings where it may


@pytest.mark.promise("A database error over patient data is kept without a value of the row")
def test_a_database_error_over_patient_data_leaves_no_value_behind(pipeline: Any) -> None:
    with pipeline.database.admin() as connection:
        connection.execute(
            "alter table raw.claim add constraint no_canary check (claim_number !~ 'CANARY')"
        )
    pipeline.receive_story("claim.837")
    result = pipeline.run("build")
    failed = [str(e.step_key) for e in result.all_events if e.is_step_failure]
    assert failed == ["clearinghouse_files"]
    kept = " ".join(str(entry) for entry in pipeline.instance.all_logs(result.run_id))
    assert "CANARY" not in kept
