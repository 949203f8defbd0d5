"""`tieout opening`: opening balances at cut-over, loaded by one person, approved by others.

Arguments and printing only; a list is taken in whole or not at all, and the database refuses the
approval of one that does not tie to what the ERP held.
"""

# ruff: noqa: PLC0415 (a command imports what it needs when it is asked for, so that help is quick)
import csv
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.acting import acting_as, numbered

if TYPE_CHECKING:
    from resources.warehouse.ledger import Connection
    from resources.warehouse.openings import OpeningList

app = typer.Typer(help="Opening balances of a conversion.", no_args_is_help=True)
PAYERS = Path(__file__).parents[1] / "dbt_project" / "seeds" / "payers.csv"
OTHER_CLASSES = frozenset({"self_pay", "unknown", "none"})
_LISTS = ("list", "state", "file", "lines", "gross", "signatures", "loaded by", "content")
_TIES = ("list", "entity", "account", "of the list", "the ERP held", "difference")
As = Annotated[str, typer.Option("--as", help="The person's login.")]
Number = Annotated[int, typer.Argument(metavar="LIST", help="Number of the list.")]
InFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The list, as CSV.")]


@app.command()
def load(
    context: typer.Context,
    file: InFile,
    balances: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="What the ERP held, as CSV.")
    ],
    login: As = "preparer",
) -> None:
    """Take a conversion list in; account numbers are kept as keyed hashes only."""
    from billing.ledger.opening import OpeningError, read_balances, read_opening
    from orchestration.errors import ExpectedError
    from resources.warehouse import openings

    content = file.read_bytes()
    with acting_as(context, login) as (connection, settings):
        known = openings.known(connection, payer_classes())
        try:
            lines = read_opening(file.name, content, known)
            stated = read_balances(balances.name, balances.read_bytes(), known)
        except OpeningError as error:
            raise ExpectedError(f"nothing was taken in:\n{error}") from None
        source = openings.File(file.name, hashlib.sha256(content).hexdigest())
        number = openings.load(connection, source, lines, stated, settings.hash_key)
        _print(connection, [one for one in openings.lists(connection) if one.list_id == number])


@app.command(name="list")
def list_(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """All lists with both sides of each control account."""
    from orchestration.tables import plain
    from resources.warehouse import openings

    with acting_as(context, "auditor") as (connection, _):
        found = openings.lists(connection)
        if as_json:
            sides = {one.list_id: openings.ties(connection, one.list_id) for one in found}
            shown = [
                {**vars(one), "accounts": [vars(tie) for tie in sides[one.list_id]]}
                for one in found
            ]
            typer.echo(json.dumps(plain(shown), indent=2))
        else:
            _print(connection, found)


@app.command()
def approve(context: typer.Context, number: Number, login: As = "controller") -> None:
    """Approve a list by the content that is shown; two people, one of them a controller."""
    _decide(context, number, "approved", None, login)


@app.command()
def refuse(
    context: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option(help="Why.")],
    login: As = "controller",
) -> None:
    """Refuse a list."""
    _decide(context, number, "refused", reason, login)


@app.command()
def withdraw(context: typer.Context, number: Number, login: As = "preparer") -> None:
    """Take back a list that one loaded and nobody decided on yet."""
    from resources.warehouse import openings

    with acting_as(context, login) as (connection, _):
        openings.withdraw(connection, number)
    typer.echo(f"list {number}: withdrawn")


def payer_classes() -> frozenset[str]:
    """The payer classes of the code list, and those of accounts without a known payer."""
    with PAYERS.open(encoding="utf-8", newline="") as rows:
        return frozenset(row["payer_class"] for row in csv.DictReader(rows)) | OTHER_CLASSES


def _decide(context: typer.Context, number: int, act: str, reason: str | None, login: str) -> None:
    from resources.warehouse import openings

    with acting_as(context, login) as (connection, _):
        seen = numbered(openings.lists(connection), "list_id", number, "opening list")
        _print(connection, [seen])
        state = openings.decide(connection, number, act, seen.content_hash, reason)
        typer.echo(f"list {number}: {state}")


def _print(connection: "Connection", found: "list[OpeningList]") -> None:
    from orchestration.tables import table
    from resources.warehouse import openings

    if not found:
        typer.echo("No list was loaded.")
        return
    rows = [
        (str(one.list_id), one.state, one.file_name, one.line_count, one.gross_amount,
         f"{one.approvals} of 2", one.loaded_by.rpartition("_")[2], one.content_hash[:12])
        for one in found
    ]  # fmt: skip
    sides = [
        (str(tie.list_id), tie.entity_code, tie.account, tie.listed_amount, tie.stated_amount,
         tie.difference_amount)
        for one in found for tie in openings.ties(connection, one.list_id)
    ]  # fmt: skip
    typer.echo("\n".join([*table(_LISTS, rows), "", *table(_TIES, sides)]))
