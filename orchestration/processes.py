"""Servers that outlive the command that starts them: start, know, adopt, stop.

A server is known by pid plus start time (a pid alone is reused), logs to a file of its own and
runs in a session of its own, so that it neither holds our output nor dies of our interrupt.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from orchestration.errors import ExpectedError
from orchestration.state import read_json, write_whole

STOP_SECONDS = 10.0


class ServerFailedError(ExpectedError):
    """A server ended or did not answer; the text names its log."""


@dataclass(frozen=True)
class Identity:
    """One process: its pid and the moment it started, in seconds since 1970."""

    pid: int
    started: float

    def process(self) -> psutil.Process | None:
        """The living process that this is, or None when it is gone or only its pid lives on."""
        try:
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.started) < 1.0
            return found if same and found.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def myself() -> Identity:
    """The process that asks."""
    return identify(os.getpid())


def identify(pid: int) -> Identity:
    """A running process by its pid. Raises psutil.NoSuchProcess."""
    return Identity(pid, psutil.Process(pid).create_time())


def spawn(
    command: Sequence[str], log: Path, environ: Mapping[str, str], folder: Path | None = None
) -> Identity:
    """Start a server with its output in `log`; no standard input, a session of its own."""
    with log.open("ab") as output:
        child = subprocess.Popen(
            list(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env=dict(environ), cwd=folder, start_new_session=True,
        )  # fmt: skip
    return identify(child.pid)


def keep(path: Path, server: Identity, **facts: object) -> None:
    """Write the pid file of a server, with whatever else a later command needs to know."""
    write_whole(path, json.dumps({**asdict(server), **facts}), 0o600)


def read(path: Path) -> tuple[Identity, dict[str, object]] | None:
    """Identity and facts of a server that lives; None when there is none (any more)."""
    kept = read_json(path)
    pid, started = kept.get("pid"), kept.get("started")
    if not isinstance(pid, int) or not isinstance(started, int | float):
        return None
    server = Identity(pid, float(started))
    return (server, kept) if server.process() else None


def stop(path: Path, patience_seconds: float = STOP_SECONDS) -> bool:
    """Stop the server of a pid file and its children; True when there was one to stop."""
    found = read(path)
    path.unlink(missing_ok=True)
    if found is None:
        return False
    end(found[0], patience_seconds)
    return True


def end(server: Identity, patience_seconds: float = STOP_SECONDS) -> None:
    """End a process, after a while more firmly, then whatever is left of its tree."""
    process = server.process()
    if process is None:
        return
    children = process.children(recursive=True)
    with suppress(psutil.NoSuchProcess):
        process.terminate()
    left = [*psutil.wait_procs([process], timeout=patience_seconds)[1], *children]
    for stronger in (psutil.Process.terminate, psutil.Process.kill):
        for one in left:
            with suppress(psutil.NoSuchProcess):
                stronger(one)
        left = psutil.wait_procs(left, timeout=STOP_SECONDS)[1]


def end_all(mark: Mapping[str, str]) -> int:
    """Kill every process of ours whose environment says all of `mark`; return how many.

    Finds what was left behind by a server that was killed: its children have other parents now.
    """
    found = [one for one in psutil.process_iter() if _is_marked(one, mark)]
    for one in found:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(found, timeout=STOP_SECONDS)
    return len(found)


def _is_marked(process: psutil.Process, mark: Mapping[str, str]) -> bool:
    try:
        is_other = process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE
        return is_other and mark.items() <= process.environ().items()
    except psutil.Error:
        return False


def wait_for_file(path: Path, server: Identity, log: Path, seconds: float) -> None:
    """Wait until a server has written `path`. Raises ServerFailedError otherwise."""
    wait_until(path.exists, server, log, seconds)


def wait_until(answers: Callable[[], bool], server: Identity, log: Path, seconds: float) -> None:
    """Wait until a server answers. Raises ServerFailedError otherwise."""
    deadline = time.monotonic() + seconds
    while not answers():
        if server.process() is None:
            raise ServerFailedError(f"the server ended while starting; see {log}")
        if time.monotonic() > deadline:
            raise ServerFailedError(f"the server did not answer within {seconds:.0f} s; see {log}")
        time.sleep(0.05)
