"""Which requests Dagster's pages answer: place, session and what a mutation does."""

import json
from typing import Any

import pytest

from orchestration.pages.requests import Door, refuses_query

pytestmark = pytest.mark.promise(
    "Dagster's pages answer who holds the link, from this machine, and start named jobs alone"
)

DOOR = Door(3000, "a-token")
JSON = "application/json"
BUILD_ASSETS = frozenset({("marts", "a"), ("marts", "b")})
LAUNCH = (
    "mutation L($executionParams: ExecutionParams!) {"
    " launchPipelineExecution(executionParams: $executionParams) { __typename } }"
)


def headers(**changes: str) -> dict[str, str]:
    """Return the headers of a browser of this machine, some of them others."""
    return {"host": "127.0.0.1:3000", **changes}


def refused(query: str, variables: Any = None, **options: Any) -> int | None:
    """Return the status that a posted query is refused with, None where it is answered."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    refusal = refuses_query(body, JSON, {"build": BUILD_ASSETS}, **options)
    return refusal.status if refusal else None


def launch(job: str | None, **more: Any) -> int | None:
    """Launch a job as the pages and the Python client do."""
    selector = {"pipelineName": job, **more.pop("selector", {})}
    return refused(LAUNCH, {"executionParams": {"selector": selector, "mode": "default", **more}})


@pytest.mark.parametrize(
    "given",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1:3001"},
        {"host": "127.0.0.1"},
        {"host": ""},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:3001"},
        {"origin": "https://127.0.0.1:3000"},
        {"origin": "null"},
        {"origin": ""},
    ],
)
def test_other_host_or_origin_is_refused(given: dict[str, str]) -> None:
    refusal = DOOR.refuses_place(headers(**given))
    assert refusal is not None
    assert refusal.status == 403


@pytest.mark.parametrize("place", ["127.0.0.1:3000", "localhost:3000"])
def test_own_host_and_origin_are_answered(place: str) -> None:
    assert DOOR.refuses_place(headers(host=place)) is None
    assert DOOR.refuses_place(headers(host=place, origin=f"http://{place}")) is None


@pytest.mark.parametrize(
    ("given", "is_known"),
    [
        ({}, False),
        ({"cookie": f"tieout_pages_3000={DOOR.session}"}, True),
        ({"cookie": f"other=1; tieout_pages_3000={DOOR.session}"}, True),
        ({"cookie": "tieout_pages_3000="}, False),
        ({"cookie": f"tieout_pages_3001={DOOR.session}"}, False),
        ({"cookie": "tieout_pages_3000=a-token"}, False),
        ({"authorization": "Bearer a-token"}, True),
        ({"authorization": "Bearer another"}, False),
        ({"authorization": f"Bearer {DOOR.session}"}, False),
    ],
)
def test_session_or_token_opens_the_pages(given: dict[str, str], is_known: bool) -> None:
    assert DOOR.knows(headers(**given)) is is_known


def test_queries_and_harmless_mutations_are_answered() -> None:
    assert refused("query Q { runsOrError { __typename } }") is None
    assert refused("mutation { reloadWorkspace { __typename } }") is None
    stop = "mutation T($id: String!) { terminateRun(runId: $id) { __typename } }"
    assert refused(stop, {"id": "x"}) is None


@pytest.mark.parametrize(
    "field",
    ["deletePipelineRun", "deleteRun", "wipeAssets", "shutdownRepositoryLocation",
     "reportRunlessAssetEvents", "setSensorCursor", "setConcurrencyLimit", "addDynamicPartition",
     "resumePartitionBackfill", "someMutationOfTomorrow"],
)  # fmt: skip
def test_other_mutation_is_refused_however_it_is_written(field: str) -> None:
    for query in (
        f"mutation {{ {field} {{ __typename }} }}",
        f"mutation {{ terminateRun: {field} {{ __typename }} }}",
        f"fragment F on Mutation {{ {field} {{ __typename }} }} mutation {{ ...F }}",
        f"mutation {{ ... on Mutation {{ {field} {{ __typename }} }} }}",
        f"mutation {{ reloadWorkspace {{ __typename }} {field} {{ __typename }} }}",
    ):
        assert refused(query) == 403, query


def test_named_job_is_started_whole() -> None:
    everything = [{"path": list(path)} for path in sorted(BUILD_ASSETS)]
    assert launch("build") is None
    assert launch("post", runConfigData="{}") is None
    assert launch("build", selector={"assetSelection": everything}) is None
    config = {"ops": {"replay_file": {"config": {"name": "x"}}}}
    assert launch("replay_file", runConfigData=config) is None


@pytest.mark.parametrize(
    "asked",
    [
        {"job": "__ASSET_JOB"},
        {"job": "other"},
        {"job": "build", "selector": {"assetSelection": [{"path": ["marts", "a"]}]}},
        {"job": "__ASSET_JOB", "selector": {"assetSelection": [{"path": ["marts", "a"]}]}},
        {"job": "build", "selector": {"solidSelection": ["build_models"]}},
        {"job": "build", "stepKeys": ["propose_entries"]},
        {"job": "build", "runConfigData": {"loggers": {"console": {}}}},
        {"job": "build", "runConfigData": "loggers: {}"},
    ],
)
def test_part_of_a_job_or_another_one_is_refused(asked: dict[str, Any]) -> None:
    assert launch(**asked) == 403


def test_days_are_read_again_by_a_backfill_of_replay_alone() -> None:
    query = "mutation B($b: P!) { launchPartitionBackfill(backfillParams: $b) { __typename } }"
    replay = {"assetSelection": [{"path": ["ops", "replay"]}], "partitionNames": ["2026-10-13"]}
    assert refused(query, {"b": replay}) is None
    assert refused(query, {"b": {"assetSelection": [{"path": ["marts", "a"]}]}}) == 403


def test_arguments_written_into_the_query_are_refused() -> None:
    """They would pass by the check of the variables."""
    query = 'mutation { launchRun(executionParams: {selector: {jobName: "other"}}) { __typename } }'
    assert refused(query) == 403


def test_live_connection_changes_nothing() -> None:
    assert refused("subscription S { capturedLogs { __typename } }", is_live=True) is None
    assert refused("mutation { reloadWorkspace { __typename } }", is_live=True) == 403


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"nonsense", b'{"query": "mutation {"}',
                                  b'{"query": 7}', b'[{"query": "query Q { a }"}]'])  # fmt: skip
def test_body_that_is_no_single_request_is_refused(body: bytes) -> None:
    refusal = refuses_query(body, JSON, {})
    assert refusal is not None
    assert refusal.status == 400


def test_form_of_another_page_is_refused() -> None:
    refusal = refuses_query(b'{"query": "query Q { a }"}', "text/plain", {})
    assert refusal is not None
    assert refusal.status == 415
