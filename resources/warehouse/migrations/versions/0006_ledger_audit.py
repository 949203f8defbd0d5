"""The audit chain, and what was tampered with."""

from resources.warehouse.versions import apply_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0006_ledger_audit.sql")
