"""Reconciliations are prepared by one and reviewed by another, each over exactly what was seen."""

from dataclasses import replace

import psycopg
import pytest

from resources.warehouse import reviews
from resources.warehouse.ledger import LedgerRefusedError
from tests.fixtures.books import begins

pytestmark = pytest.mark.promise(
    "A reconciliation is prepared by one person and reviewed by another, over what was seen"
)

SHEET = """
insert into ledger.account_reconciliation (as_of_date, entity_code, account, account_name,
    balance_amount, item_count, items_amount, unposted_amount, explained_amount,
    unexplained_amount, oldest_age_days, age_30_amount, age_60_amount, age_90_amount,
    age_over_90_amount) values
    ('2026-10-31', 'NLH', '1050', 'Clearing', 90, 1, 90, 0, 0, 0, 12, 90, 0, 0, 0),
    ('2026-10-31', 'NLH', '2110', 'Unapplied', -7, 0, 0, 0, 0, -7, null, 0, 0, 0, 0)
"""
HASH = "a" * 64


@begins
def accounts(books):
    """The two accounts of NLH, as the post job leaves them: one explained, one not."""
    books.by("transform").execute(SHEET)


def sheet(books, account, role="auditor"):
    return next(s for s in reviews.sheets(books.by(role)) if s.account == account)


def test_a_preparer_and_another_person_sign_and_both_are_on_the_sheet(accounts):
    reviews.prepare(accounts.by("preparer"), sheet(accounts, "1050"), "")
    reviews.review(accounts.by("controller"), sheet(accounts, "1050"))
    signed, login = sheet(accounts, "1050"), accounts.database.settings.login
    assert (signed.preparer, signed.reviewer) == (login("preparer"), login("controller"))
    assert sheet(accounts, "2110").preparer is None


def test_nobody_reviews_what_he_prepared(accounts):
    number = reviews.prepare(accounts.by("controller"), sheet(accounts, "1050"), "")
    with pytest.raises(LedgerRefusedError, match="SELF_REVIEW"):
        reviews.review(accounts.by("controller"), sheet(accounts, "1050"))
    reviews.review(accounts.by("approver"), sheet(accounts, "1050"))
    assert sheet(accounts, "1050").reconciliation_id == number


def test_not_even_the_owner_reviews_in_anothers_name_or_edits_a_signature(accounts, refused):
    reviews.prepare(accounts.by("preparer"), sheet(accounts, "1050"), "")
    owner = accounts.as_owner()
    user = owner.execute("select session_user").fetchone()[0]
    owner.execute("insert into ledger.reconciliation_review (reconciliation_id, reviewer)"
                  " values (1, 'somebody')")  # fmt: skip
    assert sheet(accounts, "1050").reviewer == user
    for change in ("update ledger.reconciliation set preparer = 'x'",
                   "delete from ledger.reconciliation_review", "delete from ledger.reconciliation",
                   "update ledger.review set note = 'x'"):  # fmt: skip
        refused(owner, change, code="IMMUTABLE")


def test_a_difference_takes_an_explanation(accounts):
    with pytest.raises(LedgerRefusedError, match="UNEXPLAINED"):
        reviews.prepare(accounts.by("preparer"), sheet(accounts, "2110"), "  ")
    reviews.prepare(accounts.by("preparer"), sheet(accounts, "2110"), "a cheque under way")
    assert sheet(accounts, "2110").explanation == "a cheque under way"


def test_what_changed_since_it_was_seen_is_neither_prepared_nor_reviewed(accounts):
    seen = sheet(accounts, "1050")
    reviews.prepare(accounts.by("preparer"), seen, "")
    prepared = sheet(accounts, "1050")
    accounts.as_owner().execute(
        "update ledger.account_reconciliation set oldest_age_days = 13 where account = '1050'"
    )
    assert sheet(accounts, "1050").preparer is None
    for act in (lambda: reviews.review(accounts.by("controller"), prepared),
                lambda: reviews.prepare(accounts.by("preparer"), seen, "")):  # fmt: skip
        with pytest.raises(LedgerRefusedError, match="CONTENT"):
            act()
    reviews.prepare(accounts.by("preparer"), sheet(accounts, "1050"), "")


def test_a_sheet_is_prepared_and_reviewed_once(accounts):
    reviews.prepare(accounts.by("preparer"), sheet(accounts, "1050"), "")
    with pytest.raises(LedgerRefusedError, match="STATE"):
        reviews.prepare(accounts.by("controller"), sheet(accounts, "1050"), "")
    reviews.review(accounts.by("controller"), sheet(accounts, "1050"))
    with pytest.raises(LedgerRefusedError, match="STATE"):
        reviews.review(accounts.by("approver"), sheet(accounts, "1050"))


def test_auditors_read_the_sheets_and_sign_none(accounts):
    seen = sheet(accounts, "1050")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reviews.prepare(accounts.by("auditor"), seen, "")
    with pytest.raises(LedgerRefusedError, match="NOT_A_PERSON"):
        reviews.prepare(accounts.by("policy"), seen, "")
    with pytest.raises(LedgerRefusedError, match="CONTENT"):
        reviews.review(accounts.by("controller"), replace(seen, reconciliation_id=9))


def test_review_of_a_list_is_signed_by_approvers_in_their_own_name(accounts):
    """An auditor reads the built zones, hence acts on nothing: it signs no review."""
    for role in ("manager", "controller"):
        reviews.sign_review(accounts.by(role), "access", HASH, "looked at")
    login = accounts.database.settings.login
    rows = accounts.ask("auditor", "select reviewer, content_hash from ledger.review order by 1")
    assert rows == sorted([(login("manager"), HASH), (login("controller"), HASH)])
    with pytest.raises(LedgerRefusedError, match="NOT_A_PERSON"):
        reviews.sign_review(accounts.by("policy"), "access", HASH, "")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reviews.sign_review(accounts.by("auditor"), "access", HASH, "")
    with pytest.raises(psycopg.errors.CheckViolation):
        reviews.sign_review(accounts.by("manager"), "access", "short", "")
