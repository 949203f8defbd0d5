"""Two rejections of one day wait together; balances of before our first month are carried in."""

from resources.warehouse.versions import apply_sql

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Run the SQL files of this version."""
    apply_sql("0034_rejected_twice.sql")
    apply_sql("0034_carried_balances.sql")
