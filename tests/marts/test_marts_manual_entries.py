"""Manual entries and refunds over the small world: decided, built, tested and tied out."""

from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.ledger.manual import ManualLine
from resources.warehouse import requests, tie_outs
from resources.warehouse.database import connect
from resources.warehouse.ledger import LedgerRefusedError
from resources.warehouse.requests import Ask, AskEntry

D = Decimal
NO_TESTS = ("--exclude-resource-type", "test")
TIED = ("T7", "T8", "T12", "T13")
MANUAL = """
select original_date, account, sum(signed_amount) from marts.fct_ledger_line
where rule = 'MANUAL' group by 1, 2 order by 1, 2
"""


pytestmark = pytest.mark.xdist_group("small_world")


@pytest.fixture(scope="module")
def own_world(copy_small_world):
    """A copy of the small world, to which the tests add in their order."""
    return copy_small_world("manual")


def decided(world, act, *, by="controller"):
    with closing(connect(world.settings, "biller", autocommit=True)) as biller:
        number = act(biller)
    with closing(connect(world.settings, by, autocommit=True)) as person:
        (found,) = requests.requests(person, "open")
        requests.decide(person, number, "approved", found.content_hash)
    return number


def broken(outcome):
    """The data tests that do not pass; of the small world, those that its stories are about."""
    return {test.name for test in outcome.tests if not test.has_passed}


def tied(world):
    """The tie-outs over item lists that do not hold, as scopes."""
    with closing(connect(world.settings, "transform", autocommit=True)) as connection:
        found = tie_outs.evaluate(connection, "build")
    return {(one.id, one.scope) for one in found if one.id in TIED and not one.holds}


def account_of(world, account):
    ((key, amount),) = world.rows(
        "select account_key, sum(signed_amount) from marts.fct_ledger_line line"
        " where account = '1120' and account_key in (select account_key"
        " from intermediate.int_account where account_hash = %s) group by 1",
        account,
    )
    return key, amount


@pytest.mark.promise(
    "A manual entry and its reversal change the ledger, and every tie-out still holds"
)
def test_a_manual_entry_stands_in_the_ledger_and_the_tie_outs_hold(small_world, own_world):
    """TWO owes 5.00; 9.00 taken off it by hand leaves 4.00 in credit, which is reclassed to 2125.
    7.00 go to the trace T2, and all of it comes back on the first of the next month.
    """
    before, usual = tied(own_world), broken(small_world.first_build)
    key, owed = account_of(own_world, "TWO")
    assert owed == D("5.00")
    entry = AskEntry(
        "NLH", date(2026, 9, 30), "CORRECTION", "as the payer's letter says",
        (ManualLine("1050", D("7.00"), D(0), "T2"), ManualLine("6320", D("2.00"), D(0), "MCR01"),
         ManualLine("1120", D(0), D("9.00"), key)),
        attachment_sha256="c" * 64, attachment_size=9, attachment_type="application/pdf",
    )  # fmt: skip
    number = decided(own_world, lambda biller: requests.ask_entry(biller, entry))
    assert broken(own_world.build()) == usual
    assert own_world.rows(MANUAL) == [
        (date(2026, 9, 30), "1050", D("7.00")), (date(2026, 9, 30), "1120", D("-9.00")),
        (date(2026, 9, 30), "6320", D("2.00")),
    ]  # fmt: skip
    credit = own_world.rows(
        "select amount from marts.fct_billing_event where event = 'credit.reclass.patient'"
        " and account_key = %s", key)  # fmt: skip
    assert credit == [(D("4.00"),)]
    assert tied(own_world) == before
    back = replace(entry, lines=(), reverses=number, accounting_date=date(2026, 10, 2))
    decided(own_world, lambda biller: requests.ask_entry(biller, back))
    own_world.build(*NO_TESTS)  # the test of refunds runs the data tests over this too
    assert [amount for _, account, amount in own_world.rows(MANUAL) if account == "1120"] == [
        D("-9.00"), D("9.00"),
    ]  # fmt: skip
    assert tied(own_world) == before


@pytest.mark.promise("A self-reversing manual entry is back on the first of the next month")
def test_what_reverses_itself_is_back_on_the_first_of_the_month(own_world):
    entry = AskEntry(
        "NPG", date(2026, 9, 15), "ACCRUAL", "the bank's fee of September",
        (ManualLine("6230", D("3.00"), D(0), "fee"), ManualLine("2160", D(0), D("3.00"), "fee")),
        is_auto_reversed=True, attachment_sha256="c" * 64, attachment_size=9,
        attachment_type="application/pdf",
    )  # fmt: skip
    decided(own_world, lambda biller: requests.ask_entry(biller, entry))
    own_world.rebuild("fct_ledger_line", "mart_paid_in")
    found = own_world.rows(
        "select original_date, signed_amount, approval_class from marts.fct_ledger_line"
        " where rule = 'MANUAL' and account = '6230' order by 1"
    )
    assert found == [(date(2026, 9, 15), D("3.00"), "manual"),
                     (date(2026, 10, 1), D("-3.00"), "manual")]  # fmt: skip
    # Every decided event is the one that the ledger knows the request by.
    assert own_world.rows(
        "select count(*) from marts.fct_billing_event where rule = 'MANUAL' and event_id not in"
        " (select event_id from ledger.request_event)"
    ) == [(0,)]


@pytest.mark.promise("A refund never exceeds what was paid by that tender")
def test_a_refund_is_held_to_what_the_small_world_paid_in(small_world, own_world):
    """PLAIN paid 20.00 by card; a credit of 25.00 is made by hand, and 20.00 of it go back so."""
    key, _ = account_of(own_world, "PLAIN")
    assert own_world.rows(
        "select payee, tender, paid_amount from marts.mart_paid_in where subject_key = %s", key
    ) == [("patient", "card", D("20.00"))]
    entry = AskEntry(
        "NLH", date(2026, 10, 5), "RECLASS", "a credit of the small world",
        (ManualLine("6320", D("25.00"), D(0), "x"), ManualLine("2125", D(0), D("25.00"), key)),
        attachment_sha256="d" * 64, attachment_size=9, attachment_type="application/pdf",
    )  # fmt: skip
    decided(own_world, lambda biller: requests.ask_entry(biller, entry))
    own_world.rebuild("fct_ledger_line", "mart_paid_in")
    refund = Ask("refund.patient.approved", "NLH", key, D("20.01"), "paid twice in October",
                 tender="card")  # fmt: skip
    with (
        closing(connect(own_world.settings, "biller", autocommit=True)) as biller,
        pytest.raises(LedgerRefusedError, match=r"^OTHER_TENDER: more than the 20.00"),
    ):
        requests.ask(biller, refund)
    decided(own_world, lambda biller: requests.ask(biller, replace(refund, amount=D("20.00"))),
            by="manager")  # fmt: skip
    assert broken(own_world.build()) == broken(small_world.first_build)
    assert own_world.balances()["NLH", "2010"] == D("-20.00")
