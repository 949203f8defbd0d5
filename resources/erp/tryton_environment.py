"""Tryton's own locked Python environment: made once, made again when its lock or our code changes.

Nothing of Tryton is ever imported by this process; its programs run under the Python made here.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

SCRIPTS = Path(__file__).parent / "tryton_scripts"
LOCK = SCRIPTS / "requirements.lock"
MODULE = "tieout_reference"


class TrytonFailedError(Exception):
    """Tryton could not be installed, prepared or started; the text says what and where to look."""


def ensure_environment(home: Path) -> Path:
    """Return the Python of `home/tryton/venv`, with exactly the locked packages and our module.

    An environment that a killed command left half made has no marker and is made again. Raises
    TrytonFailedError.
    """
    venv, marker = home / "tryton" / "venv", home / "tryton" / "venv" / "complete"
    python = venv / "bin" / "python"
    with alone(home):
        if marker.exists() and marker.read_text() == fingerprint() and python.exists():
            return python
        shutil.rmtree(venv, ignore_errors=True)
        log = log_file(home, "tryton_install.log")
        run([sys.executable, "-m", "venv", "--without-pip", str(venv)], log)
        install = ["pip", "install", "--python", str(python), "--require-hashes", "-r", str(LOCK)]
        run([*_uv(), *install], log)
        _add_module(python)
        marker.write_text(fingerprint())
    return python


def fingerprint() -> str:
    """Return a hash of everything that the environment is made from."""
    digest = hashlib.sha256(f"{sys.version}|{sys.base_prefix}".encode())
    files = [LOCK, *sorted(path for path in (SCRIPTS / MODULE).iterdir() if path.is_file())]
    for path in files:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Wait for other commands that install or prepare Tryton here; the kernel frees a dead one."""
    (home / "tryton").mkdir(parents=True, exist_ok=True)
    with (home / "tryton" / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def run(
    command: list[str],
    log: Path,
    environ: Mapping[str, str] | None = None,
    text: str = "",
) -> None:
    """Run a program to its end with its output in `log`. Raises TrytonFailedError."""
    with log.open("ab") as output:
        done = subprocess.run(
            command,
            input=text.encode(),
            stdout=output,
            stderr=output,
            env=dict(plain_environment() if environ is None else environ),
            check=False,
        )
    if done.returncode != 0:
        raise TrytonFailedError(f"{Path(command[1]).name} failed; see {log}")


def plain_environment() -> dict[str, str]:
    """Return our environment without our secrets and without settings meant for another Tryton."""
    foreign = ("TIEOUT_", "DAGSTER_", "TRYTON", "PYTHON", "VIRTUAL_ENV", "GUNICORN_", "PG")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


def log_file(home: Path, name: str) -> Path:
    """Return a file in the folder of logs, which is made if need be."""
    (home / "logs").mkdir(parents=True, exist_ok=True)
    return home / "logs" / name


def _uv() -> list[str]:
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.exists() else shutil.which("uv")
    if not found:
        raise TrytonFailedError("uv is missing beside this Python and on the PATH: install uv")
    return [found]


def _add_module(python: Path) -> None:
    """Put our module where Tryton looks for modules: the folder of its own."""
    (packages,) = (python.parents[1] / "lib").glob("python3*/site-packages")
    target = packages / "trytond" / "modules" / MODULE
    shutil.copytree(SCRIPTS / MODULE, target, ignore=shutil.ignore_patterns("__pycache__"))
