"""Starts what a command needs, and stops it again when nobody needs it any more.

The database comes up for every command; the outside world and the ERP for those that ask. No
dagster here: a run of the pipeline is `orchestration/run.py`.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from billing.governance.roles import read_roles
from orchestration import commands, erp, living, outside, processes
from orchestration.databases import Embedded, Server, choose_server, database_variables
from orchestration.errors import ExpectedError
from orchestration.own_sources import LAUNCHED, hidden, names_own_erp
from orchestration.progress import Progress
from orchestration.schema_check import refuse_changed_schema
from orchestration.state import (
    StateFolder,
    World,
    keep_world,
    only_one,
    read_secrets,
    read_world,
    state_folder,
)
from resources.settings import ROLES, Settings, load_settings
from resources.warehouse.governance_load import keep_hash_key, load_governance, set_as_of
from resources.warehouse.server.administrator import as_owner
from resources.warehouse.server.close_public import close_shared
from resources.warehouse.server.migrate import ensure_database, migrate, refuse_other_version
from resources.warehouse.server.roles import ensure_roles

GOVERNANCE = Path(__file__).parents[1] / "governance"


class NothingHereError(ExpectedError):
    """The command needs what only `tieout run` makes."""


class Launcher:
    """One state folder, one world, and the environment that every part of a run is given."""

    def __init__(
        self, environ: Mapping[str, str], progress: Progress, world: World | None = None
    ) -> None:
        """`world` is the one to work on; the last run's unless given. Nothing starts here."""
        self.state: StateFolder = state_folder(environ)
        self.progress = progress
        self.world = world or read_world(self.state)
        self.environ = dict(environ)
        self.server: Server | None = None  # the database's, while `everything` lasts
        self.has_own_erp = self.world.own and names_own_erp(environ)

    @contextmanager
    def database(self) -> Iterator[Settings]:
        """The database of this world for a command that reads or signs.

        Raises NothingHereError where no `tieout run` made it yet, and MigrationError where
        another version of Tieout did.
        """
        if not self.state.secrets.exists():
            raise NothingHereError(f"nothing in {self.state.root} yet: start with `tieout run`")
        with self._serving() as server:
            settings = self._settings(server)
            refuse_other_version(server.address().url("postgres"), settings.database)
            yield settings

    @contextmanager
    def database_and_erp(self) -> Iterator[Settings]:
        """The database and the ERP of this world, as `database`."""
        with self.database() as settings:
            yield self.with_erp(settings)

    def with_erp(self, settings: Settings) -> Settings:
        """Start the ERP of this world inside `database`. Raises what starting it does."""
        self.environ.update(self._start_erp(settings))
        return load_settings(self.environ)

    @contextmanager
    def everything(self, meanwhile: Callable[[], None] | None = None) -> Iterator[Settings]:
        """Set up and start whatever a run needs, from nothing where there is nothing.

        Whatever a killed run left half made is finished or thrown away here. `meanwhile` is done
        while others are waited for.
        """
        self.state.make()
        living.refuse_another_world(self.state, self.world)
        with self._serving() as server:
            with only_one(self.state):
                self._set_up(server, meanwhile)
            self.server = server
            yield load_settings(self.environ)

    def start_outside(self) -> None:
        """Serve the outside world again after it died."""
        with only_one(self.state):
            outside.ensure(self.state, self.world)

    def start_erp(self) -> None:
        """Start the ERP again after it died."""
        with only_one(self.state):
            quiet = Progress(is_quiet=True)
            erp.ensure(self.state, load_settings(self.environ), self.world, quiet)

    def _set_up(self, server: Server, meanwhile: Callable[[], None] | None) -> None:
        keep_world(self.state, self.world)
        settings = self._settings(server)
        with self.progress.stage("database ready, schema up to date"):
            self._prepare(server, settings)
        self._start_rest(settings, meanwhile)

    def stop_all(self) -> list[str]:
        """Stop every server of this state folder, whoever uses it; returns what was running."""
        stopped = ["up"] if living.stop(self.state) else []
        stopped += self._stop_rest()
        if self._has_embedded:
            server = choose_server(self.state, read_secrets(self.state), {})
            if server.is_alive():
                server.stop()
                stopped.append("database")
        return stopped

    def destroy(self) -> None:
        """Stop every server and delete the state folder, and data that lie outside it."""
        self.stop_all()
        if self._has_embedded:
            choose_server(self.state, read_secrets(self.state), {}).destroy()
        shutil.rmtree(self.state.root, ignore_errors=True)

    def servers(self) -> list[dict[str, str]]:
        """Each server of this state folder, as it was before the command that asks."""
        found = [_seen("sandbox", path) for path in self._sandboxes()]
        found.append(_seen("erp", erp.run_file(self.state)))
        found += [_seen(f"dagster {name}", path) for name, path in living.program_files(self.state)]
        if self.state.secrets.exists():
            server = choose_server(self.state, read_secrets(self.state), self.environ)
            is_alive = server.is_alive()
            word, address = ("running", server.address()) if is_alive else ("stopped", None)
            where = f"{address.host}:{address.port}" if address else ""
            found.insert(0, {"name": "database", "state": word, "address": where})
        return found

    @property
    def _has_embedded(self) -> bool:
        return self.state.secrets.exists() and self.state.postgres.exists()

    @contextmanager
    def _serving(self) -> Iterator[Server]:
        """The database server, up; at the end everything stops if this was the last command."""
        self.state.make()
        server = choose_server(self.state, read_secrets(self.state), self.environ)
        commands.sign_in(self.state)
        try:
            server.start()
            yield server
        finally:
            with commands.sign_out(self.state) as nobody_left:
                if nobody_left:
                    self._stop_servers(server)

    def _settings(self, server: Server) -> Settings:
        """Complete the environment with what the state folder knows; given variables win."""
        found = database_variables(server.address(), self.world, self.environ)
        known = {**read_secrets(self.state), **found, "TIEOUT_HOME": str(self.state.root)}
        known["DAGSTER_HOME"] = str(self.state.dagster)
        given = {name: value for name, value in self.environ.items() if value}
        theirs = {} if self.world.own else hidden(self.environ)
        self.environ = {**known, **given, **found, **theirs, LAUNCHED: self.world.name}
        return load_settings(self.environ)

    def _prepare(self, server: Server, settings: Settings) -> None:
        admin = server.address().url("postgres")
        prefix = settings.database.role_prefix
        passwords = {role: settings.database.passwords[role] for role in ROLES}
        policy = read_roles((GOVERNANCE / "roles.yaml").read_text())
        ensure_roles(admin, prefix, passwords, policy)
        if isinstance(server, Embedded):
            close_shared(admin)
        migrate(admin, settings.database, policy)
        refuse_changed_schema(self.state.root / "schema", settings.database, policy)
        dagster = settings.database.dagster_name
        ensure_database(admin, dagster, settings.database.login("dagster"))
        with as_owner(server.address().url(settings.database.name), prefix) as owner:
            load_governance(owner, GOVERNANCE)
            set_as_of(owner, self.world.as_of)
            keep_hash_key(owner, settings.hash_key)

    def _start_rest(self, settings: Settings, meanwhile: Callable[[], None] | None) -> None:
        """The outside world and the ERP at the same time: both take a while the first time."""
        with ThreadPoolExecutor(max_workers=2) as pool:
            world = pool.submit(self._start_outside)
            ledger = pool.submit(self._start_erp, settings)
            if meanwhile:
                meanwhile()
            self.environ.update(world.result())
            self.environ.update(ledger.result())
        ready = load_settings(self.environ)
        with self.progress.stage("accounting periods mirrored from the ERP"):
            erp.mirror_periods(ready)

    def _start_erp(self, settings: Settings) -> dict[str, str]:
        """Our own Tryton; nothing where a user's own sources are posted to a user's own ERP."""
        if self.has_own_erp:
            return {}
        return erp.ensure(self.state, settings, self.world, self.progress)

    def _start_outside(self) -> dict[str, str]:
        if self.world.own:
            return {}
        with self.progress.stage(f"outside world ready: {self.world.title}"):
            return outside.ensure(self.state, self.world)

    def _stop_servers(self, server: Server) -> None:
        self._stop_rest()
        server.stop()

    def _stop_rest(self) -> list[str]:
        """Stop all but the database; returns what was running."""
        stopped = living.stop_programs(self.state)
        stopped += ["sandbox" for path in self._sandboxes() if processes.stop(path)]
        if erp.run_file(self.state).exists() and erp.stop(self.state):
            stopped.append("erp")
        return stopped

    def _sandboxes(self) -> list[Path]:
        return sorted(self.state.run.glob("sandbox_*.json"))


def _seen(name: str, path: Path) -> dict[str, str]:
    found = processes.read(path)
    facts = found[1] if found else {}
    word = "running" if found else "stopped"
    return {"name": name, "state": word, "address": str(facts.get("url", ""))}
