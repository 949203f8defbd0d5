"""`tieout prove`: arguments and printing; what is proved is in `prove.py`."""

# ruff: noqa: PLC0415 (a command imports what it needs when it is asked for, so that help is quick)
import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from orchestration.launcher import Launcher
    from resources.settings import Settings

FAILED = 1


def prove(
    context: typer.Context,
    is_quick: Annotated[
        bool, typer.Option("--quick", help="Leave out T15, which rebuilds everything.")
    ] = False,
    is_since: Annotated[
        bool,
        typer.Option("--since-proof", help="Only what changed since the last proof that held."),
    ] = False,
    anchor: Annotated[
        list[str] | None,
        typer.Option(metavar="SEQ:HASH", help="A head of the audit that was kept elsewhere."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same content for scripts.")] = False,
) -> None:
    """Work out every tie-out again, from the archived bytes to the ERP. Exit code 1: one fails.

    A complete proof that holds is kept, signed. With --since-proof its archived files are hashed
    but not read again, its documents are not asked for again, and T15 is built only where the
    evidence, the programs or the rules changed; all else is proved as always.
    """
    from orchestration import prove as page
    from orchestration.launcher import Launcher
    from orchestration.progress import Progress
    from orchestration.prove_watch import watching
    from orchestration.tables import plain

    anchors = page.checked_anchors(anchor or ())
    launcher = Launcher(dict(context.find_root().obj), Progress(is_quiet=True))
    with launcher.database() as settings, watching(Progress()) as watch:
        with_erp, problem = _with_erp(launcher, settings)
        found = page.gather(with_erp, page.Asked(not is_quick, is_since, problem, anchors), watch)
    lines = [json.dumps(plain(found), indent=2)] if as_json else page.render(found)
    typer.echo("\n".join(lines))
    if not page.holds(found):
        raise typer.Exit(FAILED)


def _with_erp(launcher: "Launcher", settings: "Settings") -> "tuple[Settings, str]":
    """The settings with the ERP that was started, or why there is none: that breaks T9 and T14."""
    from orchestration.errors import expected

    try:
        return launcher.with_erp(settings), ""
    except expected() as problem:
        return settings, f"the ERP does not start: {problem}"
