"""`tieout up`: database, outside world, ERP and Dagster's pages in the foreground.

An interrupt stops all of them. A `tieout run` meanwhile uses the same servers and leaves them up.
"""

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from orchestration import processes
from orchestration.dagster_instance import variables, write_instance
from orchestration.launcher import Launcher
from orchestration.own_sources import world_to_keep_up
from orchestration.progress import Progress
from orchestration.state import StateFolder, keep_port, kept_port, state_folder
from resources.warehouse.embedded import free_port

PID_FILE = "dagster.json"
CODE = Path(__file__).parents[1]


def stay_up(environ: Mapping[str, str], progress: Progress) -> None:
    """Start everything that the last run's world needs and wait until interrupted."""
    world = world_to_keep_up(state_folder(environ), environ)
    launcher = Launcher(environ, progress, world)
    with launcher.everything() as settings:
        write_instance(launcher.state.dagster)
        login = settings.database.login("dagster")
        child = {**launcher.environ, **variables(launcher.state.dagster, login), "TIEOUT_UP": "1"}
        port = _port(launcher)
        log = launcher.state.logs / "dagster.log"
        progress.say(f"Dagster's pages: http://127.0.0.1:{port}  (log: {log})")
        progress.say("interrupt (Ctrl-C) stops everything")
        _wait(launcher.state, [sys.executable, "-m", "dagster", "dev", "-p", str(port)], child, log)


def _port(launcher: Launcher) -> int:
    port = kept_port(launcher.state, "dagster") or free_port()
    keep_port(launcher.state, "dagster", port)
    return port


def _wait(state: StateFolder, command: list[str], environ: Mapping[str, str], log: Path) -> None:
    """Run the command until it ends or we are interrupted. `tieout down` finds it by its pid file.

    One that a killed `up` left behind is stopped first.
    """
    for end in (signal.SIGINT, signal.SIGTERM):  # a shell's background job ignores SIGINT
        signal.signal(end, signal.default_int_handler)
    pid_file = state.run / PID_FILE
    processes.stop(pid_file)
    server = processes.spawn(command, log, {**os.environ, **environ}, CODE)
    processes.keep(pid_file, server)
    try:
        if found := server.process():
            found.wait()
    except KeyboardInterrupt:
        processes.end(server, signal.SIGINT)
    finally:
        pid_file.unlink(missing_ok=True)
