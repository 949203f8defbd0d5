"""The state folder: what lies where, the generated secrets, and which world it is working on.

Small files written whole or not at all; no servers and no database here.
"""

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

PASSWORD_ROLES = (
    "INGEST", "TRANSFORM", "PREPARER", "POLICY", "APPROVER", "POSTER", "BI_READER", "AUDITOR",
    "DAGSTER", "ERP", "CONTROLLER", "MANAGER", "BILLER",
)  # fmt: skip
DEFAULT_SEED = 20261031
DEFAULT_CLAIMS = 5000
DEFAULT_AS_OF = date(2026, 10, 31)


@dataclass(frozen=True)
class StateFolder:
    """Paths inside TIEOUT_HOME (default `.tieout` under the current folder)."""

    root: Path

    @property
    def secrets(self) -> Path:
        """Generated passwords and keys, mode 0600."""
        return self.root / "secrets.env"

    @property
    def ports(self) -> Path:
        """The ports chosen once, so that an address stays the same."""
        return self.root / "ports.json"

    @property
    def world(self) -> Path:
        """Which world the last `tieout run` worked on."""
        return self.root / "world.json"

    def kept_world(self, name: str) -> Path:
        """What is known of the world of that name."""
        return self.root / "worlds" / f"{name}.json"

    @property
    def postgres(self) -> Path:
        """The embedded database server."""
        return self.root / "postgres"

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME."""
        return self.root / "dagster"

    @property
    def dbt(self) -> Path:
        """What dbt keeps between runs."""
        return self.root / "dbt"

    @property
    def logs(self) -> Path:
        """One log file per server."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """Pid files: pid, start time and owner of each server."""
        return self.root / "run"

    def sandbox(self, world: "World") -> Path:
        """Files of the outside world that `world` names."""
        return self.root / "sandbox" / world.name

    def make(self) -> None:
        """Create the folders; the root is private, since patient data lives below it."""
        self.root.mkdir(parents=True, exist_ok=True)
        if self.root.stat().st_uid == os.geteuid():
            self.root.chmod(0o700)
        for folder in (self.dagster, self.dbt, self.logs, self.run):
            folder.mkdir(exist_ok=True)


def state_folder(environ: Mapping[str, str]) -> StateFolder:
    """The state folder that the environment names, as an absolute path."""
    return StateFolder(Path(environ.get("TIEOUT_HOME") or ".tieout").absolute())


@dataclass(frozen=True)
class World:
    """What a run works on: the synthetic group with these numbers, a user's own files or sources.

    Each world has databases of its own, so that two of them never mix.
    """

    seed: int = DEFAULT_SEED
    claims: int = DEFAULT_CLAIMS
    as_of: date = DEFAULT_AS_OF
    files: str | None = None
    own: bool = False

    @property
    def name(self) -> str:
        """Suffix of its databases: `main`, `own`, `files_<hash>` or `sandbox_<hash>`."""
        if self == World():
            return "main"
        if self.own:
            return "own"
        if self.files is not None:
            return "files_" + _short_hash(self.files)
        return "sandbox_" + _short_hash(f"{self.seed}|{self.claims}|{self.as_of}")

    @property
    def title(self) -> str:
        """What a reader should know about it, in one line."""
        if self.own:
            return f"your own sources, as of {self.as_of}"
        if self.files is not None:
            return f"the files of {self.files}, as of {self.as_of}"
        return f"sandbox with seed {self.seed}, {self.claims:,} claims, as of {self.as_of}"

    def database(self, base: str) -> str:
        """Name of this world's database of one kind (tieout, dagster, erp)."""
        return base if self.name == "main" else f"{base}_{self.name}"


def read_world(state: StateFolder) -> World:
    """The world of the last run; the default one where none was kept."""
    return _world_of(state.world) or World()


def world_of_files(state: StateFolder, files: str, as_of: date | None, today: date) -> World:
    """The world of a user's folder: its as-of date is today at first, and stays until changed."""
    kept = _world_of(state.kept_world(World(files=files).name))
    return World(files=files, as_of=as_of or (kept.as_of if kept else today))


def _world_of(path: Path) -> World | None:
    if not path.exists():
        return None
    kept = json.loads(path.read_text())
    return World(**{**kept, "as_of": date.fromisoformat(kept["as_of"])})


def keep_world(state: StateFolder, world: World) -> None:
    """Remember the world, so that `status`, `trace` and the others look at the same one."""
    text = json.dumps(asdict(world), default=str)
    state.kept_world(world.name).parent.mkdir(exist_ok=True)
    write_whole(state.kept_world(world.name), text)
    write_whole(state.world, text)


def read_secrets(state: StateFolder) -> dict[str, str]:
    """The installation's secrets, generated once. A newer version's additions are made up here."""
    kept = read_env(state.secrets) if state.secrets.exists() else {}
    known = {**_generate(), **kept}
    if known != kept:
        write_whole(state.secrets, "".join(f"{k}={v}\n" for k, v in sorted(known.items())), 0o600)
    return known


def read_env(path: Path) -> dict[str, str]:
    """NAME=value lines of a file; blank lines and lines with # in front are passed over."""
    lines = (line.strip() for line in path.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _generate() -> dict[str, str]:
    made = {f"TIEOUT_PASSWORD_{role}": secrets.token_hex(16) for role in PASSWORD_ROLES}
    return {
        **made,
        "TIEOUT_ROLE_PREFIX": f"tieout_{secrets.token_hex(3)}",
        "TIEOUT_ADMIN_USER": "tieout_admin",
        "TIEOUT_ADMIN_PASSWORD": secrets.token_hex(16),
        "TIEOUT_HASH_KEY": secrets.token_hex(32),
        "TIEOUT_PAGES_TOKEN": secrets.token_hex(32),
    }


def kept_port(state: StateFolder, server: str) -> int | None:
    """The port that a server had before, so that its address stays the same."""
    port = read_json(state.ports).get(server)
    return port if isinstance(port, int) else None


def keep_port(state: StateFolder, server: str, port: int | None) -> None:
    """Remember the port of a server; several are started side by side."""
    with (state.run / "ports.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        write_whole(state.ports, json.dumps({**read_json(state.ports), server: port}))


def read_json(path: Path) -> dict[str, object]:
    """A small JSON object; empty where the file is absent."""
    if not path.exists():
        return {}
    found = json.loads(path.read_text())
    if not isinstance(found, dict):
        raise TypeError(f"{path} does not hold a JSON object")
    return found


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file so that a reader sees the old or the new content, never half of it."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    partial.replace(path)


@contextmanager
def only_one(state: StateFolder) -> Iterator[None]:
    """Hold the state folder while setting up; another command waits for its turn.

    The kernel lets go of it when its holder dies.
    """
    with (state.run / "set_up.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
