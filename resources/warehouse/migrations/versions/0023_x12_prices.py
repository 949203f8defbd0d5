"""Places, pointers, groupers and prices of claims; drugs, attachments and provider totals."""

from resources.warehouse.versions import apply_sql

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0023_x12_prices.sql")
