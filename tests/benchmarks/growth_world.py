"""One world of so many claims, received, built and proposed; says as JSON what each part took.

A program of its own, so that no world finds the environment, the caches or the memory of another.
`python -m tests.benchmarks.growth_world CLAIMS`, with TIEOUT_HOME in the environment.
"""

import json
import os
import sys
import time
from typing import Any

from orchestration import outside
from orchestration.launcher import Launcher
from orchestration.progress import Progress
from orchestration.run import enter
from orchestration.state import World, state_folder


def measured(claims: int) -> dict[str, Any]:
    """Make, receive and build a world; seconds of its making, of each step and of each model."""
    world, state = World(claims=claims), state_folder(os.environ)
    state.make()
    begun = time.monotonic()
    outside.ensure(state, world)
    made_seconds = time.monotonic() - begun
    launcher = Launcher(os.environ, Progress(is_quiet=True), world)
    with launcher.everything() as settings:
        enter(launcher.environ, launcher.state, settings)
        steps, models = _built()
    return {"claims": claims, "parts": {"sandbox made": made_seconds, **steps}, "models": models}


def _built() -> tuple[dict[str, float], dict[str, float]]:
    """Run the build job; seconds by step, and by relation that dbt made. Raises where it fails."""
    from dagster import DagsterEventType, DagsterInstance  # noqa: PLC0415 (seconds)

    from orchestration.execute import execute_job  # noqa: PLC0415 (seconds)

    outcome = execute_job("build")
    if not outcome.has_succeeded:
        raise SystemExit(f"not built: {', '.join(outcome.failed_steps)}")
    wanted = {DagsterEventType.STEP_SUCCESS, DagsterEventType.ASSET_MATERIALIZATION}
    with DagsterInstance.get() as instance:
        records = instance.get_records_for_run(outcome.run_id, of_type=wanted).records
    events = [record.event_log_entry.get_dagster_event() for record in records]
    steps = {str(e.step_key): _step_seconds(e) for e in events if e.is_step_success}
    models = {e.asset_key.path[-1]: s for e in events if (s := _model_seconds(e)) is not None}
    return {**steps, "the whole build job": outcome.seconds}, models


def _step_seconds(event: Any) -> float:
    return float(event.step_success_data.duration_ms) / 1000


def _model_seconds(event: Any) -> float | None:
    """Seconds that dbt told of a relation; None for what dbt did not make."""
    if event.is_step_success:
        return None
    told = event.step_materialization_data.materialization.metadata.get("seconds")
    return None if told is None else float(told.value)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measured(int(sys.argv[1]))))
