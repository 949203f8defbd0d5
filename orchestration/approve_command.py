"""`tieout approve`: arguments and printing; what a signature is and asks for is in `approve.py`."""

# ruff: noqa: PLC0415 (a command imports what it needs when it is asked for, so that help is quick)
import json
import os
from typing import Annotated

import typer

FAILED = 1


def approve(
    entries: Annotated[list[int] | None, typer.Argument(help="Entry numbers of the list.")] = None,
    list_only: Annotated[
        bool, typer.Option("--list", help="Show what waits; sign nothing.")
    ] = False,
    login: Annotated[
        str, typer.Option("--as", help="The person's login: controller or manager.")
    ] = "controller",
    as_json: Annotated[bool, typer.Option("--json", help="The same content for scripts.")] = False,
) -> None:
    """Sign entries that wait for a person, as that person's own database login."""
    from orchestration import approve as page
    from orchestration.launcher import Launcher
    from orchestration.progress import Progress
    from orchestration.tables import plain
    from resources.warehouse.database import connect

    launcher = Launcher(dict(os.environ), Progress(is_quiet=True))
    with launcher.database() as settings, connect(settings.database, login) as connection:
        waiting = page.waiting(connection)
        if list_only or not entries:
            shown = [json.dumps(plain({"waiting": waiting}), indent=2)] if as_json else None
            typer.echo("\n".join(shown or page.render(waiting)))
            return
        known = {entry["entry_id"]: entry for entry in waiting}
        unknown = [number for number in entries if number not in known]
        if unknown:
            typer.echo(f"no such entry waits: {', '.join(map(str, unknown))}", err=True)
            raise typer.Exit(FAILED)
        chosen = [known[number] for number in entries]
        typer.echo("\n".join(page.render(chosen)))
        signed = page.sign(connection, chosen)
        connection.commit()
    typer.echo("\n".join(page.outcome(signed)))
    if any(one.refusal for one in signed):
        raise typer.Exit(FAILED)
