"""Master data and entries by hand, with a real Tryton on the other side of a real ledger."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.ledger.erp import JournalEntry
from resources.mirror import mirror_master_data, read_foreign_lines
from resources.outbox import Outbox
from resources.warehouse import ledger, read_back
from tests.fixtures.books import Event, open_books
from tests.fixtures.erp.tryton import TrytonHarness

pytestmark = pytest.mark.promise(
    "An account closed in Tryton holds its entries before they are sent",
    "An entry by hand in Tryton is an exception until it is explained",
)

DAY = date(2026, 10, 12)


@pytest.fixture
def erp(tryton):
    return TrytonHarness(tryton)


@pytest.fixture
def own(database):
    """A ledger with one approved entry of NLH."""
    made = open_books(database, date(2026, 1, 1), date(2026, 12, 31))
    made.demand([Event("a", "charge.posted", "100.00", day=DAY)])
    made.propose()
    made.approve()
    return made


@pytest.fixture
def poster(database):
    with database.connect("poster", autocommit=False) as connection:
        yield connection


def set_closed(erp, account, *, closed):
    with erp.tryton.database.connect() as connection:
        connection.execute(
            "update account_account set closed = %s where code = %s and company = %s",
            (closed, account, erp.tryton.access.companies["NLH"]),
        )


def test_an_account_that_is_closed_in_tryton_holds_and_nothing_is_sent(erp, own, poster):
    set_closed(erp, "1110", closed=True)
    try:
        accounts, segments, _ = mirror_master_data(poster, erp.ledger(), "NLH")
        assert (accounts > 40, segments) == (True, 0)
        assert own.sendable() == []
        assert ledger.held(own.by("auditor")) == {"MAPPING": 1}
        assert Outbox(poster, erp.ledger(), "NLH").run().posted == 0
    finally:
        set_closed(erp, "1110", closed=False)
    assert mirror_master_data(poster, erp.ledger(), "NLH")[2] == 1
    assert Outbox(poster, erp.ledger(), "NLH").run().posted == 1


def test_what_somebody_enters_in_tryton_by_hand_is_an_exception_until_it_is_explained(
    erp, own, poster
):
    mirror_master_data(poster, erp.ledger(), "NLH")
    assert Outbox(poster, erp.ledger(), "NLH").run().posted == 1
    erp.enter_by_hand("NLH", DAY, "1110", "4010", "3.33")
    read_foreign_lines(poster, erp.ledger(), "NLH")
    (document,) = own.one("auditor", "select document_ref from ledger.erp_document")
    found = [
        one
        for one in read_back.foreign_lines(own.by("auditor"), "unexplained")
        if abs(one.amount) == Decimal("3.33")
    ]
    assert {(one.account, one.amount) for one in found} == {
        ("1110", Decimal("3.33")), ("4010", Decimal("-3.33"))
    }  # fmt: skip
    assert document not in {one.document_ref for one in found}
    assert {one.code for one in found} == {"ERP_MANUAL_ENTRY"}
    again = read_foreign_lines(poster, erp.ledger(), "NLH")
    assert (again.new, again.gone) == (0, 0)
    person = own.by("controller")
    for one in found:
        read_back.judge_foreign_line(
            person, one.foreign_line_id, is_accepted=True, reason="accrual of the month"
        )
    waiting = read_back.foreign_lines(own.by("auditor"), "unexplained")
    assert not {one.foreign_line_id for one in found} & {one.foreign_line_id for one in waiting}


def test_a_copy_with_our_key_in_another_company_is_that_companys_hand_entry(erp, own, poster):
    mirror_master_data(poster, erp.ledger(), "NLH")
    Outbox(poster, erp.ledger(), "NLH").run()
    (key,) = own.one("auditor", "select erp_key from ledger.entry")
    journal = erp.ledger().find("NLH", key)
    assert journal is not None
    own.demand([Event("a", "charge.posted", "100.00", day=DAY),
                Event("n", "charge.posted", "7.00", day=DAY, entity="NPG")])  # fmt: skip
    own.propose()
    value = Decimal("9.99")
    lines = (replace(journal.lines[0], debit=value), replace(journal.lines[1], credit=value))
    erp.ledger().post(JournalEntry("NPG", key, 77, DAY, "a copy", lines))
    read_foreign_lines(poster, erp.ledger(), "NPG")
    found = [
        one
        for one in read_back.foreign_lines(own.by("auditor"), "unexplained")
        if abs(one.amount) == value and one.entity_code == "NPG"
    ]
    assert len(found) == 2
    assert {one.code for one in found} == {"ERP_MANUAL_ENTRY"}
