"""Month-end estimates and opening balances, kept as evidence."""

from resources.warehouse.versions import apply_sql

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Run the SQL files of this version."""
    apply_sql("0031_estimates.sql")
    apply_sql("0031_openings.sql")
