"""What an auditor asks for: the ERP's master data, entries by hand there, tests and reviews."""

from resources.warehouse.versions import apply_sql

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Run the SQL files of this version."""
    apply_sql("0029_master_data.sql")
    apply_sql("0029_foreign_lines.sql")
    apply_sql("0029_entry_tests.sql")
    apply_sql("0029_reviews.sql")
