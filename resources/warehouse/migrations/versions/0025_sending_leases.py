"""Leases, fences and quiet times of what is sent to the ERP."""

from resources.warehouse.versions import apply_sql

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0025_sending_leases.sql")
