"""Signing and refusing."""

from resources.warehouse.versions import apply_sql

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0009_ledger_signing.sql")
