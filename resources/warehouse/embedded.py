"""An embedded PostgreSQL on 127.0.0.1: make it, start it, stop it, know whether it lives.

Nothing here knows what the databases hold.
"""

import fcntl
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psutil

from resources.warehouse.postgres_place import (
    CANNOT_FIND,
    CANNOT_RUN,
    EmbeddedPostgresError,
    Place,
    find_place,
)

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "free_port"]

PORTS = (20_000, 32_000)
PORT_TRIES = 200
START_SECONDS = 30.0  # a server killed with -9 needs a moment before its data may be opened again
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "hash_mem_multiplier": "4",  # grouping a mart by hash is linear, by sort it spills
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "synchronous_commit": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
    # No statement, parameter or failing row reaches the log: they may hold patient data.
    "log_min_messages": "log",  # an error's own words quote values; starts and stops stay
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now.

    From below the range that the kernel gives to outgoing connections: one of those could have the
    port just when its server is started again.
    """
    for _ in range(PORT_TRIES):
        port = PORTS[0] + secrets.randbelow(PORTS[1] - PORTS[0])
        if not is_taken(port):
            return port
    raise EmbeddedPostgresError(f"no free port found between {PORTS[0]} and {PORTS[1]}")


def port_or_free(wanted: int | None) -> int:
    """The wanted port when nobody has it, else one that the system gives."""
    return free_port() if wanted is None or is_taken(wanted) else wanted


class EmbeddedPostgres:
    """One server in one state folder; the port is chosen once and kept in `folder/port`."""

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        *,
        admin_user: str = "tieout_admin",
        admin_password: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`admin_password` is needed by the first start only; `settings` go over the defaults."""
        self.folder = Path(folder)
        self.admin_user = admin_user
        self.admin_password = admin_password
        self.settings = {**SETTINGS, **(settings or {})}
        self._given_port = port
        self._place: Place | None = None

    @property
    def place(self) -> Place:
        """Folders, programs and user of the server."""
        if self._place is None:
            self._place = find_place(self.folder)
        return self._place

    @property
    def port(self) -> int:
        """The TCP port; known before the first start only when it was given."""
        if self._given_port is not None:
            return self._given_port
        kept = self.folder / "port"
        if not kept.exists():
            raise EmbeddedPostgresError("the server was never started: it has no port yet")
        return int(kept.read_text())

    def url(self, database: str = "postgres", user: str | None = None,
            password: str | None = None) -> str:  # fmt: skip
        """A postgresql:// URL, of the administrator unless another login is given."""
        login, secret = user or self.admin_user, password or self.admin_password or ""
        credentials = f"{quote(login, safe='')}:{quote(secret, safe='')}"
        return f"postgresql://{credentials}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    def is_alive(self) -> bool:
        """Whether our own server answers: its data folder is held and its port accepts."""
        if self._given_port is None and not (self.folder / "port").exists():
            return False
        if not self.has_process():
            return False
        answer = self.place.account.run(
            self.place.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port),
            "-d", "postgres", "-t", "2",
        )  # fmt: skip
        return answer.returncode == 0

    def start(self) -> None:
        """Make the cluster if there is none, and start it if it is down; safe to call at once.

        Raises EmbeddedPostgresError when it does not come up; its log says why.
        """
        with self._lock():
            if self.is_alive():
                return
            if not (self.place.data / "PG_VERSION").exists():
                self._make_cluster()
            self._keep_port()
            self._write_settings()
            self._start_with_patience()

    def stop(self) -> None:
        """Stop the server and wait for it; nothing happens when it is down."""
        with self._lock():
            if not (self.place.data / "postmaster.pid").exists() or not self.has_process():
                return
            done = self._ctl("stop", "-m", "fast", "-t", "60", "-w")
            if done.returncode in (CANNOT_RUN, CANNOT_FIND):
                raise EmbeddedPostgresError(done.stderr)
            if done.returncode != 0 and self.has_process():
                raise EmbeddedPostgresError(f"the server did not stop; see {self.place.log}")

    def destroy(self) -> None:
        """Stop the server and delete its data, wherever they are. There is no way back."""
        self.stop()
        shutil.rmtree(self.place.home)
        (self.folder / "place.json").unlink()

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _make_cluster(self) -> None:
        if not self.admin_password:
            raise EmbeddedPostgresError("the first start needs the administrator's password")
        place = self.place
        partial = place.home / "data.partial"  # an interrupted initdb must not look like a cluster
        shutil.rmtree(partial, ignore_errors=True)
        secret_file = place.home / f"secret-{secrets.token_hex(8)}"
        try:
            descriptor = os.open(secret_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as handle:
                handle.write(self.admin_password + "\n")
            place.account.own(secret_file)
            made = place.account.run(
                place.programs / "initdb", "-D", partial, "-U", self.admin_user, "-E", "UTF8",
                "--locale=C", "-A", "scram-sha-256", f"--pwfile={secret_file}",
                cwd=place.home,
            )  # fmt: skip
        finally:
            secret_file.unlink(missing_ok=True)
        if made.returncode != 0:
            raise EmbeddedPostgresError(f"initdb failed: {made.stderr.strip()[-500:]}")
        partial.rename(place.data)

    def _keep_port(self) -> None:
        """Keep the chosen port; where another program has taken it since, choose again."""
        if self._given_port is not None:
            port = self._given_port
            if is_taken(port):
                raise EmbeddedPostgresError(f"port {port} of 127.0.0.1 is taken by another program")
        else:
            kept = self.folder / "port"
            port = int(kept.read_text()) if kept.exists() else free_port()
            port = free_port() if is_taken(port) else port
        partial = self.folder / "port.partial"
        partial.write_text(str(port))
        partial.replace(self.folder / "port")

    def _write_settings(self) -> None:
        lines = [f"{name} = '{value}'" for name, value in sorted(self.settings.items())]
        target = self.place.data / "postgresql.auto.conf"
        partial = target.with_name("postgresql.auto.conf.partial")
        partial.write_text("\n".join([*lines, f"port = '{self.port}'", ""]))
        partial.chmod(0o600)
        self.place.account.own(partial)
        partial.replace(target)

    def _start_with_patience(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            self._forget_dead_process()
            started = self._ctl("start", "-w", "-t", "60", "-l", str(self.place.log))
            if started.returncode == 0 and self.is_alive():
                return
            if started.returncode in (CANNOT_RUN, CANNOT_FIND):
                raise EmbeddedPostgresError(started.stderr)
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"the server did not start; see {self.place.log}")
            time.sleep(0.25)

    def _ctl(self, action: str, *options: str) -> subprocess.CompletedProcess[str]:
        place = self.place
        return place.account.run(
            place.programs / "pg_ctl", action, "-D", place.data, *options, cwd=place.home
        )

    def _postmaster(self) -> psutil.Process | None:
        """The process named by the pid file, where it still exists and is no zombie."""
        try:
            process = psutil.Process(int(self._pid_file().read_text().split()[0]))
            alive = process.status() != psutil.STATUS_ZOMBIE and "postgres" in process.name()
        except (OSError, ValueError, IndexError, psutil.Error):
            return None
        return process if alive else None

    def has_process(self) -> bool:
        """Whether its process lives; quicker than `is_alive`, which asks whether it answers."""
        return self._postmaster() is not None

    def _pid_file(self) -> Path:
        return self.place.data / "postmaster.pid"

    def _forget_dead_process(self) -> None:
        """Remove the pid file of a killed server, but only when no child of it is left.

        PostgreSQL takes a zombie or a reused pid for a living server and would refuse for ever.
        """
        if self._pid_file().exists() and not self.has_process() and not self._has_children():
            self._pid_file().unlink(missing_ok=True)

    def _has_children(self) -> bool:
        data = str(self.place.data)
        for process in psutil.process_iter(["name"]):
            try:
                if process.info["name"] == "postgres" and process.cwd() == data:
                    return True
            except psutil.Error:
                continue
        return False


def is_taken(port: int) -> bool:
    """Whether another program has a TCP port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
