"""The rest of what X12 transactions say, in columns of its own."""

from resources.warehouse.versions import apply_sql

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0024_x12_columns.sql")
