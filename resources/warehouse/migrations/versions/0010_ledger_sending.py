"""Sending, outcomes, documents, balances."""

from resources.warehouse.versions import apply_sql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0010_ledger_sending.sql")
