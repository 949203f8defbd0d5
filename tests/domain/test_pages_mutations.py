"""Which mutations of Dagster's are allowed, and which runs there may be, without a server."""

import pytest

from orchestration.pages.mutations import HARMLESS, JUDGED, LAUNCH, reason_to_refuse_mutation
from resources.allowed_runs import JOBS, Wanted, Whole, reason_to_refuse

pytestmark = pytest.mark.promise(
    "Dagster's pages start the named jobs as a whole, and change nothing else"
)
WHOLE = Whole(frozenset({"a/one", "a/two"}), frozenset({"a/one:is_right"}))
ALL = [{"path": ["a", "one"]}, {"path": ["a", "two"]}]
CHECKS = [{"assetKey": {"path": ["a", "one"]}, "name": "is_right"}]
REPLAY = [{"path": ["ops", "replay"]}]
FILE = {"ops": {"replay_one_file": {"config": {"file": "a.835"}}}}


def refuse(name, **given):
    return reason_to_refuse_mutation(name, given, lambda job: WHOLE if job == "build" else Whole())


def launch(job="build", tags=(), metadata=(), params=(), **selector):
    return {
        "selector": {"pipelineName": job, **selector},
        "executionMetadata": {"tags": [{"key": k, "value": v} for k, v in tags], **dict(metadata)},
        **dict(params),
    }


def refuse_launch(*args, **more):
    return refuse("launchRun", executionParams=launch(*args, **more))


@pytest.mark.parametrize("job", sorted(JOBS - {"replay_file"}))  # which needs a file
@pytest.mark.parametrize("name", ["launchRun", "launchPipelineExecution"])
def test_named_job_is_accepted(name, job):
    assert refuse(name, executionParams=launch(job)) is None


@pytest.mark.parametrize(
    "params",
    [
        launch(assetSelection=ALL, assetCheckSelection=CHECKS),
        launch(assetSelection=[]),
        launch(tags=[("tieout/key", "k"), ("tieout/rebuild", "yes"), ("dagster/from_ui", "true")]),
        launch(tags=[("dagster/retry_strategy", "ALL_STEPS")]),
        launch("replay_file", params={"runConfigData": FILE}),
        launch("replay", tags=[("dagster/partition", "2026-11-01")]),
        launch("__ASSET_JOB", assetSelection=REPLAY, assetCheckSelection=[]),
        {"selector": {"jobName": "post"}},
    ],
)
def test_whole_job_is_accepted_however_it_is_said(params):
    assert refuse("launchRun", executionParams=params) is None


@pytest.mark.parametrize(
    "params",
    [
        launch("other"),
        {"selector": {}},
        launch("__ASSET_JOB"),
        launch("__ASSET_JOB", assetSelection=ALL),
        launch("__ASSET_JOB", assetSelection=REPLAY + ALL),
        launch(assetSelection=ALL[:1]),
        launch(assetSelection=ALL, assetCheckSelection=[]),
        launch(assetCheckSelection=[]),
        launch("post", assetSelection=ALL),
        launch(solidSelection=["build_models"]),
        launch(params={"stepKeys": ["issue_certificate"]}),
        launch(params={"runConfigData": {"resources": {"installation": {"config": {}}}}}),
        launch(params={"runConfigData": FILE}),
        launch("replay_file", params={"runConfigData": {**FILE, "resources": {}}}),
        launch("replay_file", params={"runConfigData": {"ops": {"replay_one_file": "x"}}}),
        launch("replay_file", params={"runConfigData": "not read"}),
        launch(tags=[("dagster/max_retries", "9")]),
        launch(tags=[("dagster/retry_strategy", "FROM_FAILURE")]),
        launch(tags=[("dagster/is_resume_retry", "true")]),
        launch(tags=[("note", "x")]),
        launch(metadata={"rootRunId": "r"}),
        launch(metadata={"parentRunId": "r"}),
    ],
)
def test_run_outside_the_named_jobs_is_refused(params):
    assert refuse("launchRun", executionParams=params)
    assert refuse("launchPipelineExecution", executionParams=params)
    assert refuse("launchMultipleRuns", executionParamsList=[launch(), params])


@pytest.mark.parametrize("name", ["launchRunReexecution", "launchPipelineReexecution"])
def test_run_is_repeated_from_its_start_only(name):
    def repeat(strategy, tags=()):
        params = {"parentRunId": "r", "strategy": strategy, "extraTags": list(tags)}
        return refuse(name, reexecutionParams=params)

    assert repeat("ALL_STEPS") is None
    assert "from its start" in repeat("FROM_FAILURE")
    assert "from its start" in repeat("FROM_ASSET_FAILURE")
    assert "these tags" in repeat("ALL_STEPS", [{"key": "dagster/priority", "value": "9"}])
    assert "as it was" in refuse(name, executionParams=launch())


@pytest.mark.parametrize(
    ("params", "is_allowed"),
    [
        ({"assetSelection": REPLAY, "partitionNames": ["2026-11-01"]}, True),
        ({"assetSelection": REPLAY, "allPartitions": True, "tags": []}, True),
        ({"assetSelection": ALL, "partitionNames": ["2026-11-01"]}, False),
        ({"partitionNames": ["2026-11-01"]}, False),
        ({"selector": {"partitionSetName": "x"}, "partitionNames": ["2026-11-01"]}, False),
        ({"assetSelection": REPLAY, "runConfigData": {"ops": {}}}, False),
        ({"assetSelection": REPLAY, "reexecutionSteps": ["x"]}, False),
        ({"assetSelection": REPLAY, "tags": [{"key": "x", "value": "y"}]}, False),
        ({"partitionsByAssets": [{"assetKey": ALL[0]}]}, False),
    ],
)
def test_backfill_is_of_days_read_again_only(params, is_allowed):
    reason = refuse("launchPartitionBackfill", backfillParams=params)
    assert (reason is None) == is_allowed


@pytest.mark.parametrize("name", ["terminateRun", "terminateRuns", "terminatePipelineExecution"])
def test_run_is_ended_safely_only(name):
    assert refuse(name, runId="r") is None
    assert refuse(name, runId="r", terminatePolicy="SAFE_TERMINATE") is None
    assert refuse(name, runId="r", terminatePolicy="MARK_AS_CANCELED_IMMEDIATELY")


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_harmless_mutation_is_accepted(name):
    assert refuse(name) is None


@pytest.mark.parametrize("name", ["deleteRun", "wipeAssets", "stopSensor", "madeUpTomorrow"])
def test_mutation_outside_the_list_is_refused(name):
    assert refuse(name) == f"{name} is not allowed on these pages"


def test_no_mutation_is_listed_twice():
    names = [*HARMLESS, *LAUNCH, *JUDGED]
    assert len(set(names)) == len(names)


def test_reason_names_the_jobs_there_are():
    assert "build, post, replay, replay_file" in (reason_to_refuse(Wanted("x"), Whole()) or "")
