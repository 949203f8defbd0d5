"""Tryton's server process: started behind its guard, known by pid and start time, stopped by pid.

Two worker processes, because posting is bound by Tryton's processor time and two entities are
posted side by side. The environment and the databases are made by the modules named below.
"""

import json
import socket
import subprocess
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import psutil
import requests

from resources.erp.tryton_database import (
    Books,
    ErpAccess,
    ErpDatabase,
    ensure_database,
    ensure_years,
    read_access,
)
from resources.erp.tryton_environment import (
    SCRIPTS,
    TrytonFailedError,
    ensure_environment,
    fingerprint,
    log_file,
    plain_environment,
    workshop,
)
from resources.warehouse.embedded import free_port

__all__ = [
    "Books",
    "ErpAccess",
    "ErpDatabase",
    "TrytonFailedError",
    "ensure_database",
    "ensure_environment",
    "ensure_years",
    "read_access",
    "run_file",
    "start",
    "stop",
]

HOST = "127.0.0.1"
WORKERS = 2
START_SECONDS = 90.0
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class _Server:
    """A server as its run file knows it."""

    pid: int
    started: float
    url: str
    serves: str

    def process(self) -> psutil.Process | None:
        """Return the living process that this is; None when only its pid lives on, or nothing."""
        try:
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.started) < 1.0
            return found if same and found.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def run_file(home: Path) -> Path:
    """Return the file that names the running server."""
    return home / "run" / "tryton.json"


def start(home: Path, database: ErpDatabase, port: int | None = None) -> str:
    """Have Tryton answer for this database and return its URL, with the database's name.

    `port` is used when it is free, else another one. A server that runs already for the same
    database and the same code is kept; one for another is stopped. Raises TrytonFailedError.
    """
    python = ensure_environment(home)
    with workshop(home):
        serves = f"{fingerprint()}|{database.server_uri.rpartition('@')[2]}|{database.name}"
        running = _read(home)
        if running and running.serves == serves and _answers(running.url):
            return running.url
        _stop(home)
        url = f"http://{HOST}:{_choose_port(port)}/{database.name}"
        server = _spawn(home, python, database, url, serves)
        _wait(server, log_file(home, "tryton.log"))
        return url


def stop(home: Path) -> bool:
    """Stop the server of this folder; True when there was one to stop."""
    with workshop(home):
        return _stop(home)


def _spawn(home: Path, python: Path, database: ErpDatabase, url: str, serves: str) -> _Server:
    environ = {
        **plain_environment(),
        **database.environment,
        "TRYTOND_DATABASE_NAMES": database.name,
    }
    address = url.removeprefix("http://").rpartition("/")[0]
    with log_file(home, "tryton.log").open("ab") as output:
        child = subprocess.Popen(
            [str(python), "-m", "gunicorn", *_options(address), "guarded:build()"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environ,
            start_new_session=True,
        )
    server = _Server(child.pid, psutil.Process(child.pid).create_time(), url, serves)
    _write(run_file(home), server.__dict__)
    return server


def _options(address: str) -> list[str]:
    """Return gunicorn's options: a worker takes one request at a time, so both have work."""
    workers = ["--worker-class", "sync", "--workers", str(WORKERS)]
    limits = ["--timeout", "120", "--graceful-timeout", "5"]
    places = ["--bind", address, "--chdir", str(SCRIPTS), "--no-control-socket"]
    return [*workers, *limits, *places]


def _wait(server: _Server, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(server.url):
        if server.process() is None:
            raise TrytonFailedError(f"Tryton ended while starting; see {log}")
        if time.monotonic() > deadline:
            raise TrytonFailedError(f"Tryton did not answer in {START_SECONDS:.0f} s; see {log}")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    """Say whether Tryton asks us for a key, which it does once its database is loaded."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.get(f"{url}/rest/model/account.move", timeout=10)
        except requests.RequestException:
            return False
    return answer.status_code == HTTPStatus.UNAUTHORIZED


def _read(home: Path) -> _Server | None:
    path = run_file(home)
    if not path.exists():
        return None
    server = _Server(**json.loads(path.read_text()))
    return server if server.process() else None


def _stop(home: Path) -> bool:
    server = _read(home)
    process = server.process() if server else None
    if process is not None:
        _end(process)
    run_file(home).unlink(missing_ok=True)
    return process is not None


def _end(process: psutil.Process) -> None:
    """Ask the server to end, and its workers with it; insist with whatever is left."""
    try:
        family = [process, *process.children(recursive=True)]
        process.terminate()
    except psutil.NoSuchProcess:
        return
    _, left = psutil.wait_procs(family, timeout=STOP_SECONDS)
    for one in left:
        if one.is_running():
            one.kill()
    psutil.wait_procs(left, timeout=STOP_SECONDS)


def _choose_port(wanted: int | None) -> int:
    """Return the wanted port when nobody has it, else one that the system gives."""
    if wanted is None:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError:
            return free_port()
    return wanted


def _write(path: Path, content: dict[str, Any]) -> None:
    """Write a file whole or not at all, for its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(json.dumps(content))
    partial.chmod(0o600)
    partial.replace(path)
