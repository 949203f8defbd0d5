"""Installing, preparing and running Tryton: again without change, and after a death midway."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from resources.erp import tryton_server
from resources.erp.tryton_environment import SCRIPTS, fingerprint, plain_environment
from resources.erp.tryton_server import (
    ensure_database,
    ensure_environment,
    ensure_years,
    read_access,
    start,
    stop,
)

pytestmark = pytest.mark.promise(
    "Setting Tryton up again changes nothing, and a killed set-up is made good",
    "Tryton's keys are made once per database and never shown",
)

COUNTS = """
select (select count(*) from company_company), (select count(*) from account_account),
    (select count(*) from account_period), (select count(*) from res_user),
    (select count(*) from res_user_application), (select count(*) from ir_sequence_strict)
"""


@pytest.fixture
def second(tryton):
    """A second database of the same server, cloned from the template; dropped afterwards."""
    database = replace(tryton.database, name="erp_second")
    yield database
    with database.connect_admin() as admin:
        admin.execute("drop database if exists erp_second with (force)")


def test_setting_up_again_changes_nothing(tryton, second, books):
    access = ensure_database(tryton.home, second, books)
    before = _counts(second)
    with second.connect() as connection:
        connection.execute("drop table tieout_plan")
    assert ensure_database(tryton.home, second, books) == access
    assert _counts(second) == before
    assert before[:2] == (2, 100)


def test_each_database_has_keys_of_its_own(tryton, second, books):
    access = ensure_database(tryton.home, second, books)
    assert not set(access.poster_keys.values()) & set(tryton.access.poster_keys.values())
    assert len({*access.poster_keys.values(), *access.accountant_keys.values()}) == 4


def test_years_are_added_and_none_is_lost(tryton, second, books):
    ensure_database(tryton.home, second, books)
    ensure_years(tryton.home, second, 2027, 2027)
    ensure_years(tryton.home, second, 2026, 2027)
    ensure_database(tryton.home, second, books)
    with second.connect() as connection:
        rows = connection.execute("select name, count(*) from account_fiscalyear group by name")
        assert dict(rows.fetchall()) == {"2025": 2, "2026": 2, "2027": 2}


def test_a_set_up_killed_midway_leaves_nothing_and_is_made_good(tryton, second, books):
    ensure_database(tryton.home, second, replace(books, companies={}))
    command = [ensure_environment(tryton.home), SCRIPTS / "set_up.py", second.name]
    environ = {**plain_environment(), **second.environment}
    with second.connect() as blocker, blocker.transaction():
        blocker.execute("lock table account_account in exclusive mode")
        with subprocess.Popen(command, stdin=subprocess.PIPE, env=environ) as child:
            child.stdin.write(json.dumps(books.plan()).encode())
            child.stdin.close()
            _wait_for_a_lock(second)
            child.kill()
    assert _counts(second)[:2] == (0, 0)
    access = ensure_database(tryton.home, second, books)
    assert set(access.companies) == set(books.companies)
    assert _counts(second)[:3] == (2, 100, 48)


def test_an_empty_database_that_somebody_made_is_filled(tryton, second, books):
    with second.connect_admin() as admin:
        admin.execute(f"create database {second.name} owner {second.owner}")
    assert set(ensure_database(tryton.home, second, books).companies) == set(books.companies)


def test_an_environment_without_its_marker_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    home = tmp_path / "state folder"
    python = ensure_environment(home)
    marker = python.parents[1] / "complete"
    made = python.parents[1].stat().st_ino
    assert ensure_environment(home) == python
    assert python.parents[1].stat().st_ino == made
    marker.unlink()
    ensure_environment(home)
    assert marker.read_text() == fingerprint()


def test_a_running_server_is_kept_and_a_killed_one_replaced(tryton, tmp_path):
    home = tmp_path / "another installation"
    url = start(home, tryton.database)
    try:
        assert start(home, tryton.database) == url
        server = psutil.Process(tryton_server._read(home).pid)
        family = [server, *server.children(recursive=True)]
        for process in family:
            process.kill()
        psutil.wait_procs(family)
        port = int(url.rpartition(":")[2].partition("/")[0])
        assert start(home, tryton.database, port) == url
        assert tryton_server._answers(url)
    finally:
        assert stop(home)
    assert not stop(home)
    assert not tryton_server._answers(url)


def test_the_administrator_has_no_rest_key_and_users_have_no_password(tryton):
    keys = "select count(*) from res_user_application a join res_user u on u.id = a.user"
    assert tryton.count(f"{keys} where u.login = 'admin'") == 0
    users = (
        "select count(*) from res_user where login like 'tieout%%' and password_hash is not null"
    )
    assert tryton.count(users) == 0


def test_access_read_again_is_the_same(tryton):
    assert read_access(tryton.database) == tryton.access


def test_no_secret_shows_when_access_is_printed(tryton):
    shown = repr(tryton.access) + repr(tryton.database)
    secrets = [*tryton.access.poster_keys.values(), tryton.database.owner_password]
    assert not [secret for secret in secrets if secret in shown]


def _counts(database):
    with database.connect() as connection:
        return connection.execute(COUNTS).fetchone()


def _wait_for_a_lock(database):
    query = "select count(*) from pg_stat_activity where datname = %s and wait_event_type = 'Lock'"
    with database.connect_admin() as admin:
        for _ in range(1200):
            if admin.execute(query, (database.name,)).fetchone() != (0,):
                return
            admin.execute("select pg_sleep(0.05)")
    raise AssertionError("the set-up never came to the locked table")
