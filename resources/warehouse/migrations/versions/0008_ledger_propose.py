"""The difference between demanded and recorded."""

from resources.warehouse.versions import apply_sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0008_ledger_propose.sql")
