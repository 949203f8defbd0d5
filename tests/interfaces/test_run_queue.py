"""The run queue refuses runs that come past the pages: a real queue over a small code location."""

from collections.abc import Iterator

import pytest
from dagster import AssetCheckKey, AssetKey, DagsterRunStatus

from tests.fixtures.pages import Pages, serving

pytestmark = pytest.mark.promise(
    "The run queue takes the named jobs as a whole, whoever submits them"
)
ALL = frozenset({AssetKey(["marts", "one"]), AssetKey(["marts", "two"])})
CHECKS = frozenset({AssetCheckKey(AssetKey(["marts", "one"]), "is_right")})
REPLAY = frozenset({AssetKey(["ops", "replay"])})


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    with serving(tmp_path_factory.mktemp("queue")) as made:
        yield made


def submit(pages: Pages, job: str, chosen=None, assets=None, checks=None):
    """Submit a run to the queue as a sensor or a backfill does, past the pages."""
    with pages.context.create_request_context() as workspace:
        [location] = workspace.code_locations
        repository = location.get_repositories()["__repository__"]
        remote = repository.get_full_job(job)
        made = location.get_execution_plan(remote, {}, chosen, None, pages.instance)
        plan = made.execution_plan_snapshot
        run = pages.instance.create_run(
            job_name=job, run_id=None, run_config={}, status=None, tags={}, root_run_id=None,
            parent_run_id=None, step_keys_to_execute=plan.step_keys_to_execute,
            execution_plan_snapshot=plan, job_snapshot=remote.job_snapshot,
            parent_job_snapshot=None, op_selection=None, resolved_op_selection=None,
            asset_selection=assets, asset_check_selection=checks, asset_graph=workspace.asset_graph,
            remote_job_origin=remote.get_remote_origin(),
            job_code_origin=remote.get_python_origin(),
        )  # fmt: skip
        return pages.instance.submit_run(run.run_id, workspace)


@pytest.mark.parametrize(
    ("job", "assets", "checks"),
    [
        ("post", None, None),
        ("build", None, None),
        ("build", ALL, None),
        ("build", ALL, CHECKS),
        ("__ASSET_JOB", REPLAY, frozenset()),
    ],
)
def test_queue_takes_a_whole_named_job(pages, job, assets, checks):
    run = submit(pages, job, assets=assets, checks=checks)
    assert run.status == DagsterRunStatus.QUEUED


@pytest.mark.parametrize(
    ("job", "steps", "assets", "checks"),
    [
        ("other", None, None, None),
        ("post", ["second"], None, None),
        ("build", None, ALL - {AssetKey(["marts", "two"])}, None),
        ("build", None, ALL, frozenset()),
        ("__ASSET_JOB", None, ALL, None),
        ("__ASSET_JOB", None, None, None),
    ],
)
def test_queue_cancels_other_runs(pages, job, steps, assets, checks):
    run = submit(pages, job, steps, assets, checks)
    assert run.status == DagsterRunStatus.CANCELED
