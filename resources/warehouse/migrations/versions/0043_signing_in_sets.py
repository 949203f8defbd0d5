"""Approval by policy measures all entries together."""

from resources.warehouse.versions import apply_sql

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0043_signing_in_sets.sql")
