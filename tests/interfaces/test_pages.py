"""Dagster's real pages behind the guard: real HTTP and WebSocket clients, a real schema and queue.

What the guard decides is tested without a server in `tests/domain`; here is that it is asked.
"""

from collections.abc import Iterator

import pytest
from dagster import AssetKey, DagsterRunStatus
from websockets.exceptions import InvalidStatus

from orchestration.pages.mutations import HARMLESS, JUDGED, LAUNCH, reason_to_refuse_mutation
from orchestration.pages.session import cookie_name, link
from resources.allowed_runs import Whole
from tests.fixtures.pages import BEARER, HERE, TOKEN, Pages, serving

pytestmark = pytest.mark.promise(
    "Only who holds the installation's token sees Dagster's pages",
    "Dagster's pages change nothing by GET",
    "Dagster's pages start the named jobs as a whole, and change nothing else",
)
VERSION = "{ version }"
LAUNCH_RUN = """
mutation ($params: ExecutionParams!) {
  started: launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""
RELOAD = "mutation { reloadWorkspace { __typename } }"
LOGS = 'subscription { pipelineRunLogs(runId: "none") { __typename } }'


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    with serving(tmp_path_factory.mktemp("pages")) as made:
        yield made


def session_of(pages: Pages) -> dict[str, str]:
    """Return the cookie that a visit with the link sets, as a header."""
    answer = pages.ask(path=link("", TOKEN))
    return {"Cookie": f"{cookie_name(pages.port)}={answer.cookies[cookie_name(pages.port)]}"}


def launch(pages: Pages, job: str, **selector):
    params = {"selector": {**HERE, "pipelineName": job, **selector}}
    return pages.graphql(LAUNCH_RUN, params=params)


def jobs_of(pages: Pages) -> list[str]:
    return [run.job_name for run in pages.instance.get_runs()]


@pytest.mark.parametrize("path", ["/", "/server_info", "/favicon.png", "/download_debug/x"])
def test_page_without_token_is_refused(pages, path):
    answer = pages.ask(path=path)
    assert answer.status_code == 401
    assert "tieout up" in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("given", ["", "wrong", TOKEN[:-1], TOKEN.upper()])
def test_page_with_wrong_token_is_refused(pages, given):
    assert pages.ask(path=link("", given)).status_code == 401
    assert pages.ask(headers={"Authorization": f"Bearer {given}"}).status_code == 401


def test_first_visit_sets_a_session_and_a_clean_address(pages):
    answer = pages.ask(path=f"/runs?token={TOKEN}&view=all")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{pages.url}/runs?view=all"
    cookie = answer.headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert TOKEN not in cookie


def test_link_leads_to_no_other_host(pages):
    answer = pages.ask(path=f"//evil.example/x?token={TOKEN}")
    assert answer.headers["Location"].startswith(f"{pages.url}/")


def test_page_opens_with_session_and_with_token(pages):
    for headers in (session_of(pages), BEARER):
        answer = pages.ask(headers=headers)
        assert answer.status_code == 200
        assert answer.text.startswith("<!DOCTYPE html>")
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_foreign_host_is_refused(pages):
    for host in ("evil.example", f"evil.example:{pages.port}", "127.0.0.1:1"):
        assert pages.ask(headers={**BEARER, "Host": host}).status_code == 403
    assert pages.ask(headers={**BEARER, "Host": f"localhost:{pages.port}"}).status_code == 200


def test_foreign_origin_is_refused(pages):
    body = {"query": VERSION}
    for origin, status in (("http://evil.example", 403), ("null", 403), (pages.url, 200)):
        headers = {**session_of(pages), "Origin": origin}
        assert pages.ask("POST", "/graphql", json=body, headers=headers).status_code == status


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "null"])
def test_websocket_of_foreign_origin_is_refused(pages, origin):
    with pytest.raises(InvalidStatus) as refused:
        pages.socket(session_of(pages), origin)
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
def test_websocket_without_token_is_refused(pages, headers):
    with pytest.raises(InvalidStatus) as refused:
        pages.socket(headers, pages.url)
    assert refused.value.response.status_code == 401


def test_subscription_is_answered_with_session_and_token(pages):
    for headers in (session_of(pages), BEARER):
        answer = pages.subscribe(LOGS, {**headers, "Origin": pages.url})
        found = answer["payload"]["data"]["pipelineRunLogs"]["__typename"]
        assert found == "PipelineRunLogsSubscriptionFailure"


def test_mutation_over_a_websocket_does_nothing(pages):
    before = jobs_of(pages)
    selector = 'repositoryLocationName: "tieout", repositoryName: "__repository__"'
    answer = pages.subscribe(
        f"""mutation {{ launchRun(executionParams: {{selector: {{{selector},
        pipelineName: "other"}}}}) {{ __typename }} }}""",
        BEARER,
    )
    assert answer["type"] == "error" or "errors" in answer["payload"]
    assert jobs_of(pages) == before


@pytest.mark.parametrize("path", ["/graphql", "/graphql%0A", "/graphql%0a", "//graphql"])
@pytest.mark.parametrize("query", [VERSION, RELOAD])
def test_graphql_by_get_is_not_answered(pages, path, query):
    answer = pages.ask(path=path, params={"query": query}, headers=BEARER)
    assert '"data"' not in answer.text


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_graphql_of_a_form_is_refused(pages, kind):
    answer = pages.ask(
        "POST", "/graphql", params={"query": RELOAD}, data='{"query": "{ version }"}',
        headers={**session_of(pages), "Content-Type": kind},
    )  # fmt: skip
    assert answer.status_code == 405


@pytest.mark.parametrize("job", ["build", "post"])
def test_named_job_is_started(pages, job):
    started = launch(pages, job)["data"]["started"]
    assert started["__typename"] == "LaunchRunSuccess", started
    run = pages.instance.get_run_by_id(started["run"]["runId"])
    assert (run.job_name, run.status) == (job, DagsterRunStatus.QUEUED)


def test_whole_job_is_started_as_the_pages_ask_for_it(pages):
    chosen = {
        "assetSelection": [{"path": ["marts", "one"]}, {"path": ["marts", "two"]}],
        "assetCheckSelection": [{"assetKey": {"path": ["marts", "one"]}, "name": "is_right"}],
    }
    started = launch(pages, "build", **chosen)["data"]["started"]
    run = pages.instance.get_run_by_id(started["run"]["runId"])
    assert run.status == DagsterRunStatus.QUEUED


@pytest.mark.parametrize(
    ("job", "selector"),
    [
        ("other", {}),
        ("build", {"assetSelection": [{"path": ["marts", "one"]}]}),
        ("__ASSET_JOB", {"assetSelection": [{"path": ["marts", "one"]}]}),
        ("post", {"solidSelection": ["second"]}),
    ],
)
def test_other_run_is_refused_with_a_reason(pages, job, selector):
    before = jobs_of(pages)
    started = launch(pages, job, **selector)["data"]["started"]
    assert started["__typename"] == "PythonError"
    assert started["message"].startswith("refused: ")
    assert jobs_of(pages) == before


def test_mutation_behind_alias_and_fragment_is_refused(pages):
    answer = pages.graphql("""
        mutation Fine { ...inside }
        fragment inside on Mutation { fine: deleteRun(runId: "x") {
            __typename ... on PythonError { message } } }
    """)
    refused = "refused: deleteRun is not allowed on these pages"
    assert answer["data"]["fine"] == {"__typename": "PythonError", "message": refused}


def test_mutation_without_an_answer_of_refusal_is_an_error(pages):
    answer = pages.graphql('mutation { freeConcurrencySlots(runId: "x") }')
    assert answer["errors"][0]["message"].startswith("refused: freeConcurrencySlots")
    assert "extensions" not in answer["errors"][0]


def test_run_given_as_default_of_a_variable_is_refused(pages):
    selector = 'repositoryLocationName: "tieout", repositoryName: "__repository__"'
    answer = pages.graphql(f"""
        mutation ($p: ExecutionParams! = {{selector: {{{selector}, pipelineName: "other"}}}}) {{
        launchRun(executionParams: $p) {{ __typename }} }}""")
    assert answer["data"]["launchRun"]["__typename"] == "PythonError"


def test_configuration_as_text_is_read_and_refused(pages):
    config = "resources: {installation: {config: {dbt_project: /tmp}}}"
    params = {"selector": {**HERE, "pipelineName": "build"}, "runConfigData": config}
    answer = pages.graphql(LAUNCH_RUN, params=params)
    assert "no configuration" in answer["data"]["started"]["message"]


def test_harmless_mutation_is_done(pages):
    assert pages.graphql(RELOAD)["data"]["reloadWorkspace"]["__typename"] == "Workspace"


@pytest.mark.parametrize("path", ["report_asset_materialization", "report_asset_check"])
def test_event_cannot_be_written_by_hand(pages, path):
    answer = pages.ask("POST", f"/{path}/marts/one", headers=BEARER, json={})
    assert answer.status_code == 405
    assert pages.instance.get_latest_materialization_event(AssetKey(["marts", "one"])) is None


def test_list_names_mutations_of_this_dagster_only(pages):
    found = pages.graphql("{ __schema { mutationType { fields { name } } } }")["data"]
    names = {field["name"] for field in found["__schema"]["mutationType"]["fields"]}
    allowed = {*HARMLESS, *LAUNCH, *JUDGED}
    assert allowed <= names
    others = names - allowed
    assert {"deleteRun", "wipeAssets", "shutdownRepositoryLocation"} <= others
    assert all(reason_to_refuse_mutation(name, {}, lambda _: Whole()) for name in others)


def test_token_stands_in_no_line_of_the_server(tmp_path, capfd):
    with serving(tmp_path) as own:
        assert own.ask(path=link("", TOKEN)).status_code == 303
        assert own.ask(path=link("/nowhere", "wrong")).status_code == 401
    printed = capfd.readouterr()
    assert "token" not in printed.out + printed.err
    assert TOKEN not in printed.out + printed.err
