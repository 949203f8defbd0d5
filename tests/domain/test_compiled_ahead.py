"""Our own packages are compiled when the environment is made, and again when a source changed."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration import bootstrap

pytestmark = pytest.mark.promise(
    "Our packages are compiled at install and after a change; a stale compiled file is never used"
)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one module per package, on a machine that keeps no compiled files."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    for package in bootstrap.PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
        (tmp_path / package / "one.py").write_text("VALUE = 1\n")
    return tmp_path


def _venv(root: Path) -> Path:
    (root / "venv" / "bin").mkdir(parents=True)
    (root / "venv" / "bin" / "python").symlink_to(sys.executable)
    return root / "venv"


def _compiled(source: Path) -> Path:
    return Path(importlib.util.cache_from_source(str(source)))


def _value(root: Path) -> str:
    command = [sys.executable, "-c", "import billing.one; print(billing.one.VALUE)"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _change(source: Path, text: str) -> None:
    newest = source.stat().st_mtime_ns + 2_000_000_000
    source.write_text(text)
    os.utime(source, ns=(newest, newest))


def test_every_package_is_compiled_at_install(checkout):
    bootstrap.compile_packages(checkout, _venv(checkout))
    sources = [checkout / package / "one.py" for package in bootstrap.PACKAGES]
    assert [one for one in sources if not _compiled(one).exists()] == []


def test_changed_source_is_used_and_compiled_again(checkout):
    venv = _venv(checkout)
    source = checkout / "billing" / "one.py"
    bootstrap.compile_packages(checkout, venv)
    before = _compiled(source).read_bytes()
    _change(source, "VALUE = 2\n")
    assert _value(checkout) == "2"
    assert _compiled(source).read_bytes() == before  # a start keeps nothing here
    bootstrap.compile_packages(checkout, venv)
    assert _compiled(source).read_bytes() != before
    assert _value(checkout) == "2"


def test_source_that_does_not_compile_is_said_once(checkout, capfd):
    (checkout / "sandbox" / "one.py").write_text("VALUE =\n")
    bootstrap.compile_packages(checkout, _venv(checkout))
    assert "not every module could be compiled" in capfd.readouterr().err
    assert _compiled(checkout / "billing" / "one.py").exists()
