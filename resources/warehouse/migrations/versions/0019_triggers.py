"""Keys by which a repeated trigger is known."""

from resources.warehouse.versions import apply_sql

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0019_triggers.sql")
