"""`tieout policy restate`: one person asks that a changed rule works backwards, another decides.

Arguments and printing only; who may what, and what an order lets through, is in the database.
"""

# ruff: noqa: PLC0415 (a command imports what it needs when it is asked for, so that help is quick)
import json
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.acting import acting_as, numbered

if TYPE_CHECKING:
    from resources.warehouse.restatements import Held, Order

app = typer.Typer(
    help="Let a changed rule work on what is recorded, by two people.", no_args_is_help=True
)
As = Annotated[str, typer.Option("--as", help="The person's login: controller, manager, approver.")]
Number = Annotated[int, typer.Argument(help="Number of the order.")]


@app.command()
def ask(
    context: typer.Context,
    what_if_hash: Annotated[str, typer.Argument(help="The hash that `what-if` or `list` prints.")],
    rule: Annotated[list[str], typer.Option(help="Posting rule, like JR49; may be repeated.")],
    reason: Annotated[str, typer.Option(help="Why; at least ten characters, no patient's name.")],
    login: As = "manager",
) -> None:
    """Ask for an order; prints its number."""
    from orchestration.errors import ExpectedError
    from orchestration.policy import rule_names
    from resources.warehouse import restatements

    unknown = sorted(set(rule) - rule_names())
    if unknown:
        raise ExpectedError(f"no such posting rule: {', '.join(unknown)}")
    with acting_as(context, login) as (connection, _):
        made = restatements.ask(connection, what_if_hash, rule, reason)
    typer.echo(f"restatement order {made}: open")


@app.command()
def approve(context: typer.Context, number: Number, login: As = "controller") -> None:
    """Approve an order, by the content that is shown. The next build carries it out."""
    _decide(context, number, "approved", None, login)


@app.command()
def refuse(
    context: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option(help="Why.")],
    login: As = "controller",
) -> None:
    """Refuse an order. What waits for it waits until the rule is put back."""
    _decide(context, number, "refused", reason, login)


@app.command(name="list")
def list_(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="The same content for scripts.")] = False,
) -> None:
    """All orders, what waits for one, and the hash to ask with."""
    from orchestration.tables import plain
    from resources.warehouse import restatements

    with acting_as(context, "auditor") as (connection, _):
        orders, held = restatements.orders(connection), restatements.held(connection)
    found = {"orders": [vars(one) for one in orders], "held": [vars(one) for one in held],
             "held_hash": restatements.difference_hash(held)}  # fmt: skip
    lines = [*_orders(orders), "", *_held(held)]
    typer.echo(json.dumps(plain(found), indent=2) if as_json else "\n".join(lines))


def _decide(context: typer.Context, number: int, act: str, reason: str | None, login: str) -> None:
    from resources.warehouse import restatements

    with acting_as(context, login) as (connection, _):
        orders = restatements.orders(connection)
        seen = numbered(orders, "order_id", number, "restatement order")
        typer.echo("\n".join(_orders([seen])))
        decided = restatements.decide(connection, number, act, seen.content_hash, reason)
    typer.echo(f"restatement order {number}: {decided}")


def _orders(found: "list[Order]") -> list[str]:
    from orchestration.tables import table

    if not found:
        return ["No restatement was ordered."]
    rows = [
        (one.order_id, one.state, " ".join(one.rules), one.what_if_hash[:12],
         one.asked_by.rpartition("_")[2], (one.decided_by or "").rpartition("_")[2], one.events,
         one.reason)
        for one in found
    ]  # fmt: skip
    return table(
        ["order", "state", "rules", "difference", "asked by", "decided by", "events", "reason"],
        rows,
    )


def _held(found: "list[Held]") -> list[str]:
    from orchestration.tables import table
    from resources.warehouse.restatements import difference_hash

    if not found:
        return ["Nothing waits for an order."]
    rows = [(o.rule, o.entity_code, o.account, o.period, o.event, o.amount) for o in found]
    return [
        "These differences come from a changed rule alone and are not proposed:",
        *table(["rule", "entity", "account", "period", "event", "difference"], rows),
        "", f"hash of this difference: {difference_hash(found)}",
    ]  # fmt: skip
