"""Statistics of what landed are taken before a build."""

from resources.warehouse.versions import apply_sql

revision = "0036"
down_revision = "0034"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0036_statistics.sql")
