"""What the commands that answer from the database load while they do, to the last import."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures import import_probe

pytestmark = pytest.mark.promise("Commands answer at once: each loads only what its work needs")


@pytest.fixture
def environ(database, server, tmp_path: Path) -> dict[str, str]:
    """The environment of a person whose state folder belongs to a migrated database."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    known = database.environ()
    (home / "secrets.env").write_text("".join(f"{k}={v}\n" for k, v in known.items()))
    ours = {key: value for key, value in os.environ.items() if not key.startswith("TIEOUT_")}
    return {
        **ours,
        "TIEOUT_HOME": str(home),
        "TIEOUT_DATABASE_URL": server.admin_url(),
        "TIEOUT_DB_NAME": database.settings.name,
    }


@pytest.mark.parametrize(
    "words", [["status"], ["exceptions"], ["approve", "--list"]], ids=lambda words: words[0]
)
def test_command_on_a_database_loads_only_its_driver(environ, tmp_path, words):
    out = tmp_path / "loaded.json"
    done = subprocess.run(
        [sys.executable, import_probe.__file__, str(out), *words, "--json"],
        env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
    loaded = json.loads(out.read_text())
    assert {name: asker for name, asker in loaded.items() if name != "psycopg"} == {}
