"""A run with nothing new builds nothing, and goes on to post under the build that is current."""

from typing import Any

import dagster as dg
import pytest

from resources.warehouse import ledger
from resources.warehouse.build_inputs import REBUILD_TAG

PROMISE = "a run with nothing new builds nothing and posts under the build that is current"
BUILDS = "select status, current_build_id is not null from ops.build order by started_at"
BUILT = ("succeeded", False)
UNCHANGED = ("unchanged", True)
CUTOFF = dg.AssetKey(["ledger", "cutoff"])


def _steps(result: Any, kind: str) -> set[str]:
    return {str(e.step_key) for e in result.all_events if e.event_type_value == kind}


@pytest.mark.promise(PROMISE)
def test_run_with_nothing_new_builds_nothing_and_posts(pipeline: Any) -> None:
    """Then a mart that somebody altered by hand is built again before anything else goes out."""
    pipeline.receive_story()
    pipeline.succeed("build")
    certificate = pipeline.rows("select build_id, content_hash from ops.certificate")

    second = pipeline.succeed("build")
    assert pipeline.rows(BUILDS) == [BUILT, UNCHANGED]
    assert {"build_models", "issue_certificate", "judge_denials"} <= _steps(second, "STEP_SKIPPED")
    assert "clearinghouse_files" in _steps(second, "STEP_SUCCESS")
    assert pipeline.rows("select build_id, content_hash from ops.certificate") == certificate
    assert set(pipeline.states()) == {"approved"}

    pipeline.succeed("post")
    assert set(pipeline.states()) == {"posted"}
    pipeline.succeed("build")
    assert pipeline.rows(BUILDS) == [BUILT, UNCHANGED, UNCHANGED]

    before = pipeline.rows("select sum(balance_amount) from marts.mart_ar_aging")
    with pipeline.database.admin() as connection:
        connection.execute("update marts.mart_ar_aging set balance_amount = balance_amount + 1")
    pipeline.succeed("build")
    assert pipeline.rows(BUILDS)[-1] == BUILT
    assert pipeline.rows("select sum(balance_amount) from marts.mart_ar_aging") == before
    assert pipeline.rows("select count(*), bool_and(passes) from ops.certificate") == [(2, True)]


@pytest.mark.promise("a person can have a build made although nothing is new")
def test_run_that_is_asked_to_build_does_not_skip(pipeline: Any) -> None:
    """Of the whole job only its gate is run twice more: with the wish to build, and without it."""
    pipeline.receive_story()
    pipeline.succeed("build")
    for tags, expected in (({REBUILD_TAG: "yes"}, BUILT), ({}, UNCHANGED)):
        result = (
            pipeline.definitions()
            .resolve_job_def("build")
            .execute_in_process(instance=pipeline.instance, tags=tags, asset_selection=[CUTOFF])
        )
        assert result.success
        assert pipeline.rows(BUILDS)[-1] == expected


@pytest.mark.promise(PROMISE)
def test_run_with_nothing_new_posts_what_was_rejected_and_released(pipeline: Any) -> None:
    pipeline.receive_story()
    pipeline.succeed("build")
    pipeline.ledger.misbehave = lambda _: "reject"
    pipeline.run("post")
    rejected = pipeline.rows("select entry_id from ledger.entry where state = 'rejected'")
    assert len(rejected) == sum(pipeline.states().values())

    pipeline.ledger.misbehave = lambda _: ""
    with pipeline.database.connect("controller", autocommit=False) as controller:
        for (entry_id,) in rejected:
            ledger.release(controller, entry_id)
    pipeline.succeed("build")
    assert pipeline.rows(BUILDS) == [BUILT, UNCHANGED]
    pipeline.succeed("post")
    assert pipeline.states() == {"void": len(rejected), "posted": len(rejected)}
