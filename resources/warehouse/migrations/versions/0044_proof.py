"""The audit names the login that authenticated; documents carry heads of the audit."""

from resources.warehouse.versions import apply_sql

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0044_proof.sql")
