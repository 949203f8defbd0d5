"""Who may act on the ledger."""

from resources.warehouse.versions import apply_sql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0012_ledger_grants.sql")
