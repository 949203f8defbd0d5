"""Statuses by account, and words for what acknowledgements and reversals leave waiting."""

from resources.warehouse.versions import apply_sql

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0022_acknowledgements.sql")
