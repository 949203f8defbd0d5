"""The ERP may reject two entries of the same day, class and part."""

from resources.warehouse.versions import apply_sql

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0034_rejected_twice.sql")
