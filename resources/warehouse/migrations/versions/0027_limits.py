"""Limits, delegations, acts on periods and corrections, as policy has them and the ledger keeps."""

from resources.warehouse.versions import apply_sql

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Run the SQL files of this version."""
    for name in ("policy", "limits", "signing", "period_acts", "corrections", "closing", "proofs"):
        apply_sql(f"0027_{name}.sql")
