"""What X12 transactions carry beside claims and payments."""

from resources.warehouse.versions import apply_sql

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0021_x12_carried.sql")
