"""What a limit measures, which limit is whose, and who stands in a conflict, asked one by one."""

from datetime import date
from decimal import Decimal

import pytest

from tests.fixtures.books import Event

pytestmark = pytest.mark.promise(
    "No person signs beyond their limit or delegation; what goes around it is found"
)
DAY = date(2026, 9, 15)


def test_day_of_an_account_counts_debits_as_well_as_credits(books):
    books.run([Event("a", "charge.posted", "100.00", day=DAY, accounts=("1110", "4010"))])
    asked = "select ledger.account_day(%s, 'NLH', %s)"
    maker = f"{books.database.settings.role_prefix}_preparer"
    owner = books.as_owner()
    for account in ("1110", "4010"):
        assert owner.execute(asked, [maker, account]).fetchone() == (Decimal("100.00"),)


def test_limit_of_some_classes_is_no_limit_of_another(books):
    asked = "select limit_id from ledger.limits_of(%s, %s, current_date)"
    policy = f"{books.database.settings.role_prefix}_policy"
    owner = books.as_owner()
    assert owner.execute(asked, [policy, "none"]).fetchall() == [("policy-daily",)]
    assert owner.execute(asked, [policy, "controller"]).fetchall() == []


def test_conflict_takes_both_of_its_roles(books):
    owner = books.as_owner()
    asked = "select ledger.in_conflict(ledger.policy_id(), %s)"
    pairs = owner.execute(
        "select role, other_role from ledger.policy_conflict where policy_id = ledger.policy_id()"
    ).fetchall()
    assert pairs
    for role, other in pairs:
        assert owner.execute(asked, [[role, other]]).fetchone() == (True,)
        assert owner.execute(asked, [[role]]).fetchone() == (False,)
        assert owner.execute(asked, [[other]]).fetchone() == (False,)


def test_entry_of_more_lines_than_the_erp_takes_is_held(books):
    books.demand(
        [Event("a", "charge.posted", "100.00", day=DAY),
         Event("b", "charge.posted", "5.00", day=DAY, facility="EAST")]
    )  # fmt: skip
    books.propose()
    entry_id, _ = books.entry_in("proposed")
    asked = "update ledger.installation set entry_lines = %s"
    books.as_owner().execute(asked, [4])  # as many as the entry has
    assert "LIMIT" not in books.holds(entry_id)
    books.as_owner().execute(asked, [3])
    assert "LIMIT" in books.holds(entry_id)


def test_entry_that_was_posted_is_not_held_by_its_lines(books):
    (entry_id,) = books.run(
        [Event("a", "charge.posted", "100.00", day=DAY),
         Event("b", "charge.posted", "5.00", day=DAY, facility="EAST")]
    )  # fmt: skip
    books.as_owner().execute("update ledger.installation set entry_lines = 3")
    assert books.holds(entry_id) == set()
