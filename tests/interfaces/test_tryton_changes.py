"""A real Tryton that is read by its changes, and that is slow to answer."""

from datetime import date
from decimal import Decimal

import pytest

from billing.ledger.changes import TellsChanges
from billing.ledger.erp import ErpUnknown, Reason
from resources.erp.tryton import TrytonLedger
from resources.mirror import carry_in, mirror_master_data, read_foreign_lines
from resources.outbox import Outbox
from resources.warehouse import ledger, read_back
from tests.fixtures.books import AS_OF, Event, open_books
from tests.fixtures.erp.tryton import TrytonHarness

DAYS = (date(2026, 10, 12), date(2026, 10, 13), date(2026, 10, 14))


class WatchedLedger(TrytonLedger):
    """Tryton, with a note of which lines it is asked for, and answers that get lost."""

    def __init__(self, settings):
        super().__init__(settings)
        self.asked = []
        self.lost = set()

    def post(self, entry):
        document = super().post(entry)
        if entry.entry_no in self.lost:
            raise ErpUnknown(Reason.TIMEOUT)
        return document

    def lines_of(self, entity, accounts, since, references):
        self.asked += references
        return super().lines_of(entity, accounts, since, references)

    def lines_on(self, entity, accounts, since):
        self.asked.append("everything")
        return super().lines_on(entity, accounts, since)


@pytest.fixture
def own(database):
    """A ledger with three approved entries of NLH."""
    made = open_books(database, date(2026, 1, 1), date(2026, 12, 31))
    made.demand(
        Event(f"e{number}", "charge.posted", "100.00", day=day) for number, day in enumerate(DAYS)
    )
    made.propose()
    made.approve()
    return made


@pytest.fixture
def poster(database):
    with database.connect("poster", autocommit=False) as connection:
        yield connection


@pytest.fixture
def erp(tryton):
    return WatchedLedger(tryton.settings())


def read(poster, erp):
    """Read balances and lines as the post job does."""
    carry_in(poster, erp, "NLH")
    ledger.record_erp_balances(poster, "NLH", AS_OF, erp.balances("NLH", AS_OF))
    return read_foreign_lines(poster, erp, "NLH")


@pytest.mark.promise("One unanswered document does not stop an entity")
def test_lost_answer_of_tryton_is_read_back_in_the_same_run(own, poster, erp):
    erp.lost = {2}
    mirror_master_data(poster, erp, "NLH")
    sent = Outbox(poster, erp, "NLH").run()
    assert (sent.posted, sent.unknown, sent.has_stopped) == (3, 0, False)
    assert own.entries("posted") == own.entries()


@pytest.mark.promise("Reading the ERP costs what is new in it, and misses no change")
def test_tryton_is_read_by_its_changes(own, poster, erp, tryton):
    mirror_master_data(poster, erp, "NLH")
    assert Outbox(poster, erp, "NLH").run().posted == 3
    read(poster, erp)
    erp.asked.clear()
    assert read(poster, erp).new == 0
    assert erp.asked == []
    TrytonHarness(tryton).enter_by_hand("NLH", DAYS[0], "1110", "4010", "4.44")
    count = read(poster, erp)
    assert (count.new, count.gone, len(erp.asked)) == (2, 0, 1)
    found = read_back.foreign_lines(own.by("auditor"), "unexplained")
    assert {one.amount for one in found} >= {Decimal("4.44"), Decimal("-4.44")}


@pytest.mark.promise("Reading the ERP costs what is new in it, and misses no change")
@pytest.mark.usefixtures("own")
def test_line_changed_beside_trytons_clock_is_found(poster, erp, tryton):
    mirror_master_data(poster, erp, "NLH")
    assert Outbox(poster, erp, "NLH").run().posted == 3
    TrytonHarness(tryton).enter_by_hand("NLH", DAYS[0], "1110", "4010", "7.77")
    read(poster, erp)
    erp.asked.clear()
    with tryton.database.connect() as connection:
        connection.execute("update account_move_line set debit = 8.88 where debit = 7.77")
        connection.execute("update account_move_line set credit = 8.88 where credit = 7.77")
    count = read(poster, erp)
    assert erp.asked == ["everything"]
    assert (count.new, count.gone) == (2, 2)


@pytest.mark.promise("Reading the ERP costs what is new in it, and misses no change")
def test_capability_says_whether_an_erp_tells_changes(erp):
    assert erp.capabilities.tells_changes
    assert isinstance(erp, TellsChanges)
