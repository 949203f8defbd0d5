"""Runs that are killed midway, one after the other, are made good by the next one."""

from decimal import Decimal

import pytest

from tests.fixtures.installation import cleaned

SUBLEDGER = """
select entity_code, account, erp_balance_amount as erp
from marts.mart_ledger_reconciliation where erp_balance_amount <> 0
"""
TWICE = "select erp_key from ledger.entry group by 1 having count(*) > 1"
OPTIONS = ("--claims", "250", "--seed", "11")
STEPS = ("database ready", "build: build_models", "post: mirror_periods")


pytestmark = pytest.mark.long


@pytest.fixture
def wrecked(tmp_path_factory):
    """An installation whose runs were killed after each of the steps, each by its own run."""
    with cleaned(tmp_path_factory.mktemp("wrecked") / "state") as installation:
        for words in STEPS:
            installation.run_killed_after(words, *OPTIONS)
        yield installation


@pytest.mark.promise(
    "A run after killed runs ends with the right ERP balances and nothing posted twice."
)
def test_a_run_makes_good_what_killed_runs_left_behind(wrecked):
    done = wrecked.program("run", *OPTIONS)
    assert done.returncode == 0, done.stdout + done.stderr
    expected = {
        (entity, account): Decimal(amount)
        for entity, accounts in wrecked.answer_key()["general_ledger"].items()
        for account, amount in accounts.items()
        if Decimal(amount)
    }
    found = wrecked.rows("auditor", SUBLEDGER)
    assert {(row["entity_code"], row["account"]): row["erp"] for row in found} == expected
    assert wrecked.rows("auditor", TWICE) == []
