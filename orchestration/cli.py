"""The `tieout` command. Starts quickly: no dagster, dbt, pandas or great_expectations up here.

Options are read and results are printed here; each command's work is in a module of its own.
"""

# ruff: noqa: PLC0415 (a command imports what it needs when it is asked for, so that help is quick)
import json
import os
import sys
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from orchestration import (
    approve_command,
    audit_commands,
    estimate_command,
    evidence_commands,
    govern_commands,
    opening_command,
    prove_command,
    request_commands,
    x12_commands,
)
from orchestration.own_sources import names_own_sources, own_world
from orchestration.progress import Progress
from orchestration.state import (
    DEFAULT_AS_OF,
    DEFAULT_CLAIMS,
    DEFAULT_SEED,
    World,
    state_folder,
    world_of_files,
)

if TYPE_CHECKING:
    from orchestration.trigger import Asked


class Commands(TyperGroup):
    """The group of commands: an expected problem is one line on standard error."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        from orchestration.errors import expected
        from orchestration.own_sources import read_env_file

        try:
            read_env_file(os.environ)
            ctx.obj = dict(os.environ)  # for the groups below, which read no environment
            return super().invoke(ctx)
        except expected() as problem:
            _fail(str(problem))


app = typer.Typer(
    cls=Commands,
    help="Patient billing, from received file to ERP document, tied out to the cent.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(approve_command.approve)
app.command()(prove_command.prove)
app.add_typer(x12_commands.app, name="x12")
app.add_typer(request_commands.app, name="request")
app.add_typer(estimate_command.app, name="estimate")
app.add_typer(opening_command.app, name="opening")
app.add_typer(govern_commands.period_app, name="period")
app.add_typer(govern_commands.policy_app, name="policy")
app.add_typer(audit_commands.app, name="audit")
app.add_typer(evidence_commands.app, name="evidence")


def _version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        _print([f"tieout {version('tieout')}"])
        raise typer.Exit


@app.callback()
def tieout(
    is_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which it is.")
    ] = False,
) -> None:
    """Patient billing, from received file to ERP document, tied out to the cent."""


AsJson = Annotated[bool, typer.Option("--json", help="The same content for scripts.")]
FAILED, HELD = 1, 3


@app.command()
def run(  # noqa: PLR0913, PLR0917 (the options of a command)
    job: Annotated[
        str | None, typer.Argument(help="One job only, as a scheduler starts it: build or post.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="With a job: until it has ended.")] = False,
    key: Annotated[
        str | None, typer.Option(help="With a job: the same key again starts nothing new.")
    ] = None,
    as_json: AsJson = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build even when nothing is new since the last build.")
    ] = False,
    files: Annotated[
        Path | None, typer.Option(help="A folder of your own X12, bank files.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another synthetic group.")] = DEFAULT_SEED,
    claims: Annotated[int, typer.Option(help="Claims of the group.", min=1)] = DEFAULT_CLAIMS,
    as_of: Annotated[str | None, typer.Option(help="As-of date, like 2026-10-31.")] = None,
) -> None:
    """From received files to ERP documents, and the table that says how it ties out.

    Exit code 0: done; 1: failed; 3: done, but the certificate does not pass, entries are
    held or a source failed.
    """
    if job is not None:
        from orchestration.trigger import Asked

        _trigger(Asked(job, key, wait, rebuild), as_json=as_json)
        return
    from orchestration.run import run_pipeline

    world = _world(files, seed, claims, as_of)
    outcome = run_pipeline(dict(os.environ), Progress(), world, must_build=rebuild)
    _print(outcome.lines)
    if outcome.has_failed:
        raise typer.Exit(FAILED)
    if outcome.is_held:
        raise typer.Exit(HELD)


@app.command()
def replay(
    file: Annotated[str, typer.Argument(help="Its name, or the first digits of its SHA-256.")],
    as_json: AsJson = False,
) -> None:
    """Read one received file again from the archive; rows that come out differently are replaced.

    The next build takes them in. Days of receipts: backfill `ops/replay` in Dagster's pages.
    """
    from orchestration.replay import refuse_unknown
    from orchestration.trigger import Asked

    refuse_unknown(dict(os.environ), file)
    config = {"ops": {"replay_one_file": {"config": {"file": file}}}}
    _trigger(Asked("replay_file", must_wait=True, config=config), as_json=as_json)


@app.command()
def up() -> None:
    """Keep everything running, with Dagster's pages, until interrupted."""
    from orchestration.up import stay_up

    stay_up(dict(os.environ), Progress())


@app.command()
def down() -> None:
    """Stop every server of this state folder."""
    stopped = _launcher().stop_all()
    _print([f"stopped: {', '.join(stopped)}" if stopped else "nothing was running"])


@app.command()
def clean() -> None:
    """Stop every server and delete the state folder: databases, archive, everything."""
    _launcher().destroy()
    _print(["the state folder is gone"])


@app.command()
def status(as_json: AsJson = False) -> None:
    """What runs where, how to connect, freshness, queues, and what is held and why."""
    from orchestration import status as page
    from resources.warehouse.database import connect

    launcher = _launcher()
    servers = launcher.servers()
    with launcher.database() as settings, connect(settings.database, "auditor") as connection:
        found = {
            "world": launcher.world.title,
            "state_folder": str(launcher.state.root),
            "servers": servers,
            "connect": page.connections(settings),
            **page.gather(connection),
        }
    _show(found, page.render(found), as_json=as_json)


@app.command("check-config")
def check_config(as_json: AsJson = False) -> None:
    """Each connector: configured, missing, unreachable or fine. Exit code 1: one is wrong."""
    from orchestration import check_config as page

    found = page.gather(os.environ)
    _show({"connectors": found}, page.render(found), as_json=as_json)
    if not page.is_fine(found):
        raise typer.Exit(FAILED)


@app.command()
def exceptions(
    code: Annotated[str | None, typer.Option(help="One reason only.")] = None,
    as_json: AsJson = False,
) -> None:
    """Every record that waits: file, position, rule and dollars."""
    from orchestration import exceptions as page
    from resources.warehouse.database import connect

    with _launcher().database() as settings, connect(settings.database, "auditor") as connection:
        found = page.gather(connection, code)
    _show({"exceptions": found}, page.render(found), as_json=as_json)


@app.command()
def trace(
    reference: Annotated[
        str, typer.Argument(help="ERP document or claim number; request:N, entry:N, event:HASH.")
    ],
    limit: Annotated[
        int | None,
        typer.Option(help="Events shown per line: 3 on a screen, all in --json.", min=1),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """From an ERP document back to the masked segments, or all that a claim or request led to."""
    from orchestration import trace as page
    from resources.warehouse.database import connect

    with _launcher().database() as settings, connect(settings.database, "auditor") as connection:
        shown = limit if limit or as_json else page.ON_SCREEN
        found = page.gather(connection, settings, reference, shown)
    _show(found, page.render(found), as_json=as_json)
    if page.is_empty(found):
        raise typer.Exit(FAILED)


def _trigger(asked: "Asked", *, as_json: bool) -> None:
    from orchestration.trigger import JOBS, trigger

    if asked.job not in JOBS:
        _fail(f"not a job: {asked.job}; there are {', '.join(JOBS)}")
    ended = trigger(dict(os.environ), asked, Progress(is_quiet=as_json))
    found = {**vars(ended), "exit_code": ended.exit_code}
    notes = "" if ended.is_new else " (started before, by the same key)"
    notes += f"; {ended.current}" if ended.current else ""
    _show(found, [f"{ended.job} run {ended.run_id}: {ended.status}{notes}"], as_json=as_json)
    if ended.exit_code:
        raise typer.Exit(ended.exit_code)


def _world(files: Path | None, seed: int, claims: int, as_of: str | None) -> World:
    try:
        day = date.fromisoformat(as_of) if as_of else None
    except ValueError:
        _fail(f"not a date like 2026-10-31: {as_of}")
    if files is None:
        is_asked = (seed, claims) != (DEFAULT_SEED, DEFAULT_CLAIMS)
        if names_own_sources(os.environ) and not is_asked:
            return own_world(day)
        return World(seed, claims, day or DEFAULT_AS_OF)
    if not files.is_dir():
        _fail(f"not a folder: {files}")
    today = datetime.now().astimezone().date()
    return world_of_files(state_folder(os.environ), str(files.resolve()), day, today)


def _launcher() -> Any:
    from orchestration.launcher import Launcher

    return Launcher(dict(os.environ), Progress(is_quiet=True))


def _show(found: Any, lines: Iterable[str], *, as_json: bool) -> None:
    from orchestration.tables import plain

    _print([json.dumps(plain(found), indent=2)] if as_json else lines)


def _print(lines: Iterable[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")


def _fail(problem: str) -> NoReturn:
    sys.stderr.write(f"tieout: {problem}\n")
    raise SystemExit(FAILED)
