"""The state folder: secrets once, worlds apart, servers known by pid and start time."""

import subprocess
import sys
import threading
import time
from datetime import date
from pathlib import Path

import pytest

from orchestration import commands, processes
from orchestration.processes import Identity
from orchestration.state import (
    StateFolder,
    World,
    keep_world,
    only_one,
    read_secrets,
    read_world,
    state_folder,
    world_of_files,
)

pytestmark = pytest.mark.promise(
    "Secrets are made once and stay private",
    "Two worlds never share a database, and two commands never set up at once",
    "A server is known by pid and start time, and is stopped with its children",
)

TODAY = date(2026, 11, 20)


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path / "a folder with spaces")
    folder.make()
    return folder


def test_secrets_are_made_once_and_private(state):
    made = read_secrets(state)
    assert read_secrets(state) == made
    assert state.secrets.stat().st_mode & 0o777 == 0o600
    assert len({value for name, value in made.items() if "PASSWORD" in name}) == 14


def test_a_secret_that_a_newer_version_needs_is_added_and_the_others_stay(state):
    made = read_secrets(state)
    kept = [f"{k}={v}\n" for k, v in made.items() if k != "TIEOUT_PASSWORD_AUDITOR"]
    state.secrets.write_text("".join(kept))
    again = read_secrets(state)
    assert set(again) == set(made)
    assert again["TIEOUT_HASH_KEY"] == made["TIEOUT_HASH_KEY"]


def test_the_state_folder_is_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert state_folder({}).root == tmp_path / ".tieout"
    assert state_folder({"TIEOUT_HOME": "elsewhere"}).root == tmp_path / "elsewhere"


def test_two_worlds_never_share_a_database():
    worlds = [World(), World(seed=1), World(claims=300), World(files="/a"), World(files="/b")]
    assert len({world.database("tieout") for world in worlds}) == len(worlds)
    assert World().database("tieout") == "tieout"


def test_the_last_world_is_remembered(state):
    assert read_world(state) == World()
    keep_world(state, World(seed=7, claims=300))
    assert read_world(state) == World(seed=7, claims=300)


def test_the_as_of_date_of_a_folder_stays_until_it_is_changed(state):
    first = world_of_files(state, "/mine", None, TODAY)
    keep_world(state, first)
    keep_world(state, World())
    assert world_of_files(state, "/mine", None, date(2027, 1, 5)).as_of == TODAY
    changed = date(2026, 12, 31)
    assert world_of_files(state, "/mine", changed, TODAY).as_of == changed
    assert world_of_files(state, "/mine", changed, TODAY).name == first.name


def test_a_second_command_waits_until_the_first_has_set_up(state):
    order = []

    def second() -> None:
        with only_one(state):
            order.append("second")

    with only_one(state):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.2)
        order.append("first")
    waiting.join(10)
    assert order == ["first", "second"]


def test_a_reused_pid_is_not_taken_for_the_server():
    me = processes.myself()
    assert me.process() is not None
    assert Identity(me.pid, me.started - 60).process() is None


def test_a_server_is_stopped_with_its_children(state, tmp_path):
    code = "import subprocess, sys, time; subprocess.Popen(['sleep', '60']); time.sleep(60)"
    server = processes.spawn(
        [sys.executable, "-c", code], tmp_path / "log", {"PATH": "/bin:/usr/bin"}
    )
    pid_file = state.run / "server.json"
    processes.keep(pid_file, server, address="here")
    found = processes.read(pid_file)
    assert found is not None
    assert found[1]["address"] == "here"
    deadline = time.monotonic() + 10
    while not (children := server.process().children()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert processes.stop(pid_file)
    assert server.process() is None
    assert not any(child.is_running() and child.status() != "zombie" for child in children)
    assert not processes.stop(pid_file)


def test_a_server_that_dies_while_starting_is_reported_with_its_log(tmp_path):
    server = processes.spawn([sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "log", {})
    with pytest.raises(processes.ServerFailedError, match="log"):
        processes.wait_for_file(tmp_path / "never", server, tmp_path / "log", 10)


def test_the_last_command_out_is_told_that_nobody_is_left(state):
    other = subprocess.Popen(["sleep", "60"])
    try:
        ticket = state.run / "commands" / f"{other.pid}.json"
        commands.sign_in(state)
        processes.keep(ticket, processes.identify(other.pid))
        with commands.sign_out(state) as nobody_left:
            assert not nobody_left
        commands.sign_in(state)
    finally:
        other.kill()
        other.wait()
    with commands.sign_out(state) as nobody_left:
        assert nobody_left
    assert list((state.run / "commands").glob("*.json")) == []
