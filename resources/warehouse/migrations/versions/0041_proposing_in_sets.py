"""Proposing, signing and their audit cost one pass over what changed."""

from resources.warehouse.versions import apply_sql

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """Run the SQL files of this version."""
    apply_sql("0041_proposing_in_sets.sql")
    apply_sql("0041_drafting_in_sets.sql")
