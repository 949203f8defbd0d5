"""`tieout estimate`: a person prepares month-end estimates; others sign the entries they demand.

Arguments and printing only; who may what is refused by the database.
"""

# ruff: noqa: PLC0415 (a command imports what it needs when it is asked for, so that help is quick)
import hashlib
import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from billing.exact import decimal_of
from orchestration.acting import acting_as

if TYPE_CHECKING:
    from resources.warehouse.estimates import Run
    from resources.warehouse.ledger import Connection

app = typer.Typer(help="Month-end estimates: prepare, look at, withdraw.", no_args_is_help=True)
As = Annotated[str, typer.Option("--as", help="The person's login: preparer, approver, ...")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A recorded cut-off.")]
AsJson = Annotated[bool, typer.Option("--json", help="The same content for scripts.")]
Entities = Annotated[list[str] | None, typer.Option("--entity", help="Legal entity; all else.")]


@app.command()
def run(  # noqa: PLR0913, PLR0917 - the options of a command
    context: typer.Context,
    entity: Entities = None,
    rule: Annotated[list[str] | None, typer.Option(help="JR24, JR45, JR46, JR59; all else.")]
    = None,
    cutoff: Day = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The newest cut-off up to it.")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="rate_by_age or expected_yield; else the entity's own.")
    ] = None,
    minimum: Annotated[
        int, typer.Option(help="Items that a segment's own rate needs.", min=1)
    ] = 30,
    login: As = "preparer",
) -> None:  # fmt: skip
    """Work the estimates of a cut-off out and keep them; the next build demands their entries."""
    from billing.estimates.reserve import METHODS
    from orchestration import estimates as page

    if method is not None and method not in METHODS:
        raise typer.BadParameter(f"a method is {' or '.join(METHODS)}", param_hint="--method")
    if cutoff is not None and as_of is not None:
        raise typer.BadParameter("--cutoff or --as-of, not both", param_hint="--as-of")
    with acting_as(context, login) as (connection, _):
        up_to = _day(cutoff) or _day(as_of) or date.max
        chosen = next((one for one in METHODS if one == method), None)
        wanted = page.Wanted(
            entity or (), rule or (), up_to, chosen, minimum, is_exact=cutoff is not None
        )
        made = page.prepare(connection, wanted)
        typer.echo("\n".join(page.summary(connection, _runs(connection, made))))


@app.command()
def memo(  # noqa: PLR0913, PLR0917 - the options of a command
    context: typer.Context,
    rule: Annotated[str, typer.Argument(help="JR49 (credit losses) or JR73 (settlements).")],
    entity: Annotated[str, typer.Option(help="Legal entity.")],
    amount: Annotated[str, typer.Option(help="What is required in all, US dollars.")],
    reason: Annotated[str, typer.Option(help="Why; no patient's name.")],
    facility: Annotated[str, typer.Option(help="Facility.")] = "NONE",
    payer_class: Annotated[str, typer.Option(help="Payer class.")] = "none",
    cutoff: Day = None,
    attachment: Annotated[Path | None, typer.Option(help="A document; its SHA-256 is kept.")]
    = None,
    login: As = "preparer",
) -> None:  # fmt: skip
    """Keep an amount that a memo states: all that is required at the cut-off."""
    from billing.estimates import reserve
    from orchestration import estimates as page

    try:
        line = reserve.memo(facility, payer_class, decimal_of(amount))
    except ValueError as error:
        raise typer.BadParameter(f"{error}, such as 12.50") from None
    if len(reason.strip()) < page.REASON_LENGTH:
        raise typer.BadParameter("a reason has ten characters at least", param_hint="--reason")
    digest = hashlib.sha256(attachment.read_bytes()).hexdigest() if attachment else None
    with acting_as(context, login) as (connection, _):
        basis = page.basis(connection, entity, rule, _day(cutoff))
        made = page.prepare_memo(connection, basis, line, reason, digest)
        typer.echo("\n".join(page.summary(connection, _runs(connection, [made]))))


@app.command(name="list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """All runs, and which of them count."""
    from orchestration import estimates as page
    from orchestration.tables import plain
    from resources.warehouse import estimates

    with acting_as(context, "auditor") as (connection, _):
        found = estimates.runs(connection)
        if as_json:
            typer.echo(json.dumps(plain([vars(one) for one in found]), indent=2))
        else:
            typer.echo("\n".join(page.summary(connection, found)))


@app.command()
def show(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="RUN", help="Number of the list.")],
    as_json: AsJson = False,
) -> None:
    """A run line by line, what other rates would say, and hindsight of earlier runs."""
    from orchestration import estimates as page
    from orchestration.tables import plain

    with acting_as(context, "auditor") as (connection, _):
        found = page.one_run(connection, number)
        if as_json:
            typer.echo(json.dumps(plain(page.page(connection, found)), indent=2))
        else:
            typer.echo("\n".join(page.render(connection, found)))


@app.command()
def withdraw(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="RUN", help="Number of the list.")],
    reason: Annotated[str, typer.Option(help="Why; at least ten characters.")],
    login: As = "preparer",
) -> None:
    """Take a run back that is not in the books."""
    from resources.warehouse import estimates

    with acting_as(context, login) as (connection, _):
        estimates.withdraw(connection, number, reason)
    typer.echo(f"run {number}: withdrawn")


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _runs(connection: "Connection", numbers: list[int]) -> "list[Run]":
    from resources.warehouse import estimates

    return [one for one in estimates.runs(connection) if one.run_id in numbers]
