"""Runs a job in this process, as `tieout run` does, with the instance that Dagster's pages use.

The caller has set the environment (see `dagster_instance.variables`). Dagster is imported here,
when a job is executed.
"""

import logging
import os
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.warehouse.build_inputs import REBUILD_TAG

if TYPE_CHECKING:
    from dagster import DagsterInstance, JobDefinition

Say = Callable[[str], None]
LOOK_SECONDS = 0.5
SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class JobOutcome:
    """How a run ended; `failed_steps` names the steps, never what they said."""

    run_id: str
    has_succeeded: bool
    failed_steps: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Request:
    """A run to be: its id, its tags and the configuration of its steps."""

    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    tags: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)


def rebuilding(*, must_build: bool) -> dict[str, str]:
    """Return the tags of a run that builds although the newest build may be current."""
    return {REBUILD_TAG: "yes"} if must_build else {}


def execute_job(
    name: str,
    request: Request | None = None,
    say: Say | None = None,
    error_log: Path | None = None,
) -> JobOutcome:
    """Execute a job and wait for it. `say` is told of each step as it ends.

    A step's error goes to `error_log`, a file for the eyes of this machine's owner, and not into
    Dagster's event log. Runs that died before are marked as failed first.
    """
    from dagster import DagsterInstance  # noqa: PLC0415 (seconds)

    from sensors.reaping import report_dead_runs  # noqa: PLC0415 (seconds)

    with DagsterInstance.get() as instance, _errors_kept_in(error_log):
        report_dead_runs(instance)
        return _execute(_job(name), instance, request or Request(), say)


def status_of(run_id: str) -> str:
    """Return Dagster's word for a run's status; a run that it does not know has not started."""
    from dagster import DagsterInstance  # noqa: PLC0415 (seconds)

    from sensors.reaping import report_dead_runs  # noqa: PLC0415 (seconds)

    with DagsterInstance.get() as instance:
        report_dead_runs(instance)
        run = instance.get_run_by_id(run_id)
    return run.status.value if run else "NOT_STARTED"


def _job(name: str) -> "JobDefinition":
    from orchestration.definitions import defs  # noqa: PLC0415 (seconds)

    return defs().resolve_job_def(name)


def _execute(
    job: "JobDefinition", instance: "DagsterInstance", request: Request, say: Say | None
) -> JobOutcome:
    run_id = request.run_id
    with _told(instance, run_id, say):
        result = job.execute_in_process(
            instance=instance,
            tags=dict(request.tags),
            run_id=run_id,
            raise_on_error=False,
            run_config={**request.config, **SILENT},
        )
    stats = instance.get_run_stats(run_id)
    return JobOutcome(
        run_id=run_id,
        has_succeeded=result.success,
        failed_steps=tuple(e.step_key or "" for e in result.all_events if e.is_step_failure),
        seconds=round((stats.end_time or 0) - (stats.start_time or 0), 1),
    )


@contextmanager
def _told(instance: "DagsterInstance", run_id: str, say: Say | None) -> Iterator[None]:
    """Tell of each step that ends, from the event log, while the block runs."""
    if say is None:
        yield
        return
    is_over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(instance, run_id, say, is_over), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        watcher.join()


def _watch(instance: "DagsterInstance", run_id: str, say: Say, is_over: threading.Event) -> None:
    from dagster import DagsterEventType  # noqa: PLC0415 (seconds)

    wanted = {DagsterEventType.STEP_SUCCESS, DagsterEventType.STEP_FAILURE}
    cursor: str | None = None
    while True:
        is_last = is_over.wait(LOOK_SECONDS)
        found = instance.get_records_for_run(run_id, cursor=cursor, of_type=wanted)
        cursor = found.cursor
        for record in found.records:
            event = record.event_log_entry.get_dagster_event()
            how = "failed" if event.is_step_failure else "done"
            say(f"{event.step_key} {how}")
        if is_last:
            return


@contextmanager
def _errors_kept_in(path: Path | None) -> Iterator[None]:
    """Send the texts that Dagster keeps out of its event log to a private file."""
    if path is None:
        yield
        return
    os.close(os.open(path, os.O_CREAT | os.O_APPEND, 0o600))
    handler = logging.FileHandler(path, delay=True)
    logger = logging.getLogger("dagster.redacted_errors")
    logger.addHandler(handler)
    propagated, logger.propagate = logger.propagate, False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagated
        handler.close()
