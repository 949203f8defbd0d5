"""Who is using the servers: every living command signs in, and the last one out stops them.

A command that was killed left its sign-in behind: pid plus start time tell that it is gone, so the
servers that it started are used, and in the end stopped, by those that come after.
"""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from orchestration import processes
from orchestration.state import StateFolder, write_whole


def sign_in(state: StateFolder) -> None:
    """Say that this process needs the servers."""
    with _door(state):
        write_whole(_ticket(state, processes.myself()), json.dumps(asdict(processes.myself())))


@contextmanager
def sign_out(state: StateFolder) -> Iterator[bool]:
    """Sign out; yields whether nobody else is left, with the door shut until the block ends."""
    with _door(state):
        _ticket(state, processes.myself()).unlink(missing_ok=True)
        yield not others(state)


def others(state: StateFolder) -> list[processes.Identity]:
    """Other living commands that use the servers; sign-ins of dead ones are removed."""
    found = []
    for path in sorted(_folder(state).glob("*.json")):
        living = processes.read(path)
        if living is None:
            path.unlink(missing_ok=True)
        elif living[0].pid != processes.myself().pid:
            found.append(living[0])
    return found


@contextmanager
def _door(state: StateFolder) -> Iterator[None]:
    _folder(state).mkdir(parents=True, exist_ok=True)
    with (state.run / "door.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _folder(state: StateFolder) -> Path:
    return state.run / "commands"


def _ticket(state: StateFolder, command: processes.Identity) -> Path:
    return _folder(state) / f"{command.pid}.json"
