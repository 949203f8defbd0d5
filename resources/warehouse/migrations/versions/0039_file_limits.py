"""A file beyond the limits of what is read of one has a reason with words."""

from resources.warehouse.versions import apply_sql

revision = "0039"
down_revision = "0037"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0039_file_limits.sql")
