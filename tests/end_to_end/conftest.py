"""One installation for all end-to-end tests: the real command in a state folder of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from orchestration.launcher import Launcher
from orchestration.progress import Progress
from orchestration.state import read_world
from orchestration.status import rows
from resources.warehouse.database import connect

ROOT = Path(__file__).parents[2]
TIEOUT = Path(sys.executable).parent / "tieout"
CLAIMS = 300


@dataclass(frozen=True)
class Installation:
    """A state folder, the command that works on it, and what else the command is told."""

    home: Path
    told: Mapping[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("TIEOUT_", "DAGSTER_"))}
        own = {"TIEOUT_HOME": str(self.home), "TIEOUT_ENV_FILE": os.devnull}
        return {**kept, **own, **self.told}

    def tieout(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(TIEOUT), *arguments], cwd=ROOT, env=self.environ, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def json(self, *arguments: str) -> Any:
        done = self.tieout(*arguments, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def run_killed_after(self, words: str, *arguments: str) -> None:
        """Start a run and end it with SIGKILL as soon as it says `words`."""
        running = subprocess.Popen(
            [str(TIEOUT), "run", *arguments], cwd=ROOT, env=self.environ, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert running.stderr is not None
        said = next((line for line in running.stderr if words in line), None)
        running.send_signal(signal.SIGKILL)
        running.wait()
        running.stderr.close()
        assert said, f"the run never said {words!r}"

    @contextmanager
    def connected(self, role: str) -> Iterator[psycopg.Connection[Any]]:
        launcher = Launcher(self.environ, Progress(is_quiet=True))
        with launcher.database() as settings, connect(settings.database, role) as connection:
            yield connection

    def rows(self, role: str, query: str) -> list[dict[str, Any]]:
        with self.connected(role) as connection:
            return rows(connection, query)

    def answer_key(self) -> dict[str, Any]:
        world = read_world(Launcher(self.environ, Progress(is_quiet=True)).state)
        found = json.loads((self.home / "sandbox" / world.name / "answer_key.json").read_text())
        assert isinstance(found, dict)
        return found


@pytest.fixture(scope="session")
def empty_installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A state folder, in a folder with a space, in which nothing has run yet."""
    installation = Installation(tmp_path_factory.mktemp("end to end") / "state")
    yield installation
    assert installation.tieout("clean").returncode == 0
    assert not installation.home.exists()


@pytest.fixture(scope="session")
def first_run(
    empty_installation: Installation,
) -> tuple[Installation, subprocess.CompletedProcess[str]]:
    """The installation after its first run over a small sandbox, and what that run said."""
    return empty_installation, empty_installation.tieout("run", "--claims", str(CLAIMS))


@pytest.fixture
def installation(
    first_run: tuple[Installation, subprocess.CompletedProcess[str]],
) -> Installation:
    """The installation with the small sandbox in it."""
    found, done = first_run
    assert done.returncode == 0, done.stdout + done.stderr
    return found
