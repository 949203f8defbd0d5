"""`tieout run`: everything up, the build job, the posting decision, the post job, the table.

The jobs are the ones that Dagster runs; the decision is the sensor's own function.
"""

import logging
import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamina.instrumentation import LoggingOnRetryHook, set_on_retry_hooks

from orchestration import report
from orchestration.dagster_instance import variables, write_instance
from orchestration.exceptions import failing_sources
from orchestration.launcher import Launcher
from orchestration.progress import Progress
from orchestration.state import StateFolder, World
from orchestration.status import connections
from resources.settings import Settings
from resources.warehouse.build_inputs import found_current
from resources.warehouse.database import connect

if TYPE_CHECKING:
    from orchestration.execute import Request


@dataclass(frozen=True)
class RunOutcome:
    """What to print and how it went."""

    lines: list[str]
    has_failed: bool
    is_held: bool


def run_pipeline(
    environ: Mapping[str, str], progress: Progress, world: World, *, must_build: bool = False
) -> RunOutcome:
    """Run both jobs over a world and report. Raises an ExpectedError when set-up fails.

    The build job builds nothing while the newest build is current, unless `must_build`.
    """
    launcher = Launcher(environ, progress, world)
    with launcher.everything(meanwhile=lambda: _load(launcher.state, progress)) as settings:
        enter(launcher.environ, launcher.state, settings)
        from orchestration.deploy_checks import deploy  # noqa: PLC0415 (imports dagster)

        deploy(settings)
        failed = _build(settings, launcher.state, progress, must_build=must_build) or _post(
            settings, launcher.state, progress
        )
        with closing(connect(settings.database, "auditor")) as connection:
            found = report.gather(connection)
            failing = failing_sources(connection)
        lines = [
            launcher.world.title,
            *_failing_lines(failing),
            *report.render(found),
            *_next(found, settings),
        ]
    has_failed = failed or not report.ties(found)
    progress.say("failed" if has_failed else "done")
    is_held = report.is_held(found) or not report.passes(found) or bool(failing)
    return RunOutcome(lines, has_failed, is_held)


def _failing_lines(failing: list[dict[str, Any]]) -> list[str]:
    """Sources that gave nothing, or not everything: what follows is without their newest files."""
    return [f"source {one['source']} fails: {one['message']} ({one['code']})" for one in failing]


def _load(state: StateFolder, progress: Progress) -> None:
    """Import what takes seconds and have the models ready, while servers are starting."""
    with progress.stage("pipeline loaded, models ready"):
        import orchestration.definitions  # noqa: F401, PLC0415
        from resources.dagster_resources import DBT_PROJECT  # noqa: PLC0415
        from resources.dbt_runner import DbtRunner  # noqa: PLC0415

        if DbtRunner(DBT_PROJECT, state.dbt).ensure_manifest():
            # Models that no run here has built yet: the build will judge them.
            import great_expectations  # noqa: F401, PLC0415


def enter(environ: Mapping[str, str], state: StateFolder, settings: Settings) -> None:
    """Give this process the environment that Dagster and dbt read."""
    write_instance(state.dagster)
    os.environ.update(environ)
    os.environ.update(variables(state.dagster, settings.database.login("dagster")))
    _log_retries(state.logs / "retries.log")


def _log_retries(path: Path) -> None:
    """Calls that were tried again go to a log: they are no news on a screen."""
    logger = logging.getLogger("stamina")
    logger.addHandler(logging.FileHandler(path, delay=True))
    logger.propagate = False
    set_on_retry_hooks([LoggingOnRetryHook])


def _build(settings: Settings, state: StateFolder, progress: Progress, *, must_build: bool) -> bool:
    """Run the build job, and say where it found nothing new; True when it failed."""
    from orchestration.execute import Request, rebuilding  # noqa: PLC0415 (imports dagster)

    request = Request(tags=rebuilding(must_build=must_build))
    failed = _job("build", state, progress, request)
    with closing(connect(settings.database, "auditor")) as connection:
        current = found_current(connection, request.run_id)
    if current is not None:
        progress.say(current)
    return failed


def _job(
    name: str, state: StateFolder, progress: Progress, request: "Request | None" = None
) -> bool:
    """Run a job; True when it failed."""
    from orchestration.execute import execute_job  # noqa: PLC0415 (imports dagster)

    log = state.logs / f"{name}_errors.log"
    outcome = execute_job(name, request, lambda step: progress.say(f"  {name}: {step}"), log)
    if outcome.has_succeeded:
        progress.say(f"{name} job done ({outcome.seconds:.1f} s)")
        return False
    progress.warn(f"{name} job failed at {', '.join(outcome.failed_steps)}; see {log}")
    return True


def _post(settings: Settings, state: StateFolder, progress: Progress) -> bool:
    """Post when the sensor would, and in any case read the ERP's balances afresh."""
    from sensors.posting import decide, read_state  # noqa: PLC0415 (imports dagster)

    with closing(connect(settings.database, "poster")) as connection:
        decision = decide(read_state(connection))
    progress.say(f"posting: {decision.reason}")
    return _job("post", state, progress)


def _next(found: report.Report, settings: Settings) -> list[str]:
    """Where to look next, with a document that is really there."""
    bi = connections(settings)
    lines = ["", "Where to look next"]
    for row in found["document"]:
        lines.append(f"  .venv/bin/tieout trace {row['entity_code']}:{row['document_number']}")
    lines += [
        "  .venv/bin/tieout exceptions | status | prove | approve --list",
        "  .venv/bin/tieout up    Dagster's pages, with everything running",
        f"  BI, while it runs: postgresql://{bi['user']}@{bi['host']}:{bi['port']}/"
        f"{bi['database']} (schema marts)",
        f"  its password: {bi['password_variable']} in {bi['password_file']}",
    ]
    return lines
