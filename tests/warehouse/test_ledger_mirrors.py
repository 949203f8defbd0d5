"""What the ledger keeps of the ERP and of a build: periods, balances, cut-offs."""

from datetime import date
from decimal import Decimal

import pytest

from billing.ledger.erp import ErpPeriod
from resources.warehouse import ledger
from resources.warehouse.ledger import LedgerRefusedError
from tests.fixtures.books import Event

pytestmark = pytest.mark.promise(
    "Periods and balances of the ERP are mirrored; a reopened period voids its certificate"
)


def test_periods_of_the_erp_are_mirrored_and_must_not_overlap(books):
    poster = books.by("poster")
    ledger.mirror_period(
        poster, ErpPeriod("NLH", date(2027, 1, 1), date(2027, 1, 31), "7", is_open=True)
    )
    assert books.one(
        "auditor", "select erp_status, own_status from ledger.period where erp_period_ref = '7'"
    ) == ("open", "open")
    with pytest.raises(LedgerRefusedError, match="PERIOD"):
        ledger.mirror_period(
            poster, ErpPeriod("NLH", date(2027, 1, 15), date(2027, 2, 15), "8", is_open=True)
        )


def test_reopening_a_period_voids_the_certificates_that_closed_it(books):
    october = date(2026, 10, 1)
    books.build()
    books.decide("close", october)
    books.demand([Event("a", "charge.posted", "100.00")])
    books.propose()
    books.approve()
    assert len(books.sendable()) == 1
    books.decide("reopen", october)
    assert books.sendable() == []
    assert books.holds(books.entries()[0][0]) == {"CERTIFICATE"}


def test_a_cut_off_is_recorded_once_and_keeps_its_watermark(books):
    preparer = books.by("preparer")
    assert ledger.record_cutoff(preparer, "NLH", date(2026, 10, 31))
    before = books.ask("auditor", "select * from ledger.cutoff")
    assert not ledger.record_cutoff(preparer, "NLH", date(2026, 10, 31))
    assert books.ask("auditor", "select * from ledger.cutoff") == before


def test_the_balances_that_the_erp_reports_replace_the_former_ones(posted):
    books, poster, as_of = posted, posted.by("poster"), date(2026, 10, 31)
    books.carry_in()
    first = {"1010": Decimal("10.00"), "1110": Decimal("-0.01")}
    assert ledger.record_erp_balances(poster, "NLH", as_of, first) == 2
    assert ledger.record_erp_balances(poster, "NLH", as_of, {"1010": Decimal("12.34")}) == 1
    assert books.ask("auditor", "select account, balance_amount from ledger.erp_balance") == [
        ("1010", Decimal("12.34"))
    ]
