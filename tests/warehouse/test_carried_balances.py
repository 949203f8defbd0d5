"""What the ERP held before our first month: read once, then kept; other accounts are no affair."""

from datetime import date
from decimal import Decimal

import psycopg
import pytest

from resources.warehouse import ledger, read_back, verification
from resources.warehouse.ledger import LedgerRefusedError
from tests.fixtures.books import Event, begins

pytestmark = pytest.mark.promise(
    "What the ERP held before the first month is read once and kept",
    "Balances and lines before the first month are not taken for third-party entries",
)

LAST = date(2026, 8, 31)
HELD = {"1010": Decimal("900.00"), "2110": Decimal("0.00"), "1110": Decimal("5.00"),
        "6100": Decimal("77.00")}  # fmt: skip


@begins
def running(books):
    books.run([Event("a", "charge.posted", "100.00")])


def carry(books, *, day=LAST, held=HELD):
    return read_back.record_carried(books.by("poster"), "NLH", "tryton", day, held)


def kept(books):
    return books.ask("auditor", "select account, balance_amount from ledger.carried_balance")


def test_there_is_nothing_to_carry_in_before_the_first_entry(books):
    assert read_back.carry_day(books.by("poster"), "NLH") is None


def test_balances_of_our_accounts_at_the_end_of_the_month_before_are_kept(running):
    assert read_back.carry_day(running.by("poster"), "NLH") == LAST
    assert carry(running) == 1
    assert kept(running) == [("1010", Decimal("900.00"))]
    assert verification.problems(running.by("auditor")) == []


def test_receivables_and_credits_are_left_to_the_opening_list(running):
    carry(running, held={account: Decimal("1.00") for account in ("1110", "1120", "2120", "2125")})
    assert kept(running) == []


def test_they_are_read_once(running):
    carry(running)
    assert read_back.carry_day(running.by("poster"), "NLH") is None
    with pytest.raises(LedgerRefusedError, match="CARRIED"):
        carry(running)


@pytest.mark.parametrize("day", [date(2026, 7, 31), date(2026, 9, 30)])
def test_balances_of_another_day_are_refused(running, day):
    with pytest.raises(LedgerRefusedError, match="CARRIED"):
        carry(running, day=day)


def test_lines_of_before_are_not_read_as_somebody_elses_even_once_an_older_month_is_posted(running):
    carry(running)
    older = Event("b", "remit.paid", "60.00", day=date(2026, 6, 3))
    running.run([Event("a", "charge.posted", "100.00"), older])
    assert read_back.foreign_since(running.by("poster"), "NLH") == date(2026, 9, 1)


def test_before_our_first_month_no_balance_of_the_erp_is_compared(books):
    poster = books.by("poster")
    assert ledger.record_erp_balances(poster, "NLH", date(2026, 10, 31), HELD) == 0


def test_only_accounts_of_ours_have_a_recorded_balance(running):
    carry(running)
    poster = running.by("poster")
    balances = {"1010": Decimal("12.34"), "6100": Decimal("9.00"), "3990": Decimal("1.00")}
    assert ledger.record_erp_balances(poster, "NLH", date(2026, 10, 31), balances) == 1
    assert running.ask("auditor", "select account from ledger.erp_balance") == [("1010",)]


@pytest.mark.parametrize("change", [
    "update ledger.carried_balance set balance_amount = 1",
    "delete from ledger.carried_balance",
    "truncate ledger.carry cascade",
    "update ledger.carry set last_day = '2026-01-31'",
    "insert into ledger.carried_balance values ('NLH', '1050', 1)",
])  # fmt: skip
def test_the_owner_changes_nothing_of_it(running, change):
    carry(running)
    with pytest.raises(psycopg.errors.RaiseException, match=r"^TIEOUT"):
        running.as_owner().execute(change)


@pytest.mark.parametrize("change", [
    "update ledger.carried_balance set balance_amount = 1",
    "delete from ledger.carried_balance",
    "insert into ledger.carried_balance values ('NLH', '1050', 1)",
])  # fmt: skip
def test_a_superuser_who_goes_around_the_triggers_is_found(running, change):
    carry(running)
    admin = running.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute(change)
    (problem,) = {text.partition(": ")[0] for text in verification.problems(running.by("auditor"))}
    assert problem == "carried balances"


def test_an_account_that_the_chart_drops_later_stays_as_it_was_read(running):
    carry(running)
    running.database.admin().execute("delete from ledger.account where account = '1010'")
    assert kept(running) == [("1010", Decimal("900.00"))]
    assert verification.problems(running.by("auditor")) == []
