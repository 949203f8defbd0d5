"""`tieout request`: one person asks for a refund, a write-off or an entry, another decides.

Arguments and printing only; who may what, and how much, is refused by the database.
"""

# ruff: noqa: PLC0415 (a command imports what it needs when it is asked for, so that help is quick)
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from billing.exact import MONEY, decimal_of
from orchestration.acting import acting_as
from orchestration.errors import ExpectedError

if TYPE_CHECKING:
    from billing.ledger.manual import ManualLine
    from resources.attachments import Attachment
    from resources.settings import Settings
    from resources.warehouse.requests import Request

app = typer.Typer(
    help="Ask for refunds, write-offs, manual entries and the like, and decide.",
    no_args_is_help=True,
)
FAILED = 1
As = Annotated[str, typer.Option("--as", help="The person's login: biller, controller, manager.")]
Numbers = Annotated[list[int], typer.Argument(help="Request numbers of the list.")]
Document = Annotated[
    Path | None, typer.Option(help="A document; its bytes are kept in the archive.")
]
Why = Annotated[str, typer.Option(help="Why; at least ten characters, no patient's name.")]
Entity = Annotated[str, typer.Option(help="Legal entity.")]


@app.command()
def ask(  # noqa: PLR0913, PLR0917 - the options of a command
    context: typer.Context,
    event: Annotated[str, typer.Argument(help="The event, such as charity.approved.")],
    entity: Entity,
    amount: Annotated[str, typer.Option(help="US dollars.")],
    reason: Why,
    account_number: Annotated[str, typer.Option(help="Patient account; only its hash is kept.")]
    = "",
    subject: Annotated[str, typer.Option(help="Key of an account or claim, or a reference.")] = "",
    attachment: Document = None,
    reason_code: Annotated[str | None, typer.Option(help="A short code, such as FORM.")] = None,
    tender: Annotated[str | None, typer.Option(help="Refunds: card, cheque or ach.")] = None,
    payee: Annotated[str | None, typer.Option(help="Refunds: patient, or a payer's code.")] = None,
    reason_other_tender: Annotated[
        str | None, typer.Option(help="Why not back to who paid, the way he paid.")
    ] = None,
    login: As = "biller",
) -> None:  # fmt: skip
    """Ask for something; prints the request's number."""
    from billing.keys import account_key
    from resources.warehouse import requests

    with _asking(context, login, attachment) as (connection, settings, document):
        key = subject or account_key(entity, account_number, settings.hash_key)
        wanted = requests.Ask(
            event, entity, key, _amount(amount), reason, tender=tender, reason_code=reason_code,
            payee=payee, other_tender_reason=reason_other_tender, **_named(document),
        )  # fmt: skip
        number = requests.ask(connection, wanted)
    typer.echo(f"request {number}: open")


@app.command()
def entry(  # noqa: PLR0913, PLR0917 - the options of a command
    context: typer.Context,
    entity: Entity,
    accounting_date: Annotated[
        datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="Accounting date.")
    ],
    reason_code: Annotated[str, typer.Option(help="A code of governance/approvals.yaml.")],
    reason: Why,
    lines: Annotated[
        Path | None,
        typer.Option(help="CSV: account, debit, credit, key or account_number, facility, "
                     "payer_class, memo."),
    ] = None,
    attachment: Document = None,
    auto_reverse: Annotated[
        bool, typer.Option("--auto-reverse", help="Taken back on the first day of next month.")
    ] = False,
    reverses: Annotated[int | None, typer.Option(help="The manual entry to take back.")] = None,
    login: As = "biller",
) -> None:  # fmt: skip
    """Ask for an entry on freely chosen accounts; prints the request's number."""
    from resources.warehouse import requests

    with _asking(context, login, attachment) as (connection, settings, document):
        wanted = requests.AskEntry(
            entity, accounting_date.date(), reason_code, reason,
            _lines(lines, entity, settings) if lines else (),
            auto_reverse, reverses, **_named(document),
        )  # fmt: skip
        number = requests.ask_entry(connection, wanted)
    typer.echo(f"request {number}: open")


@app.command()
def attachment(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="Request number.")],
    to: Annotated[Path, typer.Option(help="A file that does not exist yet.")],
    login: As = "controller",
) -> None:
    """Give back the document of a request, once its hash is seen to be the one decided on."""
    from resources.archive import Archive
    from resources.attachments import AttachmentError, give_back
    from resources.warehouse import requests

    with acting_as(context, login) as (connection, settings):
        found = [one for one in requests.requests(connection) if one.request_id == number]
        if not found or found[0].attachment_sha256 is None:
            raise ExpectedError(f"request {number} has no attachment")
        archive = Archive(settings.archive_folder)
        sha256, size = found[0].attachment_sha256, found[0].attachment_size
        try:
            written = give_back(archive, sha256, size, to)
        except AttachmentError as problem:
            raise ExpectedError(f"refused: {problem}") from None
    typer.echo(f"{written:,} bytes, {found[0].attachment_type or 'type not known'}, {sha256}")


@app.command(name="list")
def list_(
    context: typer.Context,
    is_all: Annotated[bool, typer.Option("--all", help="Also those that are decided.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Requests that wait for a decision."""
    from orchestration import request_page as page
    from orchestration.tables import plain
    from resources.warehouse import requests

    with acting_as(context, "auditor") as (connection, _):
        found = requests.requests(connection, *(() if is_all else ("open",)))
    if as_json:
        typer.echo(json.dumps(plain([vars(one) for one in found]), indent=2))
    else:
        typer.echo("\n".join(page.listed(found)))


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
    from orchestration import request_page as page
    from resources.warehouse import requests

    with acting_as(context, login) as (connection, settings):
        known = {one.request_id: one for one in requests.requests(connection)}
        missing = [number for number in numbers if number not in known]
        if missing:
            typer.echo(f"no such request: {', '.join(map(str, missing))}", err=True)
            raise typer.Exit(FAILED)
        typer.echo("\n".join(page.listed([known[number] for number in numbers])))
        if act == "approved":
            _read_documents(settings, [known[number] for number in numbers])
        for number in numbers:
            for line in page.entry_lines(requests.lines_of(connection, number)):
                typer.echo(line)
            state = requests.decide(connection, number, act, known[number].content_hash, reason)
            typer.echo(f"request {number}: {state}")


def _read_documents(settings: "Settings", decided: Iterable["Request"]) -> None:
    """Refuse an approval whose document is not in the archive with its hash and size."""
    from resources.archive import Archive
    from resources.attachments import AttachmentError, read_kept

    archive = Archive(settings.archive_folder)
    for one in decided:
        if one.attachment_sha256:
            try:
                read_kept(archive, one.attachment_sha256, one.attachment_size)
            except AttachmentError as problem:
                text = f"refused: the document of request {one.request_id}: {problem}"
                raise ExpectedError(text) from None


def _amount(text: str) -> Decimal:
    found = MONEY.exactly(decimal_of(text))
    if found is None or found <= 0:
        raise typer.BadParameter(
            f"an amount is a number such as 12.50: above zero, in whole cents, at most {MONEY.most}"
        )
    return found


@contextmanager
def _asking(
    context: typer.Context, login: str, path: Path | None
) -> Iterator[tuple[Any, "Settings", "Attachment | None"]]:
    """A person's connection and the document; it is in the archive before the request stands."""
    from resources.archive import Archive
    from resources.attachments import AttachmentError, keep, read_attachment

    try:
        document = read_attachment(path) if path else None
        with acting_as(context, login) as (connection, settings):
            yield connection, settings, document
            if document:
                keep(Archive(settings.archive_folder), document)
    except AttachmentError as problem:
        raise ExpectedError(f"refused: {problem}") from None


def _named(document: "Attachment | None") -> dict[str, Any]:
    """How a request names its document."""
    if document is None:
        return {}
    return {
        "attachment_sha256": document.sha256,
        "attachment_size": document.size_bytes,
        "attachment_type": document.media_type,
    }


def _lines(path: Path, entity: str, settings: "Settings") -> "tuple[ManualLine, ...]":
    """The lines of the file; account numbers become keys here and go no further."""
    from billing.keys import account_key
    from billing.ledger.manual import ManualEntryError, read_lines

    try:
        lines = read_lines(path.read_text(encoding="utf-8"))
    except (ManualEntryError, OSError, UnicodeDecodeError) as problem:
        said = problem if isinstance(problem, ManualEntryError) else "the file cannot be read"
        raise ExpectedError(f"refused: {said}") from None
    return tuple(
        replace(one, account_number="",
                key=account_key(entity, one.account_number, settings.hash_key))
        if one.account_number else one
        for one in lines
    )  # fmt: skip
