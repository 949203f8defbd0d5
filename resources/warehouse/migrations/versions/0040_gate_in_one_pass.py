"""Why entries may not go is found in one pass over all open entries."""

from resources.warehouse.versions import apply_sql

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    """Run the SQL file of this version."""
    apply_sql("0040_gate_in_one_pass.sql")
