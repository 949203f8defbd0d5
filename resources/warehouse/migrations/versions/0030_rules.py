"""Rules with days, entities and bases: what entities are, and orders to restate."""

from resources.warehouse.versions import apply_sql

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Run the SQL files of this version."""
    apply_sql("0030_rules.sql")
    apply_sql("0030_restatement.sql")
    apply_sql("0030_restatement_propose.sql")
