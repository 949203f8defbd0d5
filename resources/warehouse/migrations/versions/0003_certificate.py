"""The close certificate and the list of exceptions."""

from resources.warehouse.versions import apply_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0003_certificate.sql")
