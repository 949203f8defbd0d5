"""`tieout up`: database, outside world, ERP and Dagster's pages in the foreground.

An interrupt stops all of them. A `tieout run` meanwhile uses the same servers and leaves them up.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from orchestration import processes
from orchestration.dagster_instance import variables, write_instance
from orchestration.launcher import Launcher
from orchestration.progress import Progress
from orchestration.state import keep_port, kept_port
from resources.warehouse.embedded import free_port

CODE = Path(__file__).parents[1]


def stay_up(environ: Mapping[str, str], progress: Progress) -> None:
    """Start everything that the last run's world needs and wait until interrupted."""
    launcher = Launcher(environ, progress)
    with launcher.everything() as settings:
        write_instance(launcher.state.dagster)
        login = settings.database.login("dagster")
        child = {**launcher.environ, **variables(launcher.state.dagster, login)}
        port = _port(launcher)
        log = launcher.state.logs / "dagster.log"
        progress.say(f"Dagster's pages: http://127.0.0.1:{port}  (log: {log})")
        progress.say("interrupt (Ctrl-C) stops everything")
        _wait([sys.executable, "-m", "dagster", "dev", "-p", str(port)], child, log)


def _port(launcher: Launcher) -> int:
    port = kept_port(launcher.state, "dagster") or free_port()
    keep_port(launcher.state, "dagster", port)
    return port


def _wait(command: list[str], environ: Mapping[str, str], log: Path) -> None:
    """Run the command as a child in a group of its own, and pass an end on to it."""
    for end in (signal.SIGINT, signal.SIGTERM):  # a shell's background job ignores SIGINT
        signal.signal(end, signal.default_int_handler)
    with log.open("ab") as output:
        child = subprocess.Popen(
            command, cwd=CODE, env={**os.environ, **environ}, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        child.wait()
    except KeyboardInterrupt:
        processes.end(processes.identify(child.pid), signal.SIGINT)
