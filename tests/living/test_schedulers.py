"""Schedulers outside start the same jobs: over GraphQL, from the command line, from Airflow.

All against a platform that lives; what the pages of `docs/` and `examples/` show is done here.
"""

import ast
import json
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from dagster_graphql import DagsterGraphQLClient

from orchestration import living
from orchestration.state import read_secrets, state_folder
from tests.fixtures.living import ROOT, TIEOUT, Platform

pytestmark = pytest.mark.xdist_group("living")
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}
DAG = ROOT / "examples" / "airflow" / "tieout_dag.py"
BACKFILL = """
mutation ($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""


def program(platform: Platform, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(TIEOUT), *arguments], cwd=ROOT, env=platform.environ,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


def tieout(platform: Platform, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = program(platform, *arguments, "--json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def client(platform: Platform) -> DagsterGraphQLClient:
    url = urlsplit(living.pages_url(state_folder(platform.environ)) or "")
    token = read_secrets(state_folder(platform.environ))["TIEOUT_PAGES_TOKEN"]
    headers = {"Authorization": f"Bearer {token}"}
    return DagsterGraphQLClient(url.hostname or "", port_number=url.port, headers=headers)


@pytest.mark.promise("Only who holds the installation's token sees Dagster's pages")
def test_pages_of_a_platform_keep_its_token_to_themselves(platform: Platform) -> None:
    state = state_folder(platform.environ)
    url, token = living.pages_url(state) or "", read_secrets(state)["TIEOUT_PAGES_TOKEN"]
    known = {"Authorization": f"Bearer {token}"}
    assert requests.get(url, timeout=60).status_code == 401
    assert requests.get(url, headers=known, timeout=60).status_code == 200
    logs = [platform.home / "up.log", *state.logs.glob("*.log")]
    assert [path.name for path in logs if token in path.read_text(errors="replace")] == []
    lines = [one.info["cmdline"] or [] for one in psutil.process_iter(["cmdline"])]
    assert not any(token in word for line in lines for word in line)


def ended(client: DagsterGraphQLClient, run_id: str) -> str:
    while (status := client.get_run_status(run_id).value) not in ENDED:
        time.sleep(0.5)
    return status


@pytest.mark.promise("A build is started over GraphQL, and a repeated key starts nothing.")
def test_a_build_is_started_over_graphql_and_a_repeated_key_starts_nothing(
    platform: Platform, client: DagsterGraphQLClient
) -> None:
    first = client.submit_job_execution("build", tags={"tieout/key": "graphql-1"})
    again = client.submit_job_execution("build", tags={"tieout/key": "graphql-1"})
    assert ended(client, first) == "SUCCESS"
    assert ended(client, again) == "CANCELED"
    assert platform.rows("select status from ops.build where build_id = %s", again) == []


@pytest.mark.promise(
    "`tieout run build --wait` says how the build ended, and a repeated key returns the same run."
)
def test_the_command_line_waits_for_a_build_and_says_how_it_ended(platform: Platform) -> None:
    code, found = tieout(platform, "run", "build", "--wait", "--key", "cli-1")
    assert (code, found["status"], found["is_new"]) == (0, "succeeded", True)
    code, again = tieout(platform, "run", "build", "--wait", "--key", "cli-1")
    assert (code, again["run_id"], again["is_new"]) == (0, found["run_id"], False)


@pytest.mark.promise("Of triggers at the same time with one key, one starts a run.")
def test_of_triggers_at_the_same_time_with_one_key_one_starts_a_run(platform: Platform) -> None:
    with ThreadPoolExecutor(max_workers=3) as pool:
        asked = [
            pool.submit(tieout, platform, "run", "post", "--wait", "--key", "race")
            for _ in range(3)
        ]
        found = [one.result() for one in asked]
    assert len({answer["run_id"] for _, answer in found}) == 1
    assert sum(answer["is_new"] for _, answer in found) == 1
    assert {code for code, _ in found} == {0}


@pytest.mark.promise("A key that was used for another job is refused.")
def test_a_key_of_another_job_is_refused(platform: Platform) -> None:
    done = program(platform, "run", "post", "--key", "cli-1")
    assert done.returncode == 1
    assert "used for the job build" in done.stderr


@pytest.mark.promise("A range of days is backfilled over the API in one run.")
def test_a_range_of_days_is_backfilled_over_the_api_in_one_run(
    platform: Platform, client: DagsterGraphQLClient
) -> None:
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    params = {
        "assetSelection": [{"path": ["ops", "replay"]}],
        "partitionNames": ["2026-01-01", "2026-01-02", today],
    }
    answer = client._execute(BACKFILL, {"params": params})
    backfill = answer["launchPartitionBackfill"].get("backfillId")
    assert backfill, answer
    query = """query ($id: String!) { partitionBackfillOrError(backfillId: $id) {
        ... on PartitionBackfill { status numPartitions } } }"""

    def status() -> str:
        found = client._execute(query, {"id": backfill})["partitionBackfillOrError"]
        return str(found["status"])

    platform.until(lambda: status() in {"COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED"})
    assert status() == "COMPLETED_SUCCESS"


@pytest.mark.promise("One file is replayed from the command line, and an unknown one fails.")
def test_one_file_is_replayed_from_the_command_line(platform: Platform) -> None:
    ((name,),) = platform.rows("select name from ops.received_file where kind = 'x12' limit 1")
    code, found = tieout(platform, "replay", name)
    assert (code, found["status"]) == (0, "succeeded")
    refused = program(platform, "replay", "no-such-file.835")
    assert refused.returncode == 1
    assert "no received file has this name" in refused.stderr


@pytest.mark.promise("The Airflow example asks only for what the command has.")
def test_the_airflow_dag_asks_only_for_what_the_command_has() -> None:
    text = DAG.read_text()
    tree = ast.parse(text)
    called = [
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "run_job"
        and isinstance(node.args[0], ast.Constant)
    ]  # fmt: skip
    assert called == ["build", "post"]
    shown = subprocess.run(
        [str(TIEOUT), "run", "--help"], capture_output=True, text=True, check=True,
        env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    assert all(option in shown.stdout for option in ("--wait", "--key", "--json"))


@pytest.mark.skipif(
    not os.environ.get("TIEOUT_AIRFLOW"),
    reason="TIEOUT_AIRFLOW names no airflow executable; installing it takes minutes",
)
@pytest.mark.promise("The Airflow example runs: one build and one post, each with its key.")
def test_the_airflow_dag_runs(platform: Platform, tmp_path: Path) -> None:
    environ = {
        **platform.environ, "AIRFLOW_HOME": str(tmp_path), "TIEOUT_COMMAND": str(TIEOUT),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAG.parent), "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }  # fmt: skip
    airflow = os.environ["TIEOUT_AIRFLOW"]
    subprocess.run([airflow, "db", "migrate"], env=environ, check=True, capture_output=True)
    done = subprocess.run(
        [airflow, "dags", "test", "tieout_daily_close", "2026-11-20"],
        env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    keys = platform.rows("select key from ops.trigger where key like 'airflow-%%' order by 1")
    assert keys == [("airflow-build-2026-11-20-1",), ("airflow-post-2026-11-20-1",)]
