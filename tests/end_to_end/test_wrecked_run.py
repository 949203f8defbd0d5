"""A run that is killed midway is made good by the next one, wherever it was."""

from decimal import Decimal

import pytest

SUBLEDGER = """
select entity_code, account, erp_balance_amount as erp
from marts.mart_ledger_reconciliation where erp_balance_amount <> 0
"""
TWICE = "select erp_key from ledger.entry group by 1 having count(*) > 1"


@pytest.mark.parametrize(
    ("words", "seed"),
    [
        ("database ready", "11"),
        ("build: build_models", "12"),
        ("post: mirror_periods", "13"),
    ],
    ids=["while setting up", "in the middle of the build", "while posting"],
)
def test_a_killed_run_is_made_good_by_the_next(installation, words, seed):
    options = ("--claims", "250", "--seed", seed)
    installation.run_killed_after(words, *options)
    done = installation.tieout("run", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    expected = {
        (entity, account): Decimal(amount)
        for entity, accounts in installation.answer_key()["general_ledger"].items()
        for account, amount in accounts.items()
        if Decimal(amount)
    }
    found = installation.rows("auditor", SUBLEDGER)
    assert {(row["entity_code"], row["account"]): row["erp"] for row in found} == expected
    assert installation.rows("auditor", TWICE) == []
