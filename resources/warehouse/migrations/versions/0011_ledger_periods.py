"""Periods and cut-offs."""

from resources.warehouse.versions import apply_sql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0011_ledger_periods.sql")
