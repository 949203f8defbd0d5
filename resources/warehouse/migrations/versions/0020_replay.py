"""Replacing the rows of a file that is read again."""

from resources.warehouse.versions import apply_sql

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0020_replay.sql")
