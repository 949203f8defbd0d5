"""The embedded PostgreSQL: it starts anywhere, comes back after a kill, and keeps its port."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from resources.warehouse import postgres_place
from resources.warehouse.embedded import EmbeddedPostgres, EmbeddedPostgresError, free_port

pytestmark = pytest.mark.promise(
    "The embedded PostgreSQL starts anywhere and comes back after a kill with what was committed",
    "The embedded PostgreSQL keeps no password, statement or value in its folder",
)

PASSWORD = 'it\'s a "word" with a space'
SMALL = {"shared_buffers": "16MB"}


@contextlib.contextmanager
def own_folder():
    made = Path(tempfile.mkdtemp(prefix="tie out "))
    made.chmod(0o711)
    yield made
    for place in made.rglob("place.json"):
        with contextlib.suppress(EmbeddedPostgresError):
            EmbeddedPostgres(place.parent).destroy()
    shutil.rmtree(made)


@pytest.fixture
def folder():
    """A folder of our own whose name has a space and that everybody may enter."""
    with own_folder() as made:
        yield made


@pytest.fixture(scope="module")
def running():
    """A server that several tests use one after the other; each leaves it running."""
    with own_folder() as made:
        postgres = make(made)
        postgres.start()
        yield postgres


def make(folder: Path, port: int | None = None) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder / "postgres", port, admin_password=PASSWORD, settings=SMALL)


def ask(postgres: EmbeddedPostgres, query: str):
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        return connection.execute(query).fetchone()


def pid_of(postgres: EmbeddedPostgres) -> int:
    return int((postgres.place.data / "postmaster.pid").read_text().split()[0])


def test_it_starts_stops_and_keeps_its_port_and_data(folder):
    postgres = make(folder)
    assert not postgres.is_alive()
    postgres.start()
    port = postgres.port
    ask_none = "create table kept as select 7 as seven"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(ask_none)
    postgres.stop()
    assert not postgres.is_alive()
    again = make(folder)
    again.start()
    assert again.port == port
    assert ask(again, "select seven from kept") == (7,)
    assert ask(again, "show synchronous_commit") == ("on",)
    assert ask(again, "show timezone") == ("UTC",)


def test_it_refuses_a_wrong_password_and_every_other_address(running):
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(running.url(password="guess"))
    assert ask(running, "show listen_addresses") == ("127.0.0.1",)
    assert ask(running, "show unix_socket_directories") == ("",)


def test_no_password_is_left_in_its_folder(running):
    kept = [path for path in running.place.home.iterdir() if path.name.startswith("secret")]
    assert kept == []
    assert stat.S_IMODE(running.place.data.stat().st_mode) == 0o700


def test_it_comes_back_after_kill_9_with_what_was_committed(running):
    with psycopg.connect(running.url(), autocommit=True) as connection:
        connection.execute("create table kept as select generate_series(1, 1000) as number")
        os.kill(pid_of(running), signal.SIGKILL)
    running.start()
    assert ask(running, "select count(*) from kept") == (1000,)


def test_several_processes_start_it_once(folder):
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(make(folder).start) for _ in range(4)]:
            done.result()
    pid = pid_of(make(folder))
    make(folder).start()
    assert pid_of(make(folder)) == pid


def test_a_port_that_another_program_took_is_given_up(folder):
    postgres = make(folder)
    postgres.start()
    port = postgres.port
    postgres.stop()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        postgres.start()
        assert postgres.port != port
        assert ask(postgres, "select 1") == (1,)


def test_a_given_port_that_is_taken_is_an_error(folder):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(EmbeddedPostgresError, match="taken"):
            make(folder, other.getsockname()[1]).start()


def test_an_interrupted_initdb_is_made_again(folder):
    postgres = make(folder)
    partial = postgres.place.home / "data.partial"
    partial.mkdir()
    (partial / "PG_VERSION").write_text("18\n")
    postgres.start()
    assert ask(postgres, "select 1") == (1,)


def test_the_first_start_needs_a_password(folder):
    with pytest.raises(EmbeddedPostgresError, match="password"):
        EmbeddedPostgres(folder / "postgres", free_port()).start()


def test_its_log_keeps_no_statement_and_no_value(running):
    with psycopg.connect(running.url(), autocommit=True) as connection:
        connection.execute("create table person (name text unique)")
        connection.execute("insert into person values (%s)", ["ZZCANARY"])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("insert into person values (%s)", ["ZZCANARY"])
        with pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("select 'ZZCANARY' from nowhere")
        # The message itself quotes what it cannot read, whatever the verbosity.
        with pytest.raises(psycopg.errors.InvalidDatetimeFormat):
            connection.execute("select 'ZZCANARY'::date")
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute("do $$begin raise exception 'ZZCANARY'; end$$")
        connection.execute("do $$begin raise warning 'ZZCANARY'; end$$")
    text = running.place.log.read_text()
    assert "database system is ready" in text
    assert "ZZCANARY" not in text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders its server may not enter")
def test_a_private_folder_of_root_is_left_alone_and_the_data_lives_outside(folder):
    folder.chmod(0o700)
    postgres = make(folder)
    postgres.start()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not postgres.place.home.is_relative_to(folder)
    assert stat.S_IMODE(postgres.place.home.stat().st_mode) == 0o700
    again = make(folder)
    assert again.place.home == postgres.place.home
    home = postgres.place.home
    postgres.destroy()
    assert not home.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders its server may not enter")
def test_programs_in_a_private_folder_are_copied(folder, monkeypatch):
    """A clone below /root keeps the server's programs where the server's user cannot reach them."""
    programs = postgres_place.find_programs()
    private = folder / "a clone" / "site-packages"
    site = programs.parents[2]
    for name in (programs.parents[1].name, f"{programs.parents[1].name}.libs"):
        if (site / name).is_dir():
            shutil.copytree(site / name, private / name, symlinks=True)
    folder.chmod(0o700)
    moved = private / programs.relative_to(site)
    monkeypatch.setattr(postgres_place, "find_programs", lambda: moved)
    postgres = make(folder)
    postgres.start()
    assert postgres.place.programs.is_relative_to(postgres.place.home)
    assert ask(postgres, "select 1") == (1,)
    again = make(folder)
    again.stop()
    assert not again.is_alive()


def test_a_program_that_cannot_start_is_an_exit_code(folder):
    account = postgres_place.choose_account()
    missing = account.run(folder / "initdb", "--version")
    assert (missing.returncode, missing.stderr) == (
        127, f"the user {account.name} cannot run {folder}/initdb: No such file or directory"
    )  # fmt: skip
    (folder / "initdb").write_text("no program")
    refused = account.run(folder / "initdb")
    assert refused.returncode == 126
    assert "Permission denied" in refused.stderr


def test_missing_programs_are_one_clear_error(folder, monkeypatch):
    monkeypatch.setenv("PG_BIN", str(folder / "nowhere"))
    if os.geteuid() == 0:
        with pytest.raises(EmbeddedPostgresError, match="cannot run the programs of PG_BIN"):
            make(folder).start()
        return
    with pytest.raises(EmbeddedPostgresError, match="No such file"):
        make(folder).start()
