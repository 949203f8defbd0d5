"""Policy files in the database: loading twice is once, and what a file drops is gone."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from billing.governance.policy_file import PolicyFileError
from resources.warehouse.database import engine
from resources.warehouse.governance_load import load_governance, set_as_of

pytestmark = pytest.mark.promise(
    "Policy files are loaded as a whole or not at all, and twice is once"
)

GOVERNANCE = Path(__file__).parents[2] / "governance"
LOADED = ("ops.installation", "ops.entity", "ops.facility", "ops.provider", "ops.bank_account",
          "ledger.account", "ledger.approval_class", "ledger.approval_limit")  # fmt: skip


def content(connection):
    return {name: connection.execute(f"select * from {name} order by 1").fetchall()
            for name in LOADED}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """Return a copy of the policy files that a test may change."""
    shutil.copytree(GOVERNANCE, tmp_path / "governance")
    return tmp_path / "governance"


def test_loading_twice_changes_nothing(database, folder):
    admin = database.admin()
    load_governance(admin, folder)
    first = content(admin)
    load_governance(admin, folder)
    assert content(admin) == first
    assert all(first.values())


def test_what_a_file_drops_is_removed(database, folder):
    path = folder / "entities.yaml"
    path.write_text(path.read_text().replace('bank_accounts: ["4410001002"]', "bank_accounts: []"))
    load_governance(database.admin(), folder)
    rows = database.connect("auditor").execute("select bank_account from ops.bank_account")
    assert rows.fetchall() == [("4410001001",)]


def test_a_broken_file_leaves_everything_as_it_was(database, folder):
    admin = database.admin()
    first = content(admin)
    path = folder / "approvals.yaml"
    path.write_text(path.read_text().replace("entry_lines: 10000", "entry_lines: none"))
    with pytest.raises(PolicyFileError):
        load_governance(admin, folder)
    assert content(admin) == first


def test_a_reload_keeps_the_as_of_date(database, folder):
    admin = database.admin()
    set_as_of(admin, date(2026, 9, 30))
    load_governance(admin, folder)
    stored = database.connect("auditor").execute("select as_of_date from ops.installation")
    assert stored.fetchone() == (date(2026, 9, 30),)


def test_an_engine_logs_in_as_its_role_and_hides_values(database):
    made = engine(database.settings, "auditor")
    with made.connect() as connection:
        who = connection.execute(text("select session_user")).scalar()
        assert who == database.settings.login("auditor")
        with pytest.raises(SQLAlchemyError) as caught:
            connection.execute(text("select cast(:v as text)::numeric"), {"v": "ZZCANARY"})
        assert "ZZCANARY" not in str(caught.value)
    made.dispose()
