"""Measured, never asserted: a cold and a warm run, and the load of the code location."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TIEOUT = Path(sys.executable).parent / "tieout"
LOAD = "import time; t = time.monotonic(); import orchestration.definitions as d; d.defs(); " + (
    "print(round(time.monotonic() - t, 1))"
)


@pytest.fixture(scope="module")
def environ(tmp_path_factory):
    home = tmp_path_factory.mktemp("times") / "state"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TIEOUT_", "DAGSTER_"))}
    yield {**kept, "TIEOUT_HOME": str(home)}
    subprocess.run([str(TIEOUT), "clean"], env={**kept, "TIEOUT_HOME": str(home)}, check=True)


def _timed(environ, *command: str) -> tuple[float, str]:
    started = time.monotonic()
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return time.monotonic() - started, done.stdout


def test_runs_and_code_location(environ, capsys):
    cold, _ = _timed(environ, str(TIEOUT), "run")
    warm, _ = _timed(environ, str(TIEOUT), "run")
    _, load = _timed(environ, sys.executable, "-c", LOAD)
    with capsys.disabled():
        sys.stdout.write(f"\ncold run {cold:.0f} s, warm run {warm:.0f} s, ")
        sys.stdout.write(f"code location {load.strip()} s\n")
