"""What was received, and what happened to it."""

from resources.warehouse.versions import apply_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0001_raw_and_ops.sql")
