"""`tieout run build|post`: one job, from any scheduler, and how it ended.

Where `tieout up` lives the run goes through its queue, over the same GraphQL that other schedulers
use; where nothing lives, what it needs is started and the job runs in this process.
"""

import time
import uuid
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from orchestration import living, report
from orchestration.errors import ExpectedError
from orchestration.exceptions import failing_sources
from orchestration.execute import rebuilding
from orchestration.launcher import Launcher
from orchestration.own_sources import world_to_keep_up
from orchestration.pages import session
from orchestration.progress import Progress
from orchestration.run import enter
from orchestration.state import state_folder
from resources.settings import Settings
from resources.warehouse import triggers
from resources.warehouse.build_inputs import found_current
from resources.warehouse.database import connect
from resources.warehouse.triggers import KEY_TAG, Trigger

JOBS = ("build", "post", "replay_file")
LOOK_SECONDS = 0.5
OVER = frozenset({"SUCCESS", "FAILURE", "CANCELED"})
EXIT_CODES = {"succeeded": 0, "submitted": 0, "running": 0, "failed": 1, "held": 3}


class KeyUsedError(ExpectedError):
    """A key belongs to another job."""


@dataclass(frozen=True)
class Ended:
    """A run and how it went; `is_new` says whether this trigger started it.

    `current` says in words which build a run found current, so that it built nothing.
    """

    job: str
    run_id: str
    status: str
    key: str | None
    is_new: bool
    current: str | None = None

    @property
    def exit_code(self) -> int:
        """0 done (or submitted), 1 failed, 3 held."""
        return EXIT_CODES[self.status]


@dataclass(frozen=True)
class Asked:
    """What a trigger asks for."""

    job: str
    key: str | None = None
    must_wait: bool = False
    must_build: bool = False
    config: Mapping[str, Any] = field(default_factory=dict)


def trigger(environ: Mapping[str, str], asked: Asked, progress: Progress) -> Ended:
    """Start a job, or find the run that the key started before. Raises KeyUsedError."""
    state = state_folder(environ)
    url = living.pages_url(state)
    launcher = Launcher(environ, progress, world_to_keep_up(state, environ))
    if url is None:
        with launcher.everything() as settings:
            return _here(asked, launcher, settings)
    with launcher.database() as settings:
        client = _client(url, session.read_token(launcher.environ))
        return _there(asked, settings, client, progress)


def _client(url: str, token: str) -> Any:
    """Make the client of a platform that lives."""
    from dagster_graphql import DagsterGraphQLClient  # noqa: PLC0415 (seconds)

    place = urlsplit(url)
    known = session.headers(token)
    return DagsterGraphQLClient(place.hostname or "", port_number=place.port, headers=known)


def _there(asked: Asked, settings: Settings, client: Any, progress: Progress) -> Ended:
    """Submit to the platform that lives, and follow the run if that is asked for."""
    known = _known(asked, settings)
    run_id = known or _submit(client, asked)
    owner = _known(asked, settings) or run_id  # somebody may have been quicker with the same key
    is_new = known is None and owner == run_id
    if not asked.must_wait:
        return Ended(asked.job, owner, "submitted" if is_new else "running", asked.key, is_new)
    status = _followed(client, owner, f"{asked.job} run {owner}", progress)
    return _ended(asked, settings, owner, status, is_new=is_new)


def _ended(asked: Asked, settings: Settings, run_id: str, word: str, *, is_new: bool) -> Ended:
    """How a run ended that was waited for; `word` is Dagster's for its status."""
    status = _status(asked.job, settings, word)
    with closing(connect(settings.database, "auditor")) as connection:
        current = found_current(connection, run_id)
    return Ended(asked.job, run_id, status, asked.key, is_new, current)


def _followed(client: Any, run_id: str, name: str, progress: Progress) -> str:
    """Wait for the end of a run, and say each status on the way; returns the last one."""
    said = ""
    while (status := str(client.get_run_status(run_id).value)) not in OVER:
        if status != said:
            progress.say(f"{name}: {status.lower().replace('_', ' ')}")
            said = status
        time.sleep(LOOK_SECONDS)
    return status


def _submit(client: Any, asked: Asked) -> str:
    tags = _tags(asked)
    run_id: str = client.submit_job_execution(asked.job, run_config=dict(asked.config), tags=tags)
    return run_id


def _here(asked: Asked, launcher: Launcher, settings: Settings) -> Ended:
    """Run the job in this process unless its key has a run already."""
    from orchestration.execute import Request, execute_job, status_of  # noqa: PLC0415 (seconds)

    enter(launcher.environ, launcher.state, settings)
    run_id = str(uuid.uuid4())
    owner = _claimed(asked, settings, run_id)
    if owner != run_id:
        return _ended(asked, settings, owner, status_of(owner), is_new=False)
    log = launcher.state.logs / f"{asked.job}_errors.log"
    request = Request(run_id, _tags(asked), asked.config)
    done = execute_job(asked.job, request, launcher.progress.say, log)
    word = "SUCCESS" if done.has_succeeded else "FAILURE"
    return _ended(asked, settings, run_id, word, is_new=True)


def _tags(asked: Asked) -> dict[str, str]:
    keyed = {KEY_TAG: asked.key} if asked.key else {}
    return {**keyed, **rebuilding(must_build=asked.must_build)}


def _claimed(asked: Asked, settings: Settings, run_id: str) -> str:
    if asked.key is None:
        return run_id
    with closing(connect(settings.database, "transform", autocommit=True)) as connection:
        wanted = Trigger(asked.key, asked.job, run_id)
        return _same_job(triggers.claim(connection, wanted, datetime.now(UTC)), asked).run_id


def _known(asked: Asked, settings: Settings) -> str | None:
    if asked.key is None:
        return None
    with closing(connect(settings.database, "auditor", autocommit=True)) as connection:
        found = triggers.find(connection, asked.key)
    return _same_job(found, asked).run_id if found else None


def _same_job(found: Trigger, asked: Asked) -> Trigger:
    if found.job != asked.job:
        raise KeyUsedError(f"this key was used for the job {found.job} before")
    return found


def _status(job: str, settings: Settings, dagster_status: str) -> str:
    """How a run ended, in the words of the exit codes; a replay certifies nothing."""
    if dagster_status in {"FAILURE", "CANCELED", "NOT_STARTED"}:
        return "failed"
    if dagster_status != "SUCCESS":
        return "running"
    if job == "replay_file":
        return "succeeded"
    with closing(connect(settings.database, "auditor")) as connection:
        found = report.gather(connection)
        is_held = report.is_held(found) or not report.passes(found)
        return "held" if is_held or failing_sources(connection) else "succeeded"
