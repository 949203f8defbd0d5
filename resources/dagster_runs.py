"""Dagster's run queue, with our rules: a run that may not be is cancelled, not queued.

So a trigger that is repeated (by a scheduler, over GraphQL, from the command line) starts nothing
new, and no part of a job runs by itself, whoever submits it. Named in `dagster.yaml`.
"""

from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime

from dagster import AssetCheckKey, AssetKey, DagsterInstance, DagsterRun
from dagster._core.run_coordinator import QueuedRunCoordinator, SubmitRunContext
from dagster._core.workspace.context import BaseWorkspaceRequestContext

from resources.allowed_runs import ASSET_JOB, Wanted, Whole, check_key, reason_to_refuse
from resources.dagster_resources import Installation
from resources.warehouse import triggers
from resources.warehouse.triggers import KEY_TAG, Trigger


class KeyedRunCoordinator(QueuedRunCoordinator):
    """The queue that asks whether a run may be, and for its key, before it takes it in."""

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        """Queue a run, or cancel one that may not be or whose key belongs to another."""
        run = context.dagster_run
        reason = _reason(self._instance, context) or _used_before(run)
        if reason is None:
            return super().submit_run(context)
        self._instance.report_run_canceled(run, reason)
        return self._instance.get_run_by_id(run.run_id) or run


def whole_job(workspace: BaseWorkspaceRequestContext, job: str) -> Whole:
    """Return all assets and checks of a job, over all that is loaded."""
    repositories = [
        repository
        for location in workspace.code_locations
        for repository in location.get_repositories().values()
    ]
    assets = [key for one in repositories for key in one.get_asset_keys_in_job(job)]
    nodes = [node for one in repositories for node in one.get_asset_check_node_snaps(job)]
    return Whole(_assets(assets), _checks(AssetCheckKey(n.asset_key, n.name) for n in nodes))


def _reason(instance: DagsterInstance, context: SubmitRunContext) -> str | None:
    """Say why a run may not be, or None."""
    run = context.dagster_run
    checks = run.asset_check_selection if run.job_name != ASSET_JOB else None
    wanted = Wanted(
        job=run.job_name,
        assets=_assets(run.asset_selection) if run.asset_selection else None,
        checks=None if checks is None else _checks(checks),
        has_chosen_steps=bool(run.op_selection) or _leaves_steps_out(instance, run),
        config=run.run_config,
    )
    refused = reason_to_refuse(wanted, whole_job(context.workspace, run.job_name))
    return f"this run may not be: {refused}" if refused else None


def _leaves_steps_out(instance: DagsterInstance, run: DagsterRun) -> bool:
    """Whether a run takes fewer steps than its plan has."""
    if not run.execution_plan_snapshot_id or not run.step_keys_to_execute:
        return False
    plan = instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id)
    return {step.key for step in plan.steps} != set(run.step_keys_to_execute)


def _assets(keys: Iterable[AssetKey]) -> frozenset[str]:
    return frozenset("/".join(key.path) for key in keys)


def _checks(keys: Iterable[AssetCheckKey]) -> frozenset[str]:
    return frozenset(check_key("/".join(key.asset_key.path), key.name) for key in keys)


def _used_before(run: DagsterRun) -> str | None:
    """Claim the key of a run, if it has one; say so where it belongs to another run."""
    key = run.tags.get(KEY_TAG)
    owner = _owner(key, run) if key else run.run_id
    # A crashed run is tried again under an id of its own, with the same first run.
    if owner in {run.run_id, run.root_run_id}:
        return None
    return f"its key was used before, by run {owner}"


def _owner(key: str, run: DagsterRun) -> str:
    """Claim the key; return the run that has it."""
    wanted = Trigger(key, run.job_name, run.run_id)
    with closing(Installation().connect("transform", autocommit=True)) as connection:
        return triggers.claim(connection, wanted, datetime.now(UTC)).run_id
