"""The environment is made from the machine's own Python, once, and mended when half made.

The two tests that install it, a minute each, are long ones.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration import bootstrap

ROOT = Path(__file__).parents[2]
NEEDED = (
    "pyproject.toml", "uv.lock", "README.md", "LICENSE", "Makefile", "orchestration", "billing",
    "resources", "dbt_project",
)  # fmt: skip


@pytest.fixture(scope="module")
def clean_copy(tmp_path_factory):
    """What the bootstrap needs of a checkout, in a folder whose name holds a space."""
    copy = tmp_path_factory.mktemp("a clean") / "copy of it"
    copy.mkdir()
    for name in NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    for package in ("assets", "sensors", "sandbox"):
        (copy / package).mkdir()
        (copy / package / "__init__.py").touch()
    return copy


@pytest.mark.promise("An environment that is in step with the lock is kept, without a word.")
def test_an_environment_in_step_is_kept():
    marker = ROOT / ".venv" / "tieout.lock"
    before = marker.stat().st_mtime_ns
    again = _install(ROOT)
    assert (again.returncode, again.stderr) == (0, "")
    assert marker.stat().st_mtime_ns == before


@pytest.mark.promise("An environment is made again when the lock changed or a part is missing.")
def test_only_a_whole_environment_is_in_step(tmp_path):
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    for name in ("uv.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)

    def is_current_without(path: Path) -> bool:
        (venv / "bin" / "tieout").touch()
        (venv / "tieout.lock").write_text(bootstrap._fingerprint(tmp_path))
        path.unlink(missing_ok=True)
        return bootstrap._is_current(tmp_path, venv)

    assert is_current_without(tmp_path / "nothing")
    assert not is_current_without(venv / "tieout.lock")
    assert not is_current_without(venv / "bin" / "tieout")
    (tmp_path / "uv.lock").write_text("another lock")
    assert not bootstrap._is_current(tmp_path, venv)


def _install(copy: Path) -> subprocess.CompletedProcess[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("VIRTUAL_ENV", "UV_PROJ"))}
    return subprocess.run(
        ["make", "install", f"PYTHON={sys.base_prefix}/bin/python3"],
        cwd=copy, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.long
@pytest.mark.promise("A fresh machine gets its environment by one command and keeps it.")
def test_a_fresh_machine_gets_its_environment_and_keeps_it(clean_copy):
    first = _install(clean_copy)
    assert first.returncode == 0, first.stderr
    assert "ready after" in first.stderr
    assert (clean_copy / ".venv" / "tieout-dbt" / "target" / "manifest.json").exists()
    again = _install(clean_copy)
    assert (again.returncode, again.stderr) == (0, "")


@pytest.mark.long
@pytest.mark.promise("An environment that was left half made is mended by the same command.")
def test_an_environment_that_was_left_half_made_is_mended(clean_copy):
    assert _install(clean_copy).returncode == 0
    (clean_copy / ".venv" / "tieout.lock").unlink()
    (clean_copy / ".venv" / "bin" / "uv").unlink()
    mended = _install(clean_copy)
    assert mended.returncode == 0, mended.stderr
    shown = subprocess.run(
        [clean_copy / ".venv" / "bin" / "tieout", "--help"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "From received files to ERP documents" in " ".join(shown.stdout.split())
