"""Requests made whole: manual entries, kept attachments, refunds held to what was paid in."""

from resources.warehouse.versions import apply_sql

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Run the SQL files of this version."""
    apply_sql("0032_request_policy.sql")
    apply_sql("0032_manual_entries.sql")
    apply_sql("0032_refunds.sql")
    apply_sql("0032_deciding.sql")
