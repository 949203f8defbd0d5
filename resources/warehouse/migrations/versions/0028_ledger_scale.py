"""Proposing looks only where demanded and recorded differ: digests of small buckets of lines."""

from resources.warehouse.versions import apply_sql

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0028_ledger_scale.sql")
