"""`tieout evidence`: an auditor's pack, and its verification. Only arguments and printing."""

# ruff: noqa: PLC0415 (a command imports what it needs when it is asked for, so that help is quick)
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from resources.evidence_pack import Written

app = typer.Typer(invoke_without_command=True, no_args_is_help=False)
FAILED = 1
AsJson = Annotated[bool, typer.Option("--json", help="The same content for scripts.")]


@app.callback()
def evidence(  # noqa: PLR0913, PLR0917 (the options of a command)
    context: typer.Context,
    period: Annotated[
        str | None, typer.Option(help="A month like 2026-09, or 2026-07..2026-09.")
    ] = None,
    entity: Annotated[str | None, typer.Option(help="One legal entity; all unless given.")] = None,
    out: Annotated[Path | None, typer.Option(help="The folder to make; a .tar beside it.")] = None,
    with_files: Annotated[
        bool, typer.Option("--with-files", help="With the received files: PATIENT DATA.")
    ] = False,
    sample: Annotated[int | None, typer.Option(help="Draw so many posted entries.", min=1)] = None,
    seed: Annotated[
        str | None, typer.Option(help="Draws the same sample again; the audit head unless given.")
    ] = None,
    with_rebuild: Annotated[
        bool, typer.Option("--prove", help="T15 too: everything built anew from the archive.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write an auditor's pack of a period, which verifies itself; or verify one."""
    if context.invoked_subcommand:
        return
    from orchestration import evidence as work
    from orchestration.launcher import Launcher
    from orchestration.progress import Progress
    from orchestration.prove_watch import watching
    from resources.evidence_pack import Sample

    first, last = _months(period)
    folder = out or Path("-".join(filter(None, ("evidence", period, entity))))
    drawn = Sample(sample, seed) if sample else None
    now = datetime.now(UTC).replace(microsecond=0)
    request = work.Request(first, last, entity, folder, now, with_files, drawn, with_rebuild)
    work.refuse_existing(folder)
    launcher = Launcher(context.obj, Progress(is_quiet=True))
    with launcher.database_and_erp() as settings, watching(Progress()) as watch:
        written = work.make(settings, request, watch=watch)
    _show(written, with_rebuild=with_rebuild, as_json=as_json)


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(help="A pack: its folder or its .tar.")],
    anchor: Annotated[
        list[str] | None, typer.Option(help="SEQ:HASH as written down elsewhere; repeatable.")
    ] = None,
    head: Annotated[str | None, typer.Option(help="The head hash that you were given.")] = None,
    as_json: AsJson = False,
) -> None:
    """Work every hash and sum of a pack out again, as the verify.py in it. 1: one does not hold."""
    from billing.evidence.verify import main

    words = [str(path), *(f"--anchor={one}" for one in anchor or [])]
    words += [f"--head={head}"] if head else []
    raise typer.Exit(main([*words, "--json"] if as_json else words))


def _months(period: str | None) -> tuple[date, date]:
    from billing.evidence.form import months

    if period is None:
        _fail("which period? --period 2026-09, or 2026-07..2026-09")
    try:
        return months(period)
    except ValueError as error:
        _fail(str(error))


def _show(written: "Written", *, with_rebuild: bool, as_json: bool) -> None:
    from orchestration.tables import table

    if as_json:
        facts = {"folder": str(written.folder), "tar": str(written.tar), "head": written.head,
                 "audit_anchor": written.anchor, "files": len(written.files),
                 "has_t15": with_rebuild}  # fmt: skip
        typer.echo(json.dumps(facts, indent=2))
        return
    rows = [
        (one.path, one.tally.rows, one.sha256[:16])
        for one in sorted(written.files, key=lambda one: one.path) if one.tally
    ]  # fmt: skip
    lines = [
        f"{written.folder} and {written.tar.name}: {len(written.files)} files",
        *table(["table", "rows", "sha256"], rows),
        "T15 (the ledger anew from the archive) is in it"
        if with_rebuild
        else "T15 (the ledger anew from the archive) was left out: --prove includes it",
        f"head hash     {written.head}",
        f"audit anchor  {written.anchor}",
        "Keep both elsewhere, then: python -I verify.py --head HEAD --anchor ANCHOR",
    ]
    typer.echo("\n".join(lines))


def _fail(problem: str) -> NoReturn:
    from orchestration.errors import ExpectedError

    raise ExpectedError(problem)
