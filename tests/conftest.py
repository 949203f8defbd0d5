"""Fixtures of every kind of test: one real PostgreSQL, and a fresh migrated database per test."""

import contextlib
import functools
import itertools
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings

from billing.governance.roles import read_roles
from resources.settings import ROLES, DatabaseSettings
from resources.warehouse.database import ScrubbedConnection, connect
from resources.warehouse.embedded import EmbeddedPostgres
from resources.warehouse.governance_load import load_governance
from resources.warehouse.server.migrate import grant_entry, migrate
from resources.warehouse.server.roles import ensure_roles
from tests.fixtures.parsed_dbt import copy_parsed, folder_of

GOVERNANCE = Path(__file__).parents[1] / "governance"
ROLE_POLICY = read_roles((GOVERNANCE / "roles.yaml").read_text())
DBT_PROJECT = Path(__file__).parents[1] / "dbt_project"
TESTS = Path(__file__).parent
FIRST = ("living", "end_to_end", "pipeline", "marts", "faults")
PREFIX = "tieout_test"
TEMPLATE = "tieout_template"
# A sender of a test asks for the lease and the quiet time that it needs.
ANY_SENDER = (
    "update ledger.installation set lease_seconds = 0, quiet_seconds = 0,"
    " has_unique_reference = true"
)
MEMORY = Path("/dev/shm")  # noqa: S108
ROOM_BYTES = 8 * 1024**3
_numbers = itertools.count(1)
SESSIONS = "select from pg_stat_activity where datname = %s"
NEXT_TRANSACTION = "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
# What writes has a number; a test that was only refused leaves no number that was committed.
ALL_ROLLED_BACK = f"""
select coalesce(bool_and(pg_xact_status(number::text::xid8) = 'aborted'), true),
    ({NEXT_TRANSACTION})
from generate_series(%s::bigint, ({NEXT_TRANSACTION}) - 1) as number
"""


@dataclass
class Server:
    """The test session's own PostgreSQL with the roles of one installation."""

    postgres: EmbeddedPostgres
    passwords: dict[str, str]
    _unchanged: dict[str, list["Database"]] = field(default_factory=dict)

    @functools.cached_property
    def admin(self) -> psycopg.Connection[Any]:
        """The administrator's own session, which clones and drops databases."""
        return psycopg.connect(self.admin_url(), autocommit=True)

    def copy(self, template: str) -> str:
        """Copy a database that no session uses; return the name of the copy.

        Its files are copied, not logged: copying and dropping take a third of the time.
        """
        name = f"tieout_{os.getpid()}_{next(_numbers)}"
        self.admin.execute(
            f"create database {name} template {template} strategy file_copy owner {PREFIX}_owner"
        )
        return name

    def take(self, template: str) -> "Database":
        """Return a clone of a template: one that no test has changed, else a new one."""
        kept = self._unchanged.get(template)
        return kept.pop() if kept else self._clone(template)

    def give_back(self, template: str, database: "Database") -> None:
        """Keep a database that is as it was cloned for the next test; drop every other one."""
        database.close()
        if self._is_unchanged(database):
            self._unchanged.setdefault(template, []).append(database)
        else:
            self.admin.execute(f"drop database {database.settings.name} with (force)")

    def _clone(self, template: str) -> "Database":
        name = self.copy(template)
        grant_entry(self.admin_url(), self.settings(name))
        made = Database(self, self.settings(name))
        ((made.next_transaction,),) = self.admin.execute(NEXT_TRANSACTION).fetchall()
        return made

    def _is_unchanged(self, database: "Database") -> bool:
        """Tell whether each transaction since the clone was rolled back and no session is left."""
        for _ in range(20):
            if not self.admin.execute(SESSIONS, [database.settings.name]).fetchall():
                found = self.admin.execute(ALL_ROLLED_BACK, [database.next_transaction]).fetchall()
                ((all_rolled_back, database.next_transaction),) = found
                return all_rolled_back
            time.sleep(0.005)
        return False

    def settings(self, name: str) -> DatabaseSettings:
        """Return the settings of one of its databases."""
        return DatabaseSettings(
            host="127.0.0.1",
            port=self.postgres.port,
            name=name,
            role_prefix=PREFIX,
            passwords=self.passwords,
            admin_user=self.postgres.admin_user,
        )

    def admin_url(self, name: str = "postgres") -> str:
        """Return the administrator's URL."""
        return self.postgres.url(name)

    def disconnect(self, name: str) -> None:
        """End every session of a database: PostgreSQL copies none that is in use."""
        query = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"
        with psycopg.connect(self.admin_url(), autocommit=True) as admin:
            admin.execute(query, [name])


@dataclass
class Database:
    """A fresh migrated database: `connect("preparer")` logs in as the preparer."""

    server: Server
    settings: DatabaseSettings
    next_transaction: int = 0
    _open: list[psycopg.Connection[Any]] = field(default_factory=list)

    def connect(self, role: str, *, autocommit: bool = True) -> psycopg.Connection[Any]:
        """Open a connection as a role; the test's end closes it."""
        connection = connect(self.settings, role, autocommit=autocommit)
        self._open.append(connection)
        return connection

    def admin(self, *, autocommit: bool = True) -> psycopg.Connection[Any]:
        """Open a connection as the superuser, for preparations that no role may do."""
        connection = ScrubbedConnection.connect(
            self.server.admin_url(self.settings.name), autocommit=autocommit
        )
        self._open.append(connection)
        return connection

    def environ(self) -> dict[str, str]:
        """Return the TIEOUT_* variables that name this database and its passwords."""
        words = {f"TIEOUT_PASSWORD_{r.upper()}": p for r, p in self.settings.passwords.items()}
        return {
            "TIEOUT_DB_HOST": self.settings.host,
            "TIEOUT_DB_PORT": str(self.settings.port),
            "TIEOUT_DB_NAME": self.settings.name,
            "TIEOUT_ROLE_PREFIX": self.settings.role_prefix,
            "TIEOUT_ADMIN_USER": self.settings.admin_user,
            "TIEOUT_ADMIN_PASSWORD": words.pop("TIEOUT_PASSWORD_ADMIN"),
            "TIEOUT_HASH_KEY": "00" * 32,
            **words,
        }

    def close(self) -> None:
        """Close every connection that the test opened."""
        for connection in self._open:
            with contextlib.suppress(psycopg.Error):
                connection.close()
        self._open.clear()


def pytest_configure(config: pytest.Config) -> None:
    """No example fails by the clock: the first one pays for what is loaded when first needed.

    The same examples every time, so that a change is judged and not the dice;
    `make hunt` looks for new ones.
    """
    settings.register_profile("tieout", deadline=None, derandomize=True)
    settings.register_profile("hunt", deadline=None, print_blob=True)
    settings.load_profile(config.getoption("--hypothesis-profile", None) or "tieout")
    if not hasattr(config, "workerinput") and "TMPDIR" not in os.environ and has_room(MEMORY):
        _work_in_memory(config)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """One worker runs all tests of a file, or of a group that files share; the longest go first.

    A group is named with `xdist_group`, where several files tell one story on one installation. A
    wrapper, as xdist reads the groups in a hook that would else come before this one.
    """
    items.sort(key=lambda item: FIRST.index(name) if (name := _folder(item)) in FIRST else 9)
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    return (yield)


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(TESTS).parts[0]


def has_room(folder: Path) -> bool:
    """Tell whether a folder of files in memory takes programs and what a whole test run writes."""
    if not os.access(folder, os.W_OK):
        return False
    facts = os.statvfs(folder)
    return not facts.f_flag & os.ST_NOEXEC and facts.f_bavail * facts.f_frsize >= ROOM_BYTES


def _work_in_memory(config: pytest.Config) -> None:
    """Databases of tests lie in memory, as creating one on a disk takes five times as long.

    The workers inherit the variable. What was written is gone when the session ends; who wants
    to look at it sets TMPDIR.
    """
    made = tempfile.mkdtemp(prefix="tieout-tests-", dir=MEMORY)
    Path(made).chmod(0o711)
    os.environ["TMPDIR"] = tempfile.tempdir = made
    config.add_cleanup(functools.partial(shutil.rmtree, made, ignore_errors=True))


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One embedded PostgreSQL for the whole session, without fsync: tests never lose power."""
    folder = Path(tempfile.mkdtemp(prefix="tieout-test-"))
    folder.chmod(0o711)
    passwords = {role: secrets.token_hex(8) for role in (*ROLES, "admin")}
    postgres = EmbeddedPostgres(
        folder / "postgres",
        admin_password=passwords["admin"],
        settings={
            "fsync": "off",
            "shared_buffers": "128MB",
            "max_connections": "60",
            "scram_iterations": "1",  # a session is opened thousands of times
        },
    )
    postgres.start()
    try:
        made = Server(postgres, passwords)
        ensure_roles(made.admin_url(), PREFIX, passwords, ROLE_POLICY)
        yield made
    finally:
        postgres.destroy()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def template(server: Server) -> str:
    """A migrated database with the group's governance loaded, cloned for each test."""
    migrate(server.admin_url(), server.settings(TEMPLATE), ROLE_POLICY)
    if (GOVERNANCE / "entities.yaml").exists():
        with psycopg.connect(server.admin_url(TEMPLATE)) as connection:
            load_governance(connection, GOVERNANCE)
            connection.execute(ANY_SENDER)
    return TEMPLATE


@contextlib.contextmanager
def fresh_database(server: Server, template: str) -> Iterator[Database]:
    """A clone of the template that no other test has changed."""
    made = server.take(template)
    try:
        yield made
    finally:
        server.give_back(template, made)


@pytest.fixture(scope="session")
def clone_of(server: Server) -> Callable[[str], Any]:
    """A function: a database cloned from the template of that name, while its block lasts."""
    return functools.partial(fresh_database, server)


@pytest.fixture
def database(server: Server, template: str) -> Iterator[Database]:
    """A database of the test's own."""
    with fresh_database(server, template) as made:
        yield made


@pytest.fixture(scope="session")
def databases(server: Server, template: str) -> Callable[[], Any]:
    """A database for each example of a property, so that an example says the same when repeated."""
    return functools.partial(fresh_database, server, template)


@pytest.fixture(scope="session")
def clone(server: Server) -> Callable[[str], Any]:
    """Clone any database that nobody is connected to, by its name."""
    return functools.partial(fresh_database, server)


@pytest.fixture(scope="session")
def dbt_state(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with the parsed dbt project, of this worker alone: runs write beside it."""
    folder = tmp_path_factory.mktemp("dbt")
    copy_parsed(DBT_PROJECT, folder_of(pytestconfig, tmp_path_factory), folder)
    return folder
