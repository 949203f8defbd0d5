"""What the sensors saw of each source, and the alerts."""

from resources.warehouse.versions import apply_sql

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0018_watching.sql")
