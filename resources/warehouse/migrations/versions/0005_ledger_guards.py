"""What nobody may do to the ledger."""

from resources.warehouse.versions import apply_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0005_ledger_guards.sql")
