"""Governed requests: one person asks, another decides."""

from resources.warehouse.versions import apply_sql

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0026_requests.sql")
