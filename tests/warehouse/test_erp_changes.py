"""Reading an ERP that tells what changed costs what is new, and still finds every late change."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from billing.ledger.changes import ErpChange, TellsChanges
from billing.ledger.erp import ErpLine
from resources.mirror import read_foreign_lines
from resources.outbox import Outbox
from resources.warehouse import ledger, read_back
from tests.fixtures.books import AS_OF, Event
from tests.fixtures.memory_erp import MemoryLedger

pytestmark = pytest.mark.promise("Reading the ERP costs what is new in it, and misses no change")
DAY = date(2026, 9, 15)
START = datetime(2026, 10, 1, 8, tzinfo=UTC)


@dataclass
class TellingLedger(MemoryLedger):
    """An ERP that tells changes by a clock of its own, and counts what it is asked for."""

    now: datetime = START
    stamps: dict[str, datetime] = field(default_factory=dict)
    hand: list[ErpLine] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def post(self, entry):
        document = super().post(entry)
        self.stamps.setdefault(document.reference, self.now)
        return document

    def by_hand(self, amount, *, reference="hand,1", account="1110", key="", is_stamped=True):
        value = Decimal(amount)
        self.hand.append(
            ErpLine("NLH", reference, key, DAY, account, max(value, Decimal(0)),
                    max(-value, Decimal(0)))
        )  # fmt: skip
        if is_stamped:
            self.stamps[reference] = self.now

    def balances(self, entity, as_of):
        found = dict(super().balances(entity, as_of))
        for line in self.hand:
            found[line.account] = found.get(line.account, Decimal(0)) + line.debit - line.credit
        return found

    def changes(self, entity, since):
        self.asked.append("changes")
        keys = {d.reference: d.key for (own, _), d in self.documents.items() if own == entity}
        keys |= {line.reference: line.key for line in self.hand if line.entity == entity}
        return [
            ErpChange(reference, keys[reference], at)
            for reference, at in self.stamps.items()
            if reference in keys and (since is None or at >= since)
        ]

    def lines_of(self, entity, accounts, since, references):
        self.asked += references
        every = self._every_line(entity, accounts, since)
        return [line for line in every if line.reference in references]

    def lines_on(self, entity, accounts, since):
        self.asked.append("everything")
        return self._every_line(entity, accounts, since)

    def _every_line(self, entity, accounts, since):
        ours = super().lines_on(entity, accounts, since)
        return [*ours, *(line for line in self.hand if line.accounting_date >= since)]


@pytest.fixture
def posting(books):
    """A ledger with one posted entry, whose ERP was read once."""
    books.demand([Event("a", "charge.posted", "100.00", day=DAY)])
    books.propose()
    books.approve()
    erp = TellingLedger()
    with books.database.connect("poster", autocommit=False) as connection:
        assert Outbox(connection, erp, "NLH").run().posted == 1
    read(books, erp)
    erp.asked.clear()
    return books, erp


def read(books, erp, entity="NLH"):
    """Read balances and then lines, as the post job does; the ERP's clock goes on by a day."""
    erp.now += timedelta(days=1)
    with books.database.connect("poster", autocommit=False) as connection:
        balances = erp.balances(entity, AS_OF)
        ledger.record_erp_balances(connection, entity, AS_OF, balances)
        return read_foreign_lines(connection, erp, entity)


def lines(books, *states):
    found = read_back.foreign_lines(books.by("auditor"), *(states or ("unexplained",)))
    return [(one.document_ref, str(one.amount), one.code) for one in found]


@pytest.fixture
def carried(posting):
    """The same, with the ERP's balances of our accounts compared from the first month on."""
    books, erp = posting
    books.carry_in()
    read(books, erp)
    erp.asked.clear()
    return books, erp


def test_unchanged_erp_is_asked_for_changes_alone(carried):
    books, erp = carried
    assert isinstance(erp, TellsChanges)
    count = read(books, erp)
    assert (count.foreign, count.new, count.gone) == (0, 0, 0)
    assert erp.asked == ["changes"]


def test_new_entry_by_hand_is_read_alone(carried):
    books, erp = carried
    erp.by_hand("5.00")
    assert read(books, erp).new == 1
    assert erp.asked == ["changes", "hand,1"]
    assert lines(books) == [("hand,1", "5.00", "ERP_MANUAL_ENTRY")]
    assert read(books, erp).new == 0
    assert erp.asked == ["changes", "hand,1", "changes"]


def test_change_of_an_older_document_is_found(carried):
    books, erp = carried
    erp.by_hand("5.00")
    for _ in range(3):
        read(books, erp)
    erp.hand = [replace(erp.hand[0], debit=Decimal("6.00"))]
    erp.stamps["hand,1"] = erp.now
    count = read(books, erp)
    assert (count.new, count.gone) == (1, 1)
    assert lines(books) == [("hand,1", "6.00", "ERP_MANUAL_ENTRY")]
    assert "everything" not in erp.asked


def test_change_without_a_stamp_is_found_by_the_totals(carried):
    books, erp = carried
    erp.by_hand("5.00", is_stamped=False)
    assert read(books, erp).new == 1
    assert erp.asked == ["changes", "everything"]
    assert lines(books) == [("hand,1", "5.00", "ERP_MANUAL_ENTRY")]
    read(books, erp)
    assert erp.asked == ["changes", "everything", "changes"]


def test_deleted_document_is_found_by_the_totals(carried):
    books, erp = carried
    erp.by_hand("5.00")
    read(books, erp)
    erp.hand.clear()
    assert read(books, erp).gone == 1
    assert (lines(books), len(lines(books, "gone"))) == ([], 1)


def test_entry_stamped_late_within_the_overlap_is_read(carried):
    books, erp = carried
    erp.by_hand("5.00", reference="hand,1")
    read(books, erp)
    erp.by_hand("-5.00", reference="hand,2")
    erp.stamps["hand,2"] = erp.stamps["hand,1"] - timedelta(minutes=20)
    assert read(books, erp).new == 1
    assert "everything" not in erp.asked


def test_key_of_ours_on_another_document_is_not_taken_for_ours(carried):
    books, erp = carried
    ((_, key),) = erp.documents
    erp.by_hand("100.00", reference="copy,1", key=key)
    read(books, erp)
    assert lines(books) == [("copy,1", "100.00", "ERP_KEY_REUSED")]


def test_everything_is_read_again_after_a_week(carried):
    books, erp = carried
    with books.database.admin(autocommit=False) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute("update ledger.foreign_read set read_at = read_at - interval '8 days'")
    erp.by_hand("5.00", is_stamped=False)
    erp.stamps["hand,1"] = START - timedelta(days=300)
    assert read(books, erp).new == 1
    assert erp.asked == ["changes", "hand,1"]


def test_lines_before_our_first_month_are_not_third_party(carried):
    books, erp = carried
    erp.by_hand("5.00")
    erp.hand = [replace(erp.hand[0], accounting_date=date(2026, 8, 31))]
    assert read(books, erp).foreign == 0
    assert lines(books) == []
