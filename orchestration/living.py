"""What is known of a `tieout up` that lives: its pid, its world, Dagster's processes below it.

Another command asks here before it starts something, and stops here what a killed one left behind.
"""

from dataclasses import asdict
from pathlib import Path

from orchestration import processes
from orchestration.errors import ExpectedError
from orchestration.state import StateFolder, World

PROGRAMS = ("daemon", "pages", "code")
STOP_SECONDS = 45.0  # `up` itself stops everything that it started, one after the other


class AlreadyUpError(ExpectedError):
    """Something else keeps this state folder's servers."""


def mark(state: StateFolder) -> dict[str, str]:
    """What stands in the environment of all that `up` starts, and in no other process's."""
    return {"TIEOUT_UP": "1", "TIEOUT_HOME": str(state.root)}


def pid_file(state: StateFolder) -> Path:
    """Pid file of `tieout up`."""
    return state.run / "up.json"


def program_file(state: StateFolder, name: str) -> Path:
    """Pid file of one of Dagster's processes."""
    return state.run / f"dagster_{name}.json"


def program_files(state: StateFolder) -> list[tuple[str, Path]]:
    """Pid files of all of them, by name."""
    return [(name, program_file(state, name)) for name in PROGRAMS]


def sign_in(state: StateFolder, world: World, url: str) -> None:
    """Say that this process keeps the servers of a world up. Raises AlreadyUpError."""
    other = _other(state)
    if other is not None:
        raise AlreadyUpError(f"`tieout up` runs already: {other.get('url', '')}")
    facts = {key: str(value) for key, value in asdict(world).items()}
    processes.keep(pid_file(state), processes.myself(), url=url, name=world.name, **facts)


def sign_out(state: StateFolder) -> None:
    """Say that this process is done."""
    pid_file(state).unlink(missing_ok=True)


def pages_url(state: StateFolder) -> str | None:
    """URL of Dagster's pages where an `up` lives."""
    found = processes.read(pid_file(state))
    return str(found[1]["url"]) if found else None


def refuse_another_world(state: StateFolder, world: World) -> None:
    """Two worlds cannot share one ERP server. Raises AlreadyUpError."""
    other = _other(state)
    if other is not None and other.get("name") != world.name:
        raise AlreadyUpError(
            f"`tieout up` is at work on another world ({other.get('name')}); end it first "
            "(`tieout down`), or name another state folder in TIEOUT_HOME"
        )


def stop(state: StateFolder) -> bool:
    """Stop the `up` of this state folder, which stops what it started; True if there was one."""
    return _other(state) is not None and processes.stop(pid_file(state), STOP_SECONDS)


def stop_programs(state: StateFolder) -> list[str]:
    """Stop Dagster's processes and runs, also those of a killed `up`; returns what was running."""
    found = [name for name, path in program_files(state) if processes.stop(path)]
    is_left = processes.end_all(mark(state)) > 0
    return [f"dagster {name}" for name in found] + (["runs"] if is_left else [])


def _other(state: StateFolder) -> dict[str, object] | None:
    found = processes.read(pid_file(state))
    if found is None or found[0].pid == processes.myself().pid:
        return None
    return found[1]
