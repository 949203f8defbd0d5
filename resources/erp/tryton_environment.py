"""Tryton's own locked Python environment: one for each lock, shared by a user's installations.

Nothing of Tryton is ever imported by this process; its programs run under the Python made here.
Where the shared folder is belongs to `tryton_cache.py`.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from resources.erp.tryton_cache import held, shared_folder

SCRIPTS = Path(__file__).parent / "tryton_scripts"
LOCK = SCRIPTS / "requirements.lock"
MODULE = "tieout_reference"


class TrytonFailedError(Exception):
    """Tryton could not be installed, prepared or started; the text says what and where to look."""


@dataclass(frozen=True)
class Workshop:
    """The folders in which Tryton is installed and prepared, held by one command at a time.

    `stock` holds what does not differ between installations. Programs that run here hold the locks
    too: when the command is killed, the next one waits for them.
    """

    home: Path
    stock: Path
    locks: tuple[int, ...]

    @property
    def venv(self) -> Path:
        """Return the folder of Tryton's own environment."""
        return self.stock / "venv"

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
                pass_fds=self.locks,
                check=False,
            )
        if done.returncode != 0:
            raise TrytonFailedError(f"{' '.join(command[:2])} failed; see {self.log}")

    @contextmanager
    def alone_in_stock(self) -> Iterator["Workshop"]:
        """Wait for other installations that make something in `stock`, and keep them out."""
        with held(self.stock / "stock.lock") as lock:
            yield replace(self, locks=(*self.locks, lock))


@contextmanager
def workshop(home: Path) -> Iterator[Workshop]:
    """Wait for others at work on this installation."""
    own = home / "tryton"
    own.mkdir(parents=True, exist_ok=True)
    with held(own / "lock") as lock:
        yield Workshop(home, _stock(own), (lock,))


def ensure_environment(home: Path) -> Path:
    """Return the Python of an environment with exactly the locked packages and our module.

    An environment that a killed command left half made has no marker and is made again. Raises
    TrytonFailedError.
    """
    with workshop(home) as shop, shop.alone_in_stock() as maker:
        if not _is_complete(maker.venv):
            _make(maker)
            _marker(maker.venv).write_text(fingerprint())
        return maker.python


def _stock(own: Path) -> Path:
    """Return the shared folder; the installation's own where it has an environment already."""
    if _is_complete(own / "venv"):
        return own
    name = f"tryton-{fingerprint()[:16]}-{sysconfig.get_platform()}"
    return shared_folder(os.environ, name) or own


def _is_complete(venv: Path) -> bool:
    marker = _marker(venv)
    is_current = marker.exists() and marker.read_text() == fingerprint()
    return is_current and (venv / "bin" / "python").exists()


def _marker(venv: Path) -> Path:
    return venv / "complete"


def _make(shop: Workshop) -> None:
    """Install and compile, so that no start of Tryton compiles or writes anything."""
    shutil.rmtree(shop.venv, ignore_errors=True)
    shop.run([sys.executable, "-m", "venv", "--without-pip", str(shop.venv)])
    install = [_uv(), "pip", "install", "--compile-bytecode", "--python", str(shop.python)]
    shop.run([*install, "--require-hashes", "-r", str(LOCK)])
    (packages,) = (shop.venv / "lib").glob("python3*/site-packages")
    module = packages / "trytond" / "modules" / MODULE  # where Tryton looks for modules
    shutil.copytree(SCRIPTS / MODULE, module, ignore=shutil.ignore_patterns("__pycache__"))
    shop.run([str(shop.python), "-m", "compileall", "-q", str(module)])


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
