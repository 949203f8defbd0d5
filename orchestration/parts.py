"""The parts that `tieout up` keeps running: how each is started, asked for an answer, and stopped.

When that happens is decided in `upkeep.py`. Starting blocks until the part answers or fails.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from orchestration import outside, probes, processes
from orchestration.databases import Server
from orchestration.launcher import Launcher
from orchestration.living import program_file
from orchestration.pages import session
from orchestration.state import StateFolder
from resources.erp import tryton_server

CODE = Path(__file__).parents[1]
START_SECONDS = 120.0


class Part(Protocol):
    """A server that is kept running."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the parts without which it cannot start."""

    @property
    def address(self) -> str:
        """Where a person or a program finds it."""

    def is_alive(self) -> bool:
        """Whether its process is there; asked each second."""

    def start(self) -> None:
        """Have it answer, from whatever state it is in. Raises what keeps it down."""

    def answers(self) -> bool:
        """Whether it answers; asked every few seconds."""

    def stop(self) -> None:
        """Stop it."""


@dataclass(frozen=True)
class Database:
    """PostgreSQL, ours or somebody else's."""

    server: Server
    name: str = "database"
    needs: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """Host and port."""
        found = self.server.address()
        return f"{found.host}:{found.port}"

    def is_alive(self) -> bool:
        """Whether its postmaster lives."""
        return self.server.has_process()

    def start(self) -> None:
        """Start it."""
        self.server.start()

    def answers(self) -> bool:
        """Whether it lets us in."""
        return self.server.is_alive()

    def stop(self) -> None:
        """Stop it, if it is ours."""
        self.server.stop()


@dataclass(frozen=True)
class Outside:
    """The sandbox's servers of the outside world."""

    launcher: Launcher
    name: str = "sandbox"
    needs: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """URLs of SFTP, FHIR and card API."""
        found = processes.read(self._pid_file)
        return str(found[1].get("url", "")) if found else ""

    def is_alive(self) -> bool:
        """Whether its process lives."""
        return processes.read(self._pid_file) is not None

    def start(self) -> None:
        """Serve the files of the world again, at the same addresses."""
        self.launcher.start_outside()

    def answers(self) -> bool:
        """Whether the SFTP server greets."""
        url = urlsplit(self.address.split(" ")[0])
        return probes.greets(url.hostname or "", url.port or 0)

    def stop(self) -> None:
        """Stop it."""
        processes.stop(self._pid_file)

    @property
    def _pid_file(self) -> Path:
        return outside.pid_file(self.launcher.state, self.launcher.world)


@dataclass(frozen=True)
class LocalErp:
    """Our own Tryton."""

    launcher: Launcher
    name: str = "erp"
    needs: tuple[str, ...] = ("database",)

    @property
    def address(self) -> str:
        """URL with the database's name."""
        found = tryton_server.running_url(self.launcher.state.root)
        return found or ""

    def is_alive(self) -> bool:
        """Whether its first process lives; it starts its workers again by itself."""
        return bool(self.address)

    def start(self) -> None:
        """Start it at its kept port."""
        self.launcher.start_erp()

    def answers(self) -> bool:
        """Whether it asks for a key."""
        page = f"{self.address}/rest/model/account.move"
        return probes.answers_http(page, HTTPStatus.UNAUTHORIZED)

    def stop(self) -> None:
        """Stop it and its workers."""
        tryton_server.stop(self.launcher.state.root)


@dataclass(frozen=True)
class Program:
    """A process of Dagster's: a command, what it needs in its environment, and its log."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    state: StateFolder
    question: Callable[[], bool]
    address: str = ""
    needs: tuple[str, ...] = ("database",)
    first_answer: bool = True

    def is_alive(self) -> bool:
        """Whether its process lives."""
        return processes.read(self._pid_file) is not None

    def start(self) -> None:
        """Start it, after whatever a killed `up` left of it. Raises ServerFailedError."""
        processes.stop(self._pid_file)
        server = processes.spawn(self.command, self.log, {**os.environ, **self.environ}, CODE)
        processes.keep(self._pid_file, server, url=self.address)
        if self.first_answer:
            processes.wait_until(self.question, server, self.log, START_SECONDS)

    def answers(self) -> bool:
        """Whether it answers its question."""
        return self.question()

    def stop(self) -> None:
        """Stop it and what it started."""
        processes.stop(self._pid_file)

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.state.logs / f"{self.name}.log"

    @property
    def _pid_file(self) -> Path:
        return program_file(self.state, self.name)


def programs(
    state: StateFolder, environ: Mapping[str, str], ports: tuple[int, int], database_url: str
) -> list[Program]:
    """Dagster's code server, pages and daemon; `ports` are of the first two."""
    code, pages = ports
    workspace = write_workspace(state, code)
    module = ["--module-name", "orchestration.definitions", "--location-name", "tieout"]
    others = {name: value for name, value in environ.items() if name != session.VARIABLE}
    return [
        Program(
            "code", _dagster("dagster", "api", "grpc", *_at(code), *module), others, state,
            lambda: probes.answers_grpc(code), f"127.0.0.1:{code}",
        ),
        _pages(state, environ, pages, workspace),
        Program(
            "daemon", _dagster("dagster._daemon", "run", "-w", str(workspace)), others, state,
            lambda: probes.signs(database_url), "", ("database", "code"), first_answer=False,
        ),
    ]  # fmt: skip


def _pages(state: StateFolder, environ: Mapping[str, str], port: int, workspace: Path) -> Program:
    """Dagster's pages behind their guard; the token goes by the environment, to them alone."""
    url = f"http://127.0.0.1:{port}"
    known = session.headers(session.read_token(environ))
    return Program(
        name="pages",
        command=[sys.executable, "-m", "orchestration.pages.serve", str(port), str(workspace)],
        environ=environ,
        state=state,
        question=lambda: probes.answers_http(f"{url}/server_info", HTTPStatus.OK, headers=known),
        address=url,
        needs=("database", "code"),
    )


def write_workspace(state: StateFolder, port: int) -> Path:
    """Write where the code server is, as Dagster's pages and daemon read it; return the path."""
    path = state.dagster / "workspace.yaml"
    path.write_text(
        f"load_from:\n  - grpc_server: {{host: 127.0.0.1, port: {port}, location_name: tieout}}\n"
    )
    return path


def _at(port: int) -> tuple[str, ...]:
    return ("-h", "127.0.0.1", "-p", str(port))


def _own(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _dagster(module: str, *arguments: str) -> list[str]:
    """Warnings only: at every look of every sensor the daemon would write two lines."""
    return [sys.executable, "-m", module, *arguments, "--log-level", "warning"]


def run_program(module: str, environ: Mapping[str, str]) -> None:
    """Run a module of ours as a program to its end. Raises CalledProcessError where it fails."""
    command = [sys.executable, "-m", module]
    subprocess.run(command, env={**os.environ, **environ}, cwd=CODE, check=True)
