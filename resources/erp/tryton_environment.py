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
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(__file__).parent / "tryton_scripts"
LOCK = SCRIPTS / "requirements.lock"
MODULE = "tieout_reference"


class TrytonFailedError(Exception):
    """Tryton could not be installed, prepared or started; the text says what and where to look."""


@dataclass(frozen=True)
class Workshop:
    """The folder in which Tryton is installed and prepared, held by one command at a time.

    Programs that run here hold it too: when the command is killed, the next one waits for them.
    """

    home: Path
    lock: int

    @property
    def venv(self) -> Path:
        """Return the folder of Tryton's own environment."""
        return self.home / "tryton" / "venv"

    @property
    def python(self) -> Path:
        """Return the Python that has Tryton."""
        return self.venv / "bin" / "python"

    @property
    def log(self) -> Path:
        """Return the log of what runs here."""
        return log_file(self.home, "tryton_install.log")

    def run(
        self, command: list[str], environ: Mapping[str, str] | None = None, text: str = ""
    ) -> None:
        """Run a program to its end with `text` as its input. Raises TrytonFailedError."""
        with self.log.open("ab") as output:
            done = subprocess.run(
                command,
                input=text.encode(),
                stdout=output,
                stderr=output,
                env={**plain_environment(), **(environ or {})},
                pass_fds=(self.lock,),
                check=False,
            )
        if done.returncode != 0:
            raise TrytonFailedError(f"{' '.join(command[:2])} failed; see {self.log}")


@contextmanager
def workshop(home: Path) -> Iterator[Workshop]:
    """Wait for others at work here; the kernel frees what a killed command held."""
    (home / "tryton").mkdir(parents=True, exist_ok=True)
    with (home / "tryton" / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield Workshop(home, handle.fileno())


def ensure_environment(home: Path) -> Path:
    """Return the Python of `home/tryton/venv`, with exactly the locked packages and our module.

    An environment that a killed command left half made has no marker and is made again. Raises
    TrytonFailedError.
    """
    with workshop(home) as shop:
        marker = shop.venv / "complete"
        if not (marker.exists() and marker.read_text() == fingerprint() and shop.python.exists()):
            _make(shop)
            marker.write_text(fingerprint())
        return shop.python


def _make(shop: Workshop) -> None:
    shutil.rmtree(shop.venv, ignore_errors=True)
    shop.run([sys.executable, "-m", "venv", "--without-pip", str(shop.venv)])
    target = ["--python", str(shop.python)]
    shop.run([_uv(), "pip", "install", *target, "--require-hashes", "-r", str(LOCK)])
    (packages,) = (shop.venv / "lib").glob("python3*/site-packages")
    module = packages / "trytond" / "modules" / MODULE  # where Tryton looks for modules
    shutil.copytree(SCRIPTS / MODULE, module, ignore=shutil.ignore_patterns("__pycache__"))


def fingerprint() -> str:
    """Return a hash of everything that the environment is made from."""
    digest = hashlib.sha256(f"{sys.version}|{sys.base_prefix}".encode())
    files = [LOCK, *sorted(path for path in (SCRIPTS / MODULE).iterdir() if path.is_file())]
    for path in files:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def plain_environment() -> dict[str, str]:
    """Return our environment without our secrets and without settings meant for another Tryton."""
    foreign = ("TIEOUT_", "DAGSTER_", "TRYTON", "PYTHON", "VIRTUAL_ENV", "GUNICORN_", "PG")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {"LOGNAME": "tieout", **kept}  # Tryton asks for a user name, which a bare uid lacks


def log_file(home: Path, name: str) -> Path:
    """Return a file in the folder of logs, which is made if need be."""
    (home / "logs").mkdir(parents=True, exist_ok=True)
    return home / "logs" / name


def _uv() -> str:
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.exists() else shutil.which("uv")
    if not found:
        raise TrytonFailedError("uv is missing beside this Python and on the PATH: install uv")
    return found
