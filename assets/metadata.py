"""Tables for run metadata: counts, amounts and names of checks, never a value of a document."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import dagster as dg

from assets.runbook import advice
from resources.warehouse.builds import Certificate
from resources.warehouse.holds import Blocked, HeldEntry
from resources.warehouse.read_back import ForeignLine
from resources.warehouse.tie_outs import TieOutResult

SHOWN_ROWS = 50  # the UI clips long tables, so what failed comes first


def certificate_table(issued: Certificate) -> dg.TableMetadataValue:
    """Show the lines of a certificate, those that did not pass first."""
    columns = ("check", "status", "severity", "left", "right", "difference", "failing")
    rows = (
        (
            row.check_id, row.status, row.severity, row.left_amount, row.right_amount,
            row.difference, row.failing_count,
        )
        for row in issued.rows
    )  # fmt: skip
    return _table(columns, rows)


def counts_table(name: str, counted: str, counts: Mapping[str, int]) -> dg.TableMetadataValue:
    """Show counts by code."""
    return _table((name, counted), sorted(counts.items()))


def held_table(held: Iterable[HeldEntry]) -> dg.TableMetadataValue:
    """Show each held entry with its reason and what the runbook says to do."""
    columns = ("entry", "entity", "state", "dollars", "reason", "detail", "owner", "what to do")
    rows = (
        (
            one.entry_id, one.entity_code, one.state, usd(one.gross_amount), one.code, one.detail,
            one.owner, advice(one.code),
        )
        for one in held
    )  # fmt: skip
    return _table(columns, rows)


def blocked_table(blocked: Iterable[Blocked]) -> dg.TableMetadataValue:
    """Show what each reason keeps back, in dollars, and whose it is."""
    columns = ("reason", "owner", "entries", "dollars")
    rows = ((one.code, one.owner, one.entries, usd(one.gross_amount)) for one in blocked)
    return _table(columns, rows)


def foreign_table(lines: Iterable[ForeignLine]) -> dg.TableMetadataValue:
    """Show lines of the ERP that are not ours, with their documents' references."""
    columns = ("line", "entity", "document", "account", "date", "dollars", "code")
    rows = (
        (
            one.foreign_line_id, one.entity_code, one.document_ref, one.account,
            one.accounting_date, usd(one.amount), one.code,
        )
        for one in lines
    )  # fmt: skip
    return _table(columns, rows)


def usd(amount: Decimal | None) -> str:
    """Write an amount in US dollars as a person reads it: `-1,234.50`; nothing for null."""
    return "" if amount is None else f"{amount:,.2f}"


def tie_out_table(results: Iterable[TieOutResult]) -> dg.TableMetadataValue:
    """Show both sides of a tie-out per scope, those that do not hold first."""
    ordered = sorted(results, key=lambda result: (result.holds, result.scope))
    columns = ("scope", "left", "right", "difference", "breaks", "holds")
    rows = ((r.scope, r.left, r.right, r.difference, r.breaks, r.holds) for r in ordered)
    return _table(columns, rows)


def _table(columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> dg.TableMetadataValue:
    """Make a table of text cells; the schema is given because a table may be empty."""
    records = [dg.TableRecord(dict(zip(columns, map(_text, row), strict=True))) for row in rows]
    schema = dg.TableSchema([dg.TableColumn(column, "string") for column in columns])
    return dg.MetadataValue.table(records[:SHOWN_ROWS], schema)


def _text(value: object) -> str:
    """Write a cell: money with two decimals, nothing for null."""
    if value is None:
        return ""
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)
