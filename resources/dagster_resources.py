"""What assets ask for, as Dagster resources: thin shells over the plain clients beside this file.

Every secret stays in the environment, which is read when a run needs it and never at load.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import dagster as dg
import psycopg
from pydantic import PrivateAttr

from billing.ledger.erp import ErpLedger
from resources.anchor_file import keep
from resources.archive import Archive
from resources.code_identity import Identity, identity
from resources.dbt_runner import DbtRunner
from resources.erp_choice import erp_ledger
from resources.job_lock import only_run
from resources.settings import Settings, load_settings
from resources.warehouse import build_inputs, builds
from resources.warehouse.database import connect
from resources.warehouse.kept import kept_connection
from resources.warehouse.ledger import audit_head

DBT_PROJECT = Path(__file__).parents[1] / "dbt_project"


class Installation(dg.ConfigurableResource[Any]):
    """The settings of this installation, its archive, and its database as each role."""

    dbt_project: str = str(DBT_PROJECT)

    @cached_property
    def settings(self) -> Settings:
        """Read the environment, once per run."""
        return load_settings()

    @property
    def archive(self) -> Archive:
        """Return the byte archive."""
        return Archive(self.settings.archive_folder)

    @property
    def dbt(self) -> DbtRunner:
        """Return dbt, building in this installation's database."""
        return DbtRunner(Path(self.dbt_project), self.settings.home / "dbt", self.settings.database)

    def connect(self, role: str, *, autocommit: bool = False) -> psycopg.Connection[Any]:
        """Open a connection as the login of a role."""
        return connect(self.settings.database, role, autocommit=autocommit)

    def keep_anchor(self, connection: psycopg.Connection[Any]) -> str:
        """Keep the head of the audit outside of the database; return it as SEQ:HASH."""
        anchor = audit_head(connection).anchor
        keep(self.settings.anchor_file, anchor, datetime.now(UTC))
        return anchor

    def kept_connection(self, role: str) -> AbstractContextManager[psycopg.Connection[Any]]:
        """Lend a connection that stays open in this process, for a look every few seconds."""
        return kept_connection(self.settings.database, role)


class Erp(dg.ConfigurableResource[Any]):
    """The ERP behind the protocol; one client per use, since a thread has its own."""

    installation: dg.ResourceDependency[Installation]

    @property
    def is_configured(self) -> bool:
        """Say whether an ERP is named at all."""
        return self.installation.settings.erp.is_configured

    def ledger(self) -> ErpLedger:
        """Return a client. Raises MissingSettingError, InvalidSettingError, PolicyFileError."""
        return erp_ledger(self.installation.settings.erp)


class JobRun(dg.ConfigurableResource[Any]):
    """A run that is alone: it holds its job's lock from its first step to its last.

    A build is also recorded, with the run's id as its own. `dagster job execute` makes resources
    once more after the run: nothing is locked or recorded for a run that has ended.
    """

    job: Literal["build", "post", "replay"]
    installation: dg.ResourceDependency[Installation]
    _run_id: str = PrivateAttr(default="")
    _as_of: date | None = PrivateAttr(default=None)
    _running: Identity | None = PrivateAttr(default=None)
    _must_build: bool = PrivateAttr(default=False)
    _inputs: dict[str, str] | None = PrivateAttr(default=None)
    _current_build_id: str | None = PrivateAttr(default=None)

    @property
    def build_id(self) -> str:
        """Return the id of this run."""
        return self._run_id

    @property
    def as_of(self) -> date:
        """Return the as-of date that was stored when the run began."""
        if self._as_of is None:
            raise RuntimeError("the run has not begun")
        return self._as_of

    def follow_evidence(self) -> date:
        """Move the as-of date on to the newest evidence, where the installation says so."""
        if self.installation.settings.as_of_moves:
            with self.installation.connect("transform") as connection:
                latest = builds.latest_evidence(connection, datetime.now(UTC).date())
                if latest is not None and latest > self.as_of:
                    self._as_of = builds.move_as_of(connection, self._run_id, latest)
        return self.as_of

    def find_current(self) -> build_inputs.Verdict:
        """Say which earlier build is current; this run then builds nothing and names that one."""
        with self.installation.connect("transform") as connection:
            models = self.installation.dbt.source_key()
            self._inputs = build_inputs.read_inputs(connection, self._identity(), models)
            kept = build_inputs.newest(connection)
            names = [name.split(".")[1] for name in (kept.relations if kept else None) or ()]
            relations = build_inputs.read_relations(connection, names)
        verdict = build_inputs.decide(kept, self._inputs, relations)
        if self._must_build:
            return build_inputs.Verdict(None, f"asked to build; {verdict.reason}")
        self._current_build_id = verdict.build_id
        return verdict

    def keep_inputs(self, names: Iterable[str]) -> None:
        """Keep what this build was made from, and the state of the relations that it made."""
        if self._inputs is None:
            return  # only some steps were asked for: the next whole build keeps its own
        with self.installation.connect("transform") as connection:
            relations = build_inputs.read_relations(connection, names)
            build_inputs.keep(connection, self._run_id, self._inputs, relations)

    def _identity(self) -> Identity:
        if self._running is None:
            self._running = identity()
        return self._running

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["JobRun"]:
        """Hold the lock, and for a build its record, while the run's steps are executed."""
        self._run_id = context.run.run_id if context.run else ""
        if _has_ended(context, self._run_id):
            yield self
            return
        with only_run(self._lock_connection(), self.job, self._run_id):
            self._as_of = self._read_as_of()
            self._must_build = bool(context.run and build_inputs.REBUILD_TAG in context.run.tags)
            if self.job == "build":
                yield from self._recorded(context)
            else:
                yield self

    def _recorded(self, context: dg.InitResourceContext) -> Iterator["JobRun"]:
        with self.installation.connect("transform") as connection:
            builds.begin(connection, self._run_id, self.as_of, self._identity())
        is_good = False
        try:
            yield self
            is_good = not _has_failed_step(context, self._run_id)
        finally:
            self._finish(is_good=is_good)

    def _finish(self, *, is_good: bool) -> None:
        with self.installation.connect("transform") as connection:
            if is_good and self._current_build_id is not None:
                build_inputs.finish_unchanged(connection, self._run_id, self._current_build_id)
            else:
                builds.finish(connection, self._run_id, is_good=is_good)

    def _lock_connection(self) -> psycopg.Connection[Any]:
        return self.installation.connect("transform", autocommit=True)

    def _read_as_of(self) -> date:
        with self.installation.connect("transform") as connection:
            return builds.as_of(connection)


def _has_ended(context: dg.InitResourceContext, run_id: str) -> bool:
    run = context.instance.get_run_by_id(run_id) if context.instance else None
    return bool(run and run.is_finished)


def _has_failed_step(context: dg.InitResourceContext, run_id: str) -> bool:
    if context.instance is None:
        return False
    return bool(context.instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE))
