"""Why an entry may not go."""

from resources.warehouse.versions import apply_sql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0007_ledger_gate.sql")
