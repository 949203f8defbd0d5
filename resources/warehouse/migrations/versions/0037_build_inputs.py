"""What each build was made from is kept, so that a run with nothing new need not build again."""

from resources.warehouse.versions import apply_sql

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """Run the SQL files of this version."""
    apply_sql("0037_build_inputs.sql")
