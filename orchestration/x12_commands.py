"""`tieout x12`: single files for support staff, without a database. Only arguments and printing;
what a file says is in billing/x12.
"""

# ruff: noqa: PLC0415 (a command imports what it needs when it is asked for, so that help is quick)
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="Look at X12 files; needs no database.", no_args_is_help=True)
FAILED = 1
_COLUMNS = ("file", "segments", "accounted", "sets", "claims", "charge", "paid", "findings")


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders with all in them.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, one a file.")
    ] = False,
) -> None:
    """Hold files to their own balances and counts. Exit code 1: something was found."""
    from billing.arrow import without_pandas
    from billing.x12.check import check as held

    has_findings = False
    rows = []
    for path in _files(paths):
        with path.open("rb") as content, without_pandas():
            found = held(content, str(path))
        has_findings |= bool(found["findings"])
        if as_json:
            typer.echo(json.dumps(found))
        else:
            rows.append(found)
    if not as_json:
        typer.echo("\n".join(_table(rows)))
    if has_findings:
        raise typer.Exit(FAILED)


@app.command()
def show(
    file: Annotated[Path, typer.Argument(help="An X12 file.")],
    unmasked: Annotated[
        bool, typer.Option("--unmasked", help="With the patient's names, numbers and dates.")
    ] = False,
) -> None:
    """A remittance, claim or other transaction, segment by segment under its loops."""
    from billing.arrow import without_pandas
    from billing.x12.show import show as shown

    with without_pandas():
        transactions, outside = shown(_only_file(file).read_bytes(), is_masked=not unmasked)
    for one in transactions:
        typer.echo("\n".join(_transaction(one)))
    for finding in outside:
        typer.echo(f"! {finding.code}, segment {finding.segment}: {finding.message}")


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*") if one.is_file())
        else:
            yield _only_file(path)


def _only_file(path: Path) -> Path:
    if not path.is_file():
        raise typer.BadParameter(f"{path} is not a file")
    return path


def _table(found: Sequence[dict[str, Any]]) -> list[str]:
    from orchestration.tables import table

    rows = [_row(one) for one in found]
    lines = table(_COLUMNS, rows, indent=0)
    for one in found:
        for finding in one["findings"]:
            where = f", segment {finding['segment']}" if finding["segment"] else ""
            said = f"{finding['code']}: {finding['message']} (rule: {finding['rule']})"
            lines.append(f"{finding['severity']}: {one['file']}{where}: {said}")
    return lines


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    sets = one["transactions"]
    return (
        one["file"],
        one["segments"],
        one["accounted"],
        " ".join(dict.fromkeys(item["set"] for item in sets)),
        sum(item["claims"] for item in sets),
        sum((Decimal(item["charge"]) for item in sets), Decimal(0)),
        sum((Decimal(item["paid"]) for item in sets), Decimal(0)),
        len(one["findings"]),
    )


def _transaction(one: Any) -> Iterator[str]:
    from orchestration.tables import printable
    from orchestration.tables import show as cell

    figures, of = one.figures, one.figures.transaction
    yield f"{of.set_id} {of.version or ''}, transaction {of.number}, {of.segment_count} segments"
    for line in one.lines:
        loop = line.loop if line.opens and line.depth else ""
        indent = "  " * line.depth
        yield f"{line.ordinal:>7}  {indent}{loop:<7}{line.words:<32} {printable(line.text)}"
        for finding in line.findings:
            yield f"{'':>7}  {indent}! {finding.code}: {finding.message}"
    for name in ("claims", "service_lines", "charge", "paid", "provider_adjusted", "payment"):
        value = getattr(figures, name)
        if value:
            yield f"  {name.replace('_', ' '):<20} {cell(value):>18}"
