"""Tables for run metadata: counts, amounts and names of checks, never a value of a document."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import dagster as dg

from resources.warehouse.builds import Certificate
from resources.warehouse.tie_outs import TieOutResult

SHOWN_ROWS = 50  # the UI clips long tables, so what failed comes first


def text(value: object) -> str:
    """Write a cell: money with two decimals, nothing for null."""
    if value is None:
        return ""
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)


def certificate_table(issued: Certificate) -> dg.TableMetadataValue:
    """Show the lines of a certificate, those that did not pass first."""
    return dg.MetadataValue.table(
        [
            dg.TableRecord(
                {
                    "check": row.check_id,
                    "status": row.status,
                    "severity": row.severity,
                    "left": text(row.left_amount),
                    "right": text(row.right_amount),
                    "difference": text(row.difference),
                    "failing": text(row.failing_count),
                }
            )
            for row in issued.rows[:SHOWN_ROWS]
        ]
    )


def counts_table(name: str, counted: str, counts: Mapping[str, int]) -> dg.TableMetadataValue:
    """Show counts by code."""
    return dg.MetadataValue.table(
        [dg.TableRecord({name: code, counted: count}) for code, count in sorted(counts.items())],
        schema=dg.TableSchema([dg.TableColumn(name, "string"), dg.TableColumn(counted, "int")]),
    )


def tie_out_table(results: Iterable[TieOutResult]) -> dg.TableMetadataValue:
    """Show both sides of a tie-out per scope, those that do not hold first."""
    ordered = sorted(results, key=lambda result: (result.holds, result.scope))
    return dg.MetadataValue.table(
        [
            dg.TableRecord(
                {
                    "scope": result.scope,
                    "left": text(result.left),
                    "right": text(result.right),
                    "difference": text(result.difference),
                    "breaks": result.breaks,
                    "holds": result.holds,
                }
            )
            for result in ordered
        ][:SHOWN_ROWS]
    )
