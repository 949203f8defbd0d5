"""Files that wait at their source, and sources that fail, as exceptions."""

from resources.warehouse.versions import apply_sql

revision = "0015"
down_revision = "0013"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0015_sightings.sql")
