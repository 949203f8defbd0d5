"""Which rules and code made an entry and who released them; the versions of a bank statement."""

from resources.warehouse.versions import apply_sql

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Run the SQL files of this version."""
    apply_sql("0033_bank_versions.sql")
    apply_sql("0033_rule_release.sql")
    apply_sql("0033_provenance.sql")
