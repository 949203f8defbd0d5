"""`tieout up`: everything in the foreground, kept running, until an interrupt stops all of it.

Database, outside world, ERP, and Dagster's code server, pages and daemon, each a process of its
own. A `tieout run` meanwhile uses the same servers and leaves them up.
"""

import signal
import threading
from collections.abc import Mapping
from types import FrameType

from orchestration import living, parts, processes
from orchestration.dagster_instance import variables, write_instance
from orchestration.keeper import Keeper
from orchestration.launcher import Launcher
from orchestration.logs import rotate
from orchestration.news import News
from orchestration.own_sources import world_to_keep_up
from orchestration.pages import session
from orchestration.progress import Progress
from orchestration.screen import Screen
from orchestration.state import StateFolder, keep_port, kept_port, state_folder
from resources.settings import Settings
from resources.warehouse.embedded import port_or_free

NEWS_SECONDS = 5.0


def stay_up(environ: Mapping[str, str], progress: Progress) -> None:
    """Start everything that the last run's world needs and wait until interrupted.

    Raises AlreadyUpError, and what set-up raises.
    """
    for end in (signal.SIGINT, signal.SIGTERM):  # a shell's background job ignores SIGINT
        signal.signal(end, signal.default_int_handler)
    world = world_to_keep_up(state_folder(environ), environ)
    launcher = Launcher(environ, progress, world)
    launcher.state.make()
    ports = _ports(launcher.state)
    living.sign_in(launcher.state, world, f"http://127.0.0.1:{ports[1]}")
    try:
        with launcher.everything() as settings:
            _keep_up(launcher, settings, ports, progress)
    except KeyboardInterrupt:
        progress.say("stopped")
    finally:
        living.sign_out(launcher.state)


def _keep_up(
    launcher: Launcher, settings: Settings, ports: tuple[int, int], progress: Progress
) -> None:
    parts.run_program("orchestration.deploy_checks", launcher.environ)
    screen = Screen(f"Tieout: {launcher.world.title}", progress)
    living.stop_programs(launcher.state)  # what a killed `up` left behind
    keeper = Keeper(all_parts(launcher, settings, ports), screen.tell)
    progress.say(f"Dagster's pages: {_way_in(launcher, ports[1])}")
    progress.say(f"logs: {launcher.state.logs}")
    progress.say("an interrupt (Ctrl-C) stops everything, a second one at once")
    is_over = _until_interrupted(launcher.state)
    news = News(settings)
    keeper.keep()
    with screen.shown(keeper):
        while not is_over.wait(NEWS_SECONDS):
            rotate(launcher.state.logs)
            screen.add(news.look())
            screen.draw(keeper)
    news.close()
    progress.say("stopping")
    keeper.leave()
    keeper.stop(living.PROGRAMS)


def _way_in(launcher: Launcher, port: int) -> str:
    """The link to Dagster's pages; where the output is kept, not the token but where it is."""
    url = f"http://127.0.0.1:{port}"
    if launcher.progress.is_seen:
        return session.link(url, session.read_token(launcher.environ))
    return f"{url} (its token: {session.VARIABLE} in {launcher.state.secrets})"


def all_parts(launcher: Launcher, settings: Settings, ports: tuple[int, int]) -> list[parts.Part]:
    """The parts of this installation; another's ERP and sources are not ours to keep."""
    if launcher.server is None:
        raise RuntimeError("the launcher has not set up anything")
    write_instance(launcher.state.dagster)
    login = settings.database.login("dagster")
    child = {
        **launcher.environ,
        **variables(launcher.state.dagster, login),
        **living.mark(launcher.state),
    }
    found: list[parts.Part] = [parts.Database(launcher.server)]
    if not launcher.world.own:
        found.append(parts.Outside(launcher))
    if not launcher.has_own_erp:
        found.append(parts.LocalErp(launcher))
    url = launcher.server.address().url(settings.database.dagster_name)
    return [*found, *parts.programs(launcher.state, child, ports, url)]


def _ports(state: StateFolder) -> tuple[int, int]:
    """Ports of code server and pages: chosen once, so that the addresses stay the same."""
    code, pages = (port_or_free(kept_port(state, name)) for name in ("code", "dagster"))
    keep_port(state, "code", code)
    keep_port(state, "dagster", pages)
    return code, pages


def _until_interrupted(state: StateFolder) -> threading.Event:
    """The event of the first interrupt; a second one kills what is left."""
    is_over = threading.Event()

    def interrupted(number: int, frame: FrameType | None) -> None:
        del number, frame
        if is_over.is_set():
            processes.end_all(living.mark(state))
        is_over.set()

    for end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(end, interrupted)
    return is_over
