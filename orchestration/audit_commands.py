"""`tieout audit`: what an external auditor asks for. Only arguments and printing here; the pages
are in `audit_*.py` beside this file.
"""

# ruff: noqa: PLC0415 (a command imports what it needs when it is asked for, so that help is quick)
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from resources.settings import Settings

app = typer.Typer(help="Lists, reviews and sign-offs for auditors.", no_args_is_help=True)
FAILED = 1
AsJson = Annotated[bool, typer.Option("--json", help="The same content for scripts.")]


@app.command()
def entries(
    ctx: typer.Context,
    criteria: Annotated[
        list[str] | None,
        typer.Option(help="A test of governance/entry_tests.yaml; several may be."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Journal entries by test, with parameters, source build and totals. All tests by default."""
    from orchestration import audit_entries as page
    from resources.warehouse.database import connect

    tests = page.chosen(criteria or [])
    with _database(ctx) as settings, connect(settings.database, "auditor") as connection:
        found = page.gather(connection, tests)
    _show(found, page.render(found), as_json=as_json)


@app.command()
def foreign(
    ctx: typer.Context,
    lines: Annotated[list[int] | None, typer.Argument(help="Line numbers of the list.")] = None,
    reason: Annotated[str, typer.Option(help="What explains these lines.")] = "",
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="They are not explained after all.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Entries that others made in the ERP on our accounts. With line numbers: explain them,
    as the controller's own database login. Exit code 1: the database refused one.
    """
    from orchestration import audit_foreign as page
    from resources.warehouse.database import connect

    with _database(ctx) as settings, connect(settings.database, "controller") as connection:
        if lines:
            judged = page.judge(connection, lines, is_accepted=not withdraw, reason=reason)
            connection.commit()
            _show({"judged": judged}, page.outcome(judged), as_json=as_json)
            if any(one["refusal"] for one in judged):
                raise typer.Exit(FAILED)
            return
        found = page.gather(connection)
    _show({"foreign_lines": found}, page.render(found), as_json=as_json)


@app.command()
def reconcile(  # noqa: PLR0913, PLR0917 (the options of a command)
    ctx: typer.Context,
    accounts: Annotated[
        list[str] | None, typer.Argument(help="To sign, named like NLH/1050.")
    ] = None,
    role: Annotated[str, typer.Option(help="The database login to sign as.")] = "preparer",
    review: Annotated[
        bool, typer.Option("--review", help="Sign as the reviewer of what another prepared.")
    ] = False,
    explanation: Annotated[
        str, typer.Option(help="What explains a difference that the list leaves.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Accounts with balance, open items, age and difference; with names of accounts: sign them.
    Exit code 1: the database refused one.
    """
    from orchestration import audit_reconcile as page
    from resources.warehouse.database import connect

    login = "controller" if review and role == "preparer" else role
    with _database(ctx) as settings, connect(settings.database, login) as connection:
        sheets = page.gather(connection)
        if not accounts:
            found = {"accounts": page.facts(sheets)}
            _show(found, page.render(sheets), as_json=as_json)
            return
        wanted = page.chosen(sheets, accounts)
        signed = page.sign(connection, wanted, as_reviewer=review, explanation=explanation)
        connection.commit()
    _show({"signed": signed}, page.outcome(signed), as_json=as_json)
    if any(one["refusal"] for one in signed):
        raise typer.Exit(FAILED)


@app.command()
def access(
    ctx: typer.Context,
    sign: Annotated[bool, typer.Option("--sign", help="Sign that the list was looked at.")] = False,
    role: Annotated[
        str, typer.Option(help="The database login to look as; an approver's signs.")
    ] = "auditor",
    note: Annotated[str, typer.Option(help="What the reviewer has to say.")] = "",
    as_json: AsJson = False,
) -> None:
    """Who can do what, conflicting duties, logins outside the policy, acts above the rules."""
    from orchestration import audit_access as page
    from resources.warehouse.database import connect

    login = "controller" if sign and role == "auditor" else role
    with _database(ctx) as settings, connect(settings.database, login) as connection:
        found = page.gather(connection, settings.database.role_prefix)
        if sign:
            page.sign(connection, found, note)
            connection.commit()
            found = page.gather(connection, settings.database.role_prefix)
    _show(found, page.render(found), as_json=as_json)


@app.command()
def schema(
    ctx: typer.Context,
    mend: Annotated[
        bool, typer.Option("--mend", help="Apply all definitions and rights of the files again.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Whether functions, views, triggers, tables, owners and rights are those of the files.
    Exit code 1: something differs.
    """
    from orchestration import audit_schema as page

    with _database(ctx) as settings:
        if mend:
            page.mend(settings.database)
        found = page.gather(settings.database)
    _show(found, page.render(found), as_json=as_json)
    if found["differences"]:
        raise typer.Exit(FAILED)


@app.command()
def completeness(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Whether everything came in: days, control numbers, charges, deposits and remittances."""
    from orchestration import audit_completeness as page
    from resources.warehouse.database import connect

    with _database(ctx) as settings, connect(settings.database, "transform") as connection:
        found = page.gather(connection)
    _show(found, page.render(found), as_json=as_json)


@app.command()
def releases(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Which rules and code made the entries; who wrote, approved and deployed them, or nobody."""
    from orchestration import audit_releases as page
    from resources.warehouse.database import connect

    with _database(ctx) as settings, connect(settings.database, "auditor") as connection:
        found = page.gather(connection)
    _show(found, page.render(found), as_json=as_json)


@app.command()
def recoupments(
    ctx: typer.Context,
    is_all: Annotated[bool, typer.Option("--all", help="Also items that are settled.")] = False,
    as_json: AsJson = False,
) -> None:
    """What payers deferred, carried forward and took (2130), by reference, age and reversal."""
    from orchestration import audit_recoupments as page
    from resources.warehouse.database import connect

    with _database(ctx) as settings, connect(settings.database, "auditor") as connection:
        found = page.gather(connection, is_all=is_all)
    _show({"items": found}, page.render(found), as_json=as_json)


@contextmanager
def _database(ctx: typer.Context) -> "Iterator[Settings]":
    """The database of the command. What is missing or unreadable in it ends with one line."""
    from psycopg import DataError, errors

    from orchestration.errors import ExpectedError
    from orchestration.launcher import Launcher
    from orchestration.progress import Progress

    damaged = (errors.UndefinedTable, errors.UndefinedColumn, errors.UndefinedFunction, DataError)
    environ = ctx.find_root().obj  # the root of the command line reads it
    with Launcher(dict(environ), Progress(is_quiet=True)).database() as settings:
        try:
            yield settings
        except damaged as problem:
            words = f"this cannot be worked out ({problem}): `tieout prove` names what is damaged"
            raise ExpectedError(words) from None


def _show(found: Any, lines: Iterable[str], *, as_json: bool) -> None:
    from orchestration.tables import plain

    typer.echo(json.dumps(plain(found), indent=2) if as_json else "\n".join(lines))
