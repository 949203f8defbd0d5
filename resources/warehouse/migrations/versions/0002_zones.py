"""Who may see and write which zone."""

from resources.warehouse.versions import apply_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0002_zones.sql")
