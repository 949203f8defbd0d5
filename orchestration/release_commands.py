"""`tieout policy release`: one person asks for the rules and code of this checkout to be released,
another approves; who deploys them is a third. Arguments and printing only; the database refuses.
"""

# ruff: noqa: PLC0415 (a command imports what it needs when it is asked for, so that help is quick)
import json
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.acting import acting_as, numbered

if TYPE_CHECKING:
    from resources.warehouse.releases import Act, Release

app = typer.Typer(help="Release rules and code, by two people.", no_args_is_help=True)
_COLUMNS = ("release", "state", "rules", "code", "author", "approver", "deployer", "reason")
Number = Annotated[int, typer.Argument(help="Number of the release.")]


@app.command()
def ask(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="What changes and why; ten characters at least.")],
    login: Annotated[str, typer.Option("--as", "--login", help="The author's login.")] = "manager",
) -> None:
    """Ask, as the author, for the rules and the code of this checkout to be released."""
    from resources.code_identity import identity
    from resources.warehouse import releases

    wanted = identity()
    with acting_as(context, login) as (connection, _):
        number = releases.ask(connection, wanted, reason)
    typer.echo(
        f"release {number}: rules {wanted.rule_set_hash[:12]}, code {wanted.code_hash[:12]}; "
        f"another person: tieout policy release approve {number}"
    )


@app.command(name="list")
def list_(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """All releases with author, approver and deployer."""
    from orchestration.tables import plain
    from resources.warehouse import releases

    with acting_as(context, "auditor") as (connection, _):
        found = releases.releases(connection)
    rows = [vars(one) for one in found]
    typer.echo(json.dumps(plain(rows), indent=2) if as_json else "\n".join(_table(found)))


@app.command()
def show(context: typer.Context, number: Number) -> None:
    """A release, and which files differ from the one approved before it."""
    from resources.warehouse import releases

    with acting_as(context, "auditor") as (connection, _):
        found = releases.releases(connection)
    typer.echo("\n".join(_shown(found, number)))


@app.command()
def approve(
    context: typer.Context,
    number: Number,
    login: Annotated[
        str, typer.Option("--as", "--login", help="The approver's login.")
    ] = "controller",
) -> None:
    """Approve a release, by the content that is shown; not as its author, nor as the deployer."""
    _decide(context, number, "approved", "", login)


@app.command()
def refuse(
    context: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option(help="Why.")],
    login: Annotated[
        str, typer.Option("--as", "--login", help="The approver's login.")
    ] = "controller",
) -> None:
    """Refuse a release."""
    _decide(context, number, "refused", reason, login)


@app.command()
def withdraw(
    context: typer.Context,
    number: Number,
    login: Annotated[str, typer.Option("--as", "--login", help="The author's login.")] = "manager",
) -> None:
    """Take a release of one's own back."""
    _decide(context, number, "withdrawn", "", login)


def _decide(context: typer.Context, number: int, act: "Act", reason: str, login: str) -> None:
    from resources.warehouse import releases

    with acting_as(context, login) as (connection, _):
        found = releases.releases(connection)
        typer.echo("\n".join(_shown(found, number)))
        releases.decide(connection, numbered(found, "release_id", number, "release"), act, reason)
    typer.echo(f"release {number}: {act}")


def _shown(found: "list[Release]", number: int) -> list[str]:
    """One release with both hashes whole, and the files that differ from the last approved."""
    from billing.governance.release import changes
    from orchestration.tables import table

    one = numbered(found, "release_id", number, "release")
    before = [other for other in found if other.state == "approved" and other.release_id < number]
    differing = changes(before[-1].files if before else {}, one.files)
    compared = f"release {before[-1].release_id}" if before else "nothing: the first release"
    lines = table(("file", "is"), list(differing.items())) if differing else ["no file differs"]
    return [
        *_table([one]), f"rule set {one.rule_set_hash}", f"code     {one.code_hash}",
        f"Files of the rule set, compared with {compared}", *lines,
    ]  # fmt: skip


def _table(found: "list[Release]") -> list[str]:
    from orchestration.tables import table

    if not found:
        return ["No release was asked for."]
    rows = [
        (one.release_id, one.state, one.rule_set_hash[:12], one.code_hash[:12], one.author,
         one.approver, one.deployer, one.reason)
        for one in found
    ]  # fmt: skip
    return table(_COLUMNS, rows)
