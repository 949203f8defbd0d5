"""Tables for run metadata: counts, amounts and names of checks, never a value of a document."""

from decimal import Decimal

import dagster as dg

from resources.warehouse.builds import Certificate

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
