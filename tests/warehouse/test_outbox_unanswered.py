"""A document without an answer keeps no other entry back, and is still posted exactly once."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest

from billing.ledger.capabilities import Idempotency
from billing.ledger.erp import CREATED, ErpUnknown, Reason
from resources import unanswered
from resources.outbox import Outbox
from tests.fixtures.books import Event
from tests.fixtures.memory_erp import MemoryLedger

pytestmark = pytest.mark.promise("One unanswered document does not stop an entity")
ENTRIES = 5


@dataclass
class LateLedger(MemoryLedger):
    """An ERP that gives no answer for some entries, and shows their documents only later.

    `shown_after`: how many searches find nothing before the document appears.
    """

    silent: frozenset[int] = frozenset({2})
    shown_after: int = 0
    is_down: bool = False
    searches: dict[str, int] = field(default_factory=dict)

    def find(self, entity, key):
        if self.is_down:
            raise ErpUnknown(Reason.CONNECTION)
        document = super().find(entity, key)
        if document is None or document.key not in self.searches:
            return document
        self.searches[key] += 1
        return document if self.searches[key] > self.shown_after else None

    def post(self, entry):
        if entry.key in self.searches:  # refused as a second document of one key, then read back
            return self.documents[entry.entity, entry.key]
        document = super().post(entry)
        if entry.entry_no in self.silent:
            self.searches[entry.key] = 0
            raise ErpUnknown(Reason.TIMEOUT)
        return document


@pytest.fixture
def approved(books):
    """Five approved entries of one entity."""
    books.demand(
        Event(f"e{number}", "charge.posted", "100.00", day=date(2026, 9, number + 1))
        for number in range(ENTRIES)
    )
    books.propose()
    books.approve()
    return books


@pytest.fixture
def pauses(monkeypatch):
    """The pauses of the outbox: noted, not waited."""
    waited = []
    monkeypatch.setattr("resources.outbox.time.sleep", waited.append)
    return waited


def run(books, erp):
    with books.database.connect("poster", autocommit=False) as connection:
        return Outbox(connection, erp, "NLH").run()


def states(books):
    rows = books.ask("auditor", "select state from ledger.entry order by accounting_date")
    return [row[0] for row in rows]


def searching(quiet=timedelta(hours=1), **facts):
    erp = LateLedger(**facts)
    erp.capabilities = replace(erp.capabilities, idempotency=Idempotency.SEARCH, quiescence=quiet)
    return erp


def test_slow_answer_is_read_back_in_the_same_run(approved, pauses):
    erp = LateLedger()
    sent = run(approved, erp)
    assert (sent.posted, sent.unknown, sent.has_stopped) == (ENTRIES, 0, False)
    assert states(approved) == ["posted"] * ENTRIES
    assert len(erp.attempts) == len(erp.documents) == ENTRIES
    assert pauses == []


def test_late_document_is_found_after_the_other_entries(approved, pauses):
    erp = searching(shown_after=3)
    sent = run(approved, erp)
    assert (sent.posted, sent.unknown, sent.has_stopped) == (ENTRIES, 0, False)
    assert len(erp.attempts) == len(erp.documents) == ENTRIES
    assert pauses == list(unanswered.PAUSES_SECONDS[:3])


def test_absent_document_waits_unknown_and_others_go_on(approved, pauses):
    erp = searching(shown_after=1000)
    sent = run(approved, erp)
    assert (sent.posted, sent.unknown, sent.has_stopped) == (ENTRIES - 1, 1, False)
    assert states(approved) == ["posted", "unknown", "posted", "posted", "posted"]
    assert len(erp.attempts) == ENTRIES
    assert sum(pauses) <= Outbox.patience.total_seconds()


def test_unique_reference_sends_an_absent_document_once_more(approved, pauses):
    erp = LateLedger(shown_after=1000)
    sent = run(approved, erp)
    assert (sent.posted, sent.unknown) == (ENTRIES, 0)
    assert len(erp.documents) == ENTRIES
    fences = approved.ask("auditor", "select fence from ledger.sending order by fence desc")
    assert [row[0] for row in fences] == [2, 1, 1, 1, 1]
    assert pauses == [0.0]


def test_erp_that_answers_no_search_stops_the_run(approved, pauses):
    erp = LateLedger(silent=frozenset({1, 2, 3, 4, 5}))

    def go_down(_):
        erp.is_down = True
        return "lose the answer"

    erp.misbehave = go_down
    sent = run(approved, erp)
    assert (sent.posted, sent.unknown, sent.has_stopped) == (0, 1, True)
    assert states(approved) == ["unknown", *["approved"] * (ENTRIES - 1)]
    assert pauses == []


@pytest.mark.usefixtures("pauses")
def test_second_lost_document_stops_the_run(approved):
    erp = searching(silent=frozenset({2, 4, 5}), shown_after=1000)
    sent = run(approved, erp)
    assert (sent.posted, sent.unknown, sent.has_stopped) == (2, 2, True)
    assert states(approved) == ["posted", "unknown", "posted", "unknown", "approved"]


@pytest.mark.usefixtures("pauses")
def test_documents_the_erp_posts_later_do_not_wait_in_turn(approved):
    erp = searching(timedelta(0))
    erp.misbehave = lambda _: "create"
    sent = run(approved, erp)
    assert (sent.unknown, len(erp.attempts)) == (ENTRIES, ENTRIES)
    assert {document.state for document in erp.documents.values()} == {CREATED}
    for key, document in erp.documents.items():
        erp.documents[key] = replace(document, state="posted")
    assert run(approved, erp).posted == ENTRIES
    assert len(erp.attempts) == ENTRIES
