"""`tieout period` and `tieout policy`: only arguments and printing. What is shown is in `period.py`
and `policy.py`; what is allowed is decided by the database.
"""

# ruff: noqa: PLC0415 (a command imports what it needs when it is asked for, so that help is quick)
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import typer

from orchestration import release_commands, restate_commands
from orchestration.acting import acting_as

period_app = typer.Typer(help="Close and reopen periods, by two people.", no_args_is_help=True)
policy_app = typer.Typer(help="The policy files of governance/.", no_args_is_help=True)
policy_app.add_typer(restate_commands.app, name="restate")
policy_app.add_typer(release_commands.app, name="release")
FAILED = 1
AsJson = Annotated[bool, typer.Option("--json", help="The same content for scripts.")]
Entity = Annotated[str, typer.Argument(help="Code of a legal entity.")]
Month = Annotated[str, typer.Argument(help="Like 2026-10, or the period's first day.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept.")]
Asker = Annotated[str, typer.Option("--as", "--login", help="The login of the one who asks.")]
Decider = Annotated[str, typer.Option("--as", "--login", help="The login of the one who decides.")]


@policy_app.command("check")
def check_files(as_json: AsJson = False) -> None:
    """Hold all policy files and posting rules to each other. Exit code 1: something is wrong."""
    from orchestration import policy

    found = policy.check(datetime.now(UTC).date())
    _show([vars(one) for one in found], policy.render(found), as_json=as_json)
    if policy.has_errors(found):
        raise typer.Exit(FAILED)


@policy_app.command("what-if")
def what_if(context: typer.Context, as_json: AsJson = False) -> None:
    """The journal that the rules, maps and limits of this checkout would ask for, and the hash of
    the difference. Nothing is proposed.
    """
    from orchestration import what_if as work
    from orchestration.launcher import Launcher
    from orchestration.progress import Progress
    from orchestration.prove_watch import watching

    launcher = Launcher(dict(context.find_root().obj), Progress(is_quiet=True))
    with launcher.database() as settings, watching(Progress()) as watch:
        found = work.gather(settings, watch)
    _show(found, work.render(found), as_json=as_json)


@period_app.command()
def show(
    context: typer.Context,
    entity: Annotated[str | None, typer.Argument(help="One legal entity only.")] = None,
    month: Annotated[str | None, typer.Argument(help="With it: what blocks its close.")] = None,
    as_json: AsJson = False,
) -> None:
    """Status of each period, ours and the ERP's, and what waits for a decision."""
    from orchestration import period

    with acting_as(context, "auditor") as (connection, _):
        found = period.gather(connection, entity, month)
    _show(found, period.render(found), as_json=as_json)


@period_app.command("soft-close")
def soft_close(
    context: typer.Context,
    entity: Entity,
    month: Month,
    reason: Reason,
    login: Asker = "approver",
) -> None:
    """Ask that only the classes that policy names still post, with a controller's signature."""
    _request(context, "soft_close", entity, month, reason, login)


@period_app.command()
def close(
    context: typer.Context,
    entity: Entity,
    month: Month,
    reason: Reason,
    login: Asker = "approver",
) -> None:
    """Ask that nothing posts any more. `tieout period show ENTITY MONTH` says what blocks it."""
    _request(context, "close", entity, month, reason, login)


@period_app.command()
def reopen(
    context: typer.Context,
    entity: Entity,
    month: Month,
    reason: Reason,
    login: Asker = "approver",
) -> None:
    """Ask that a period opens again; the certificates of what it reopens become void."""
    _request(context, "reopen", entity, month, reason, login)


@period_app.command()
def decide(
    context: typer.Context,
    request: Annotated[int, typer.Argument(help="Number of the request.")],
    reason: Reason,
    refuse: Annotated[bool, typer.Option("--refuse", help="Say no.")] = False,
    login: Decider = "controller",
) -> None:
    """Decide on a request as somebody else than who asked."""
    from resources.warehouse import periods

    with acting_as(context, login) as (connection, _):
        status = periods.decide_period(connection, request, accepts=not refuse, reason=reason)
    typer.echo(f"request {request} is {'refused' if refuse else 'approved'}: period {status}")


@period_app.command("as-of")
def as_of(
    context: typer.Context,
    day: Annotated[str, typer.Argument(help="The earlier date, like 2026-09-30.")],
    reason: Reason,
    login: Asker = "approver",
) -> None:
    """Ask that the as-of date moves back. Everything dated after it leaves the books until it
    moves on again; forward it moves by evidence, or by `AS_OF=` of a run.
    """
    from resources.warehouse import periods

    with acting_as(context, login) as (connection, _):
        number = periods.request_as_of(connection, _day(day), reason)
    typer.echo(f"request {number}: another person decides, by `tieout period decide-as-of`")


@period_app.command("decide-as-of")
def decide_as_of(
    context: typer.Context,
    request: Annotated[int, typer.Argument(help="Number of the request.")],
    reason: Reason,
    refuse: Annotated[bool, typer.Option("--refuse", help="Say no.")] = False,
    login: Decider = "controller",
) -> None:
    """Decide on a request for the as-of date as another person than who asked."""
    from resources.warehouse import periods

    with acting_as(context, login) as (connection, _):
        day = periods.decide_as_of(connection, request, accepts=not refuse, reason=reason)
    typer.echo(f"request {request} is {'refused' if refuse else 'approved'}: as of {day}")


@period_app.command()
def waive(  # noqa: PLR0913, PLR0917 (who, which item, why and until when)
    context: typer.Context,
    entity: Entity,
    month: Month,
    code: Annotated[str, typer.Argument(help="Code of the blocker, as `show` gives it.")],
    item: Annotated[str, typer.Argument(help="Item of the blocker, as `show` gives it.")],
    reason: Reason,
    until: Annotated[str, typer.Option(help="Last day of the waiver, like 2026-12-31.")],
    login: Decider = "controller",
) -> None:
    """Let a close go on despite one blocker, until a day."""
    from orchestration.period import first_day
    from resources.warehouse import periods

    start, last = first_day(month), _day(until)
    with acting_as(context, login) as (connection, _):
        made = periods.waive_blocker(connection, entity, start, code, item, reason, last)
    typer.echo(f"waiver {made}: {code} {item} until {last}")


@period_app.command()
def classify(  # noqa: PLR0913, PLR0917 (the grain of a decision)
    context: typer.Context,
    entity: Entity,
    month: Annotated[str, typer.Argument(help="Original period of what is corrected.")],
    rule: Annotated[str, typer.Argument(help="Posting rule, like JR05.")],
    name: Annotated[
        Literal["new_information", "change_of_estimate", "error", "change_of_principle"],
        typer.Argument(help="What the corrections are."),
    ],
    reason: Reason,
    login: Decider = "controller",
) -> None:
    """Say what corrections of a closed period are; the next build proposes them so."""
    from orchestration.period import first_day
    from resources.warehouse import periods

    with acting_as(context, login) as (connection, _):
        periods.classify_correction(connection, entity, first_day(month), rule, name, reason)
    typer.echo(f"corrections of {rule} in {month} are {name}, from the next build on")


def _request(  # noqa: PLR0913, PLR0917 (what the three commands hand on)
    context: typer.Context,
    act: Literal["soft_close", "close", "reopen"],
    entity: str,
    month: str,
    reason: str,
    login: str,
) -> None:
    from orchestration.period import first_day
    from resources.warehouse import periods

    start = first_day(month)
    with acting_as(context, login) as (connection, _):
        made = periods.request_period(connection, entity, start, act, reason)
    typer.echo(f"request {made} waits: tieout period decide {made} --reason ...")


def _day(text: str) -> date:
    from orchestration.errors import ExpectedError

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ExpectedError(f"not a date like 2026-12-31: {text}") from None


def _show(found: Any, lines: Iterable[str], *, as_json: bool) -> None:
    from orchestration.tables import plain

    typer.echo(json.dumps(plain(found), indent=2) if as_json else "\n".join(lines))
