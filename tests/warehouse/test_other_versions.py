"""A command against a database that another version of Tieout made ends in one clear line."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.state import StateFolder, read_secrets
from resources.warehouse.server.migrate import current_version, migrate, newest_version
from tests.conftest import ROLE_POLICY

pytestmark = pytest.mark.promise("A database of another version ends a command in one clear line")

NAME = "another_version"
COMMANDS = (
    ["status"],
    ["exceptions"],
    ["trace", "2026/1"],
    ["prove", "--quick"],
    ["approve"],
    ["audit", "entries"],
    ["audit", "reconcile"],
    ["audit", "access"],
    ["audit", "releases"],
    ["period", "show"],
    ["request", "list"],
    ["policy", "what-if"],
    ["policy", "release", "list"],
    ["evidence", "--period", "2026-09"],
)


@pytest.fixture
def installation(server: Any, tmp_path: Any, monkeypatch: Any) -> Iterator[Any]:
    """A state folder whose database is of the test's own making."""
    state = StateFolder(tmp_path / "home")
    state.make()
    read_secrets(state)
    for name in ("TIEOUT_DB_HOST", "TIEOUT_ENV_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TIEOUT_HOME", str(state.root))
    monkeypatch.setenv("TIEOUT_DATABASE_URL", server.admin_url())
    monkeypatch.setenv("TIEOUT_DB_NAME", NAME)
    monkeypatch.setenv("TIEOUT_ROLE_PREFIX", server.settings(NAME).role_prefix)
    for role, password in server.passwords.items():
        monkeypatch.setenv(f"TIEOUT_PASSWORD_{role.upper()}", password)
    monkeypatch.chdir(tmp_path)
    yield server.settings(NAME)
    with psycopg.connect(server.admin_url(), autocommit=True) as admin:
        admin.execute(f"drop database if exists {NAME} with (force)")


OTHER = "update ops.schema_object set sha256 = 'of another version' where name = 'ledger.hold'"


def run(words: list[str]) -> str:
    """Run a command that must fail with exit code 1, and return its one line."""
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    (line,) = result.output.strip().splitlines()
    return line


def test_other_definitions_are_named_and_a_migration_mends_them(server, installation):
    migrate(server.admin_url(), installation, ROLE_POLICY)
    with psycopg.connect(server.admin_url(NAME)) as connection:
        connection.execute(OTHER)
    expected = (
        f"tieout: the database is at version {newest_version()} with other definitions than this "
        f"version ({newest_version()}): run `tieout run` (or `make run`), which brings it to this "
        "version and keeps what is in it"
    )
    assert {run(words) for words in COMMANDS} == {expected}
    migrate(server.admin_url(), installation, ROLE_POLICY)
    assert CliRunner().invoke(app, ["policy", "release", "list"]).output == (
        "No release was asked for.\n"
    )


def test_newer_version_is_refused_by_each_command_and_by_a_run(server, installation):
    migrate(server.admin_url(), installation, ROLE_POLICY)
    with psycopg.connect(server.admin_url(NAME)) as connection:
        connection.execute("insert into ops.schema_change values ('9000_later', '', now())")
    expected = (
        f"tieout: the database is at version 9000, this one knows {newest_version()} only: a "
        "newer version of Tieout made it; use that one, or a newer one still"
    )
    assert {run(words) for words in (*COMMANDS, ["run"])} == {expected}
    with psycopg.connect(server.admin_url(NAME)) as connection:
        assert current_version(connection) == "9000"


@pytest.mark.usefixtures("installation")
def test_a_database_that_is_not_set_up_or_not_there_is_told(server):
    assert "does not exist" in run(["status"])
    with psycopg.connect(server.admin_url(), autocommit=True) as admin:
        admin.execute(f"create database {NAME}")
    assert run(["status"]) == f"tieout: the database {NAME} is not set up yet: run `tieout run`"
