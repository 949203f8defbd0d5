"""The tables of the ledger."""

from resources.warehouse.versions import apply_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0004_ledger.sql")
