"""`tieout request`: one person asks for a refund, a write-off or the like, another decides.

Arguments and printing only; who may what, and how much, is refused by the database.
"""

# ruff: noqa: PLC0415 (a command imports what it needs when it is asked for, so that help is quick)
import hashlib
import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.acting import acting_as

if TYPE_CHECKING:
    from resources.warehouse.requests import Request

app = typer.Typer(
    help="Ask for refunds, write-offs and the like, and decide.", no_args_is_help=True
)
FAILED = 1
_COLUMNS = ("request", "state", "entity", "event", "subject", "amount", "signatures", "asked by",
            "content", "reason")  # fmt: skip
As = Annotated[str, typer.Option("--as", help="The person's login: biller, controller, manager.")]
Numbers = Annotated[list[int], typer.Argument(help="Request numbers of the list.")]


@app.command()
def ask(  # noqa: PLR0913, PLR0917 - the options of a command
    context: typer.Context,
    event: Annotated[str, typer.Argument(help="The event, such as charity.approved.")],
    entity: Annotated[str, typer.Option(help="Legal entity.")],
    amount: Annotated[str, typer.Option(help="US dollars.")],
    reason: Annotated[str, typer.Option(help="Why; at least ten characters, no patient's name.")],
    account_number: Annotated[str, typer.Option(help="Patient account; only its hash is kept.")]
    = "",
    subject: Annotated[str, typer.Option(help="Key of an account or claim, or a reference.")] = "",
    attachment: Annotated[Path | None, typer.Option(help="A document; its SHA-256 is kept.")]
    = None,
    tender: Annotated[str | None, typer.Option(help="Refunds: card, cheque or ach.")] = None,
    login: As = "biller",
) -> None:  # fmt: skip
    """Ask for something; prints the request's number."""
    from resources.warehouse import requests

    with acting_as(context, login) as (connection, settings):
        key = subject or requests.account_key(entity, account_number, settings.hash_key)
        digest = hashlib.sha256(attachment.read_bytes()).hexdigest() if attachment else None
        wanted = requests.Ask(event, entity, key, _amount(amount), reason, digest, tender)
        number = requests.ask(connection, wanted)
    typer.echo(f"request {number}: open")


@app.command(name="list")
def list_(
    context: typer.Context,
    is_all: Annotated[bool, typer.Option("--all", help="Also those that are decided.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Requests that wait for a decision."""
    from orchestration.tables import plain
    from resources.warehouse import requests

    with acting_as(context, "auditor") as (connection, _):
        found = requests.requests(connection, *(() if is_all else ("open",)))
    if as_json:
        typer.echo(json.dumps(plain([vars(one) for one in found]), indent=2))
    else:
        typer.echo("\n".join(_table(found)))


@app.command()
def approve(context: typer.Context, numbers: Numbers, login: As = "controller") -> None:
    """Approve requests, by the content that is shown."""
    _decide(context, numbers, "approved", None, login)


@app.command()
def refuse(
    context: typer.Context,
    numbers: Numbers,
    reason: Annotated[str, typer.Option(help="Why.")],
    login: As = "controller",
) -> None:
    """Refuse requests."""
    _decide(context, numbers, "refused", reason, login)


@app.command()
def withdraw(context: typer.Context, numbers: Numbers, login: As = "biller") -> None:
    """Take requests of one's own back."""
    from resources.warehouse import requests

    with acting_as(context, login) as (connection, _):
        for number in numbers:
            requests.withdraw(connection, number)
            typer.echo(f"request {number}: withdrawn")


def _decide(
    context: typer.Context, numbers: list[int], act: str, reason: str | None, login: str
) -> None:
    from resources.warehouse import requests

    with acting_as(context, login) as (connection, _):
        known = {one.request_id: one for one in requests.requests(connection)}
        missing = [number for number in numbers if number not in known]
        if missing:
            typer.echo(f"no such request: {', '.join(map(str, missing))}", err=True)
            raise typer.Exit(FAILED)
        typer.echo("\n".join(_table([known[number] for number in numbers])))
        for number in numbers:
            state = requests.decide(connection, number, act, known[number].content_hash, reason)
            typer.echo(f"request {number}: {state}")


def _amount(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter("an amount is a number such as 12.50") from None
    if not found.is_finite() or found <= 0 or found != found.quantize(Decimal("0.01")):
        raise typer.BadParameter("an amount is above zero and in whole cents")
    return found


def _table(found: "list[Request]") -> list[str]:
    from orchestration.tables import table

    if not found:
        return ["No request waits."]
    rows = [
        (one.request_id, one.state, one.entity_code, one.event, one.subject_key[:12], one.amount,
         f"{one.approvals} of {one.needed}", one.requested_by.rpartition("_")[2],
         one.content_hash[:12], one.reason)
        for one in found
    ]  # fmt: skip
    return table(_COLUMNS, rows)
