"""The outside world of a run: sandbox files made, and served by one process over SFTP and HTTP.

The sandbox runs as programs of its own (it is the outside world); nothing of it is imported.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from orchestration import processes
from orchestration.errors import ExpectedError
from orchestration.state import StateFolder, World, keep_port, kept_port, write_whole
from resources.warehouse.embedded import port_or_free

SERVE_SECONDS = 60.0
CODE = Path(__file__).parents[1]


class SandboxFailedError(ExpectedError):
    """The sandbox could not be made; the text says where to look."""


def ensure(state: StateFolder, world: World) -> dict[str, str]:
    """Have the world's files made and served; returns the variables of its sources.

    Raises SandboxFailedError, or ServerFailedError when it does not come up.
    """
    _generate(state, world)
    return _serve(state, world)


def _generate(state: StateFolder, world: World) -> None:
    """Make the files of the world unless the same ones are there.

    A folder appears whole, by rename: one that a killed command left half made is thrown away.
    """
    folder = state.sandbox(world)
    print_of_world = _fingerprint(world)
    marker = folder / "made.json"
    if marker.exists() and json.loads(marker.read_text()).get("fingerprint") == print_of_world:
        return
    processes.stop(pid_file(state, world))
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    if world.files is None:  # a user's files are put in place by the server itself
        _call(state, _generator(world, partial))
    write_whole(partial / "made.json", json.dumps({"fingerprint": print_of_world}))
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def _serve(state: StateFolder, world: World) -> dict[str, str]:
    """Serve the files by the server that runs already, or by a new one."""
    addresses = state.run / f"addresses_{world.name}.json"
    found = processes.read(pid_file(state, world))
    if found is None or not addresses.exists():
        addresses.unlink(missing_ok=True)
        log = state.logs / "sandbox.log"
        server = processes.spawn(_server(state, world, addresses), log, _plain_environment())
        processes.keep(pid_file(state, world), server)
        processes.wait_for_file(addresses, server, log, SERVE_SECONDS)
        url = _summary(json.loads(addresses.read_text()))
        processes.keep(pid_file(state, world), server, url=url)
    return variables(json.loads(addresses.read_text()))


def _server(state: StateFolder, world: World, addresses: Path) -> list[str]:
    """The command of the server, at the ports that it had before."""
    command = [sys.executable, "-m", "sandbox.serve", "--folder", str(state.sandbox(world))]
    command += ["--address-file", str(addresses)]
    for option, name in (
        ("--sftp-port", f"sftp_{world.name}"),
        ("--web-port", f"web_{world.name}"),
    ):
        port = port_or_free(kept_port(state, name))
        keep_port(state, name, port)
        command += [option, str(port)]
    return [*command, *(["--files", world.files] if world.files else [])]


def _summary(addresses: Mapping[str, Mapping[str, object]]) -> str:
    sftp = addresses["sftp"]
    web = [str(addresses[name]["url"]) for name in ("fhir", "cards") if name in addresses]
    return " ".join([f"sftp://{sftp['host']}:{sftp['port']}", *web])


def pid_file(state: StateFolder, world: World) -> Path:
    """Pid file of the sandbox server of a world."""
    return state.run / f"sandbox_{world.name}.json"


def variables(addresses: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """Environment variables of the sources that an address file names; others are empty."""
    sftp, fhir, cards = (addresses.get(name, {}) for name in ("sftp", "fhir", "cards"))
    named = {
        "TIEOUT_SFTP_HOST": sftp.get("host"),
        "TIEOUT_SFTP_PORT": sftp.get("port"),
        "TIEOUT_SFTP_USER": sftp.get("user"),
        "TIEOUT_SFTP_PASSWORD": sftp.get("password"),
        "TIEOUT_SFTP_HOST_KEY": sftp.get("host_key"),
        "TIEOUT_FHIR_URL": fhir.get("url"),
        "TIEOUT_FHIR_CLIENT_ID": fhir.get("client_id"),
        "TIEOUT_FHIR_PRIVATE_KEY": str(fhir.get("private_key_pem", "")).replace("\n", "\\n"),
        "TIEOUT_FHIR_KEY_ID": fhir.get("key_id"),
        "TIEOUT_CARD_URL": cards.get("url"),
        "TIEOUT_CARD_KEY": cards.get("key"),
    }
    return {name: "" if value is None else str(value) for name, value in named.items()}


def _generator(world: World, folder: Path) -> list[str]:
    command = [sys.executable, "-m", "sandbox.generate", "--seed", str(world.seed)]
    command += ["--claims", str(world.claims), "--as-of", world.as_of.isoformat()]
    return [*command, "--out", str(folder)]


def _call(state: StateFolder, command: list[str]) -> None:
    log = state.logs / "sandbox_generate.log"
    with log.open("wb") as output:
        done = subprocess.run(
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
            env=_plain_environment(), check=False,
        )  # fmt: skip
    if done.returncode != 0:
        said = log.read_text(errors="replace").strip().splitlines() or [""]
        raise SandboxFailedError(
            f"the sandbox files could not be made: {said[-1].rpartition('error: ')[2]}; see {log}"
        )


def _fingerprint(world: World) -> str:
    """Numbers of the world; of a user's folder: what lies in it.

    Not the code that makes it: an outside world does not change because Tieout was upgraded.
    """
    digest = hashlib.sha256(f"{world.seed}|{world.claims}|{world.as_of}".encode())
    if world.files is None:
        return digest.hexdigest()
    for path in sorted(Path(world.files).rglob("*")):
        if path.is_file():
            facts = path.stat()
            digest.update(f"{path}|{facts.st_size}|{facts.st_mtime_ns}".encode())
    return digest.hexdigest()


def _plain_environment() -> dict[str, str]:
    """No variable of ours reaches the outside world: it has no business with our secrets."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TIEOUT_", "DAGSTER_"))}
    return {**kept, "PYTHONPATH": str(CODE)}
