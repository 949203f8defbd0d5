"""An ERP that tells which documents changed is read from where the last reading ended."""

from resources.warehouse.versions import apply_sql

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0042_erp_changes.sql")
