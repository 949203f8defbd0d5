"""Dagster's run queue, with keys: a run whose key was used before is cancelled, not queued.

So a trigger that is repeated (by a scheduler, over GraphQL, from the command line) starts nothing
new, whoever submits it. Named in `dagster.yaml`.
"""

from contextlib import closing
from datetime import UTC, datetime

from dagster import DagsterRun
from dagster._core.run_coordinator import QueuedRunCoordinator, SubmitRunContext

from resources.dagster_resources import Installation
from resources.warehouse import triggers
from resources.warehouse.triggers import KEY_TAG, Trigger


class KeyedRunCoordinator(QueuedRunCoordinator):
    """The queue that asks for the key of a run before it takes it in."""

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        """Queue a run, or cancel one whose key belongs to another."""
        run = context.dagster_run
        key = run.tags.get(KEY_TAG)
        owner = _owner(key, run) if key else run.run_id
        # A crashed run is tried again under an id of its own, with the same first run.
        if owner in {run.run_id, run.root_run_id}:
            return super().submit_run(context)
        self._instance.report_run_canceled(run, f"its key was used before, by run {owner}")
        return self._instance.get_run_by_id(run.run_id) or run


def _owner(key: str, run: DagsterRun) -> str:
    """Claim the key; return the run that has it."""
    wanted = Trigger(key, run.job_name, run.run_id)
    with closing(Installation().connect("transform", autocommit=True)) as connection:
        return triggers.claim(connection, wanted, datetime.now(UTC)).run_id
