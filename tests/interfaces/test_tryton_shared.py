"""What installations of a user share of Tryton: its environment, and the databases' template."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from resources.erp.tryton_cache import shared_folder
from resources.erp.tryton_database import ensure_database
from resources.erp.tryton_environment import ensure_environment, workshop
from resources.erp.tryton_postgres import drop
from resources.erp.tryton_template import find_kept

UV_CACHE = Path(os.environ.get("UV_CACHE_DIR") or Path.home() / ".cache" / "uv")
CASTS = re.compile(rb"::(character varying|text)(\[\])?|[()]")
NO_CACHES = (
    {},
    {"HOME": "not/absolute"},
    {"HOME": "/proc/nowhere"},
    {"XDG_CACHE_HOME": "relative", "HOME": "/proc/nowhere"},
)


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """A cache folder of this test's own, in which nothing is made yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_CACHE_DIR", str(UV_CACHE))
    return tmp_path / "cache"


@pytest.mark.promise("Installations of one user share one Tryton environment, made once.")
@pytest.mark.promise("Tryton is compiled when it is installed, so no start compiles it.")
def test_two_makers_at_once_share_one_environment(cache, tmp_path):
    homes = [tmp_path / "one", tmp_path / "two"]
    with ThreadPoolExecutor(max_workers=2) as pool:
        first, second = pool.map(ensure_environment, homes)
    assert first == second
    assert first.is_relative_to(cache / "tieout")
    logs = [home / "logs" / "tryton_install.log" for home in homes]
    assert [log.exists() for log in logs].count(True) == 1, "one made it, the other one waited"
    sources = [path for path in first.parents[1].rglob("*.py") if "trytond" in path.parts]
    assert sources
    assert [path for path in sources if not list(_compiled(path))] == []


@pytest.mark.promise("An installation with a Tryton environment of its own keeps using it.")
def test_an_own_environment_stays_in_use(cache, tmp_path):
    cache.parent.joinpath("cache").write_text("a file: no cache can be made here")
    own = ensure_environment(tmp_path / "state")
    assert own.is_relative_to(tmp_path / "state" / "tryton")
    cache.unlink()
    assert ensure_environment(tmp_path / "state") == own


@pytest.mark.promise(
    "Where a user's cache cannot be trusted or used, an installation keeps its own."
)
def test_a_cache_that_cannot_be_used_is_left_alone(tmp_path, monkeypatch):
    assert [shared_folder(environ, "x") for environ in NO_CACHES] == [None] * len(NO_CACHES)
    environ = {"HOME": str(tmp_path)}
    made = shared_folder(environ, "x")
    assert made == tmp_path / ".cache" / "tieout" / "x"
    made.chmod(0o777)
    assert shared_folder(environ, "x") is None, "others could write programs into it"
    made.chmod(0o700)
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    assert shared_folder(environ, "x") is None, "it belongs to another user"


@pytest.mark.promise("A Tryton database made from the kept template equals one made from scratch.")
def test_a_restored_template_is_the_one_that_was_made(tryton):
    database = tryton.database
    with workshop(tryton.home) as shop, closing(database.connect_admin()) as admin:
        kept = find_kept(shop, database, admin)
        assert kept.restored(admin, "erp_restored")
        try:
            again = _dump(kept, "--dbname", database.address("erp_restored"))
        finally:
            drop(admin, "erp_restored")
    command = [kept.programs / "pg_restore", "--no-owner", "--no-privileges", "--file=-", kept.path]
    wanted = subprocess.run(command, capture_output=True, check=True).stdout
    assert _without_key(again) == _without_key(wanted)
    assert b"COPY public.ir_model " in wanted
    assert b"$argon2id$" not in wanted, "no hash of a password is kept"


@pytest.mark.long
@pytest.mark.usefixtures("cache")
@pytest.mark.promise("A Tryton database made from the kept template equals one made from scratch.")
def test_a_damaged_template_is_made_again(tryton, tmp_path, books):
    home, database = tmp_path / "state", tryton.database
    ensure_environment(home)
    with workshop(home) as shop, closing(database.connect_admin()) as admin:
        kept = find_kept(shop, database, admin)
        template = f"{database.owner}_template_"
        query = "select datname from pg_database where starts_with(datname, %s)"
        ((name,),) = admin.execute(query, (template,)).fetchall()
        kept.path.write_bytes(b"not a dump")
        drop(admin, name)
        drop(admin, "erp_other")
    other = type(database)(**{**database.__dict__, "name": "erp_other"})
    try:
        assert set(ensure_database(home, other, books).companies) == set(books.companies)
        assert kept.path.read_bytes().startswith(b"PGDMP")
    finally:
        with closing(database.connect_admin()) as admin:
            drop(admin, "erp_other")


def _compiled(source: Path):
    return (source.parent / "__pycache__").glob(f"{source.stem}.*.pyc")


def _dump(kept, *options: str) -> bytes:
    command = [kept.programs / "pg_dump", "--no-owner", "--no-privileges", *options]
    environ = {**os.environ, **kept.database.client_environment}
    return subprocess.run(command, env=environ, capture_output=True, check=True).stdout


def _without_key(dump: bytes) -> list[bytes]:
    """The lines of a dump, without comments, the random key of its writing and idle casts.

    PostgreSQL writes `in ('a', 'b')` of an index with its casts at another place once it was read.
    """
    left_out = (b"\\restrict", b"\\unrestrict", b"--")
    lines = [line for line in dump.splitlines() if line and not line.startswith(left_out)]
    return [CASTS.sub(b"", line) if b" ANY (" in line else line for line in lines]
