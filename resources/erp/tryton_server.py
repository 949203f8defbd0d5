"""Tryton's server process: started behind its guard, known by pid and start time, stopped by pid.

Two worker processes, because posting is bound by Tryton's processor time and two entities are
posted side by side. The environment and the databases are made by the modules named below.
"""

import json
import os
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import psutil

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
from resources.warehouse.embedded import port_or_free

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
    "running_url",
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


def running_url(home: Path) -> str | None:
    """Return the URL of the running server, with its database's name; None when none runs."""
    server = _read(home)
    return server.url if server else None


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
        _end_orphans(home)
        url = f"http://{HOST}:{port_or_free(port)}/{database.name}"
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
    import requests  # noqa: PLC0415 (slow to import, and `status` asks no ERP)

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


def _end_orphans(home: Path) -> None:
    """Kill the workers of a server that was killed: they hold its port and answer no more."""
    path = run_file(home)
    if not path.exists():
        return
    session = _Server(**json.loads(path.read_text())).pid
    left = [one for one in psutil.process_iter(["name", "cmdline"]) if _is_worker(one, session)]
    for one in left:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(left, timeout=STOP_SECONDS)
    path.unlink(missing_ok=True)


def _is_worker(process: psutil.Process, session: int) -> bool:
    try:
        is_ours = os.getsid(process.pid) == session
    except OSError:
        return False
    return is_ours and "gunicorn" in " ".join(process.info["cmdline"] or [])


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


def _write(path: Path, content: dict[str, Any]) -> None:
    """Write a file whole or not at all, for its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(json.dumps(content))
    partial.chmod(0o600)
    partial.replace(path)
