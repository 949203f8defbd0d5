"""The as-of date moves on with what is received."""

from resources.warehouse.versions import apply_sql

revision = "0017"
down_revision = "0015"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0017_as_of_moves.sql")
