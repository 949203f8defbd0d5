"""Words for every reason."""

from resources.warehouse.versions import apply_sql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0013_reason_words.sql")
