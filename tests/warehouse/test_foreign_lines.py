"""What others enter in the ERP on our accounts: found once, explained by people, never edited."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import psycopg
import pytest

from billing.ledger.erp import ErpLine
from resources.mirror import read_foreign_lines
from resources.outbox import Outbox
from resources.warehouse import read_back
from resources.warehouse.ledger import LedgerRefusedError
from tests.fixtures.books import Event
from tests.fixtures.memory_erp import MemoryLedger

pytestmark = pytest.mark.promise(
    "A third-party ERP entry on our accounts is found once and explained by a person",
    "The ERP is read from the first day that may have changed",
)

DAY = date(2026, 9, 15)


class Written(MemoryLedger):
    """An ERP in which somebody writes by hand."""

    def by_hand(self, account, amount, *, reference="hand,1", day=DAY, key=""):
        value, zero = Decimal(amount), Decimal(0)
        line = ErpLine("NLH", reference, key, day, account, max(value, zero), max(-value, zero))
        self.written.append(line)
        return line

    def __init__(self):
        super().__init__()
        self.written = []

    def lines_on(self, entity, accounts, since):
        hand = [
            line
            for line in self.written
            if line.entity == entity and line.account in accounts and line.accounting_date >= since
        ]
        return [*super().lines_on(entity, accounts, since), *hand]


@pytest.fixture
def posting(books):
    """A ledger whose one entry is posted in the ERP."""
    books.demand([Event("a", "charge.posted", "100.00", day=DAY)])
    books.propose()
    books.approve()
    erp = Written()
    with books.database.connect("poster", autocommit=False) as connection:
        assert Outbox(connection, erp, "NLH").run().posted == 1
    return books, erp


def read(books, erp, entity="NLH"):
    with books.database.connect("poster", autocommit=False) as connection:
        return read_foreign_lines(connection, erp, entity)


def lines(books, *states):
    found = read_back.foreign_lines(books.by("auditor"), *(states or ("unexplained",)))
    return [(one.account, str(one.amount), one.code) for one in found]


def judge(books, line, decision="accepted", reason="accrual of the controller", role="controller"):
    query = "select ledger.judge_foreign_line(%s, %s, %s)"
    return books.one(role, query, line, decision, reason)


def exceptions(books):
    return [tuple(row) for row in books.ask(
        "auditor", "select code, amount::text, entity_code, message from ops.exception"
        " where origin = 'erp' and closed_at is null order by exception_id")]  # fmt: skip


def test_documents_of_our_own_are_not_foreign(posting):
    books, erp = posting
    assert read(books, erp).foreign == 0
    assert lines(books) == exceptions(books) == []


def test_an_entry_by_hand_is_an_exception_with_code_amount_and_document(posting):
    books, erp = posting
    erp.by_hand("1110", "5.00")
    erp.by_hand("4010", "-5.00")
    assert (read(books, erp).new, read(books, erp).new) == (2, 0)
    assert sorted(lines(books)) == [
        ("1110", "5.00", "ERP_MANUAL_ENTRY"), ("4010", "-5.00", "ERP_MANUAL_ENTRY")
    ]  # fmt: skip
    words = "document hand,1 of memory, account {}, 2026-09-15"
    assert exceptions(books) == [
        ("ERP_MANUAL_ENTRY", "5.00", "NLH", words.format("1110")),
        ("ERP_MANUAL_ENTRY", "-5.00", "NLH", words.format("4010")),
    ]


def test_two_equal_lines_of_one_document_are_two(posting):
    books, erp = posting
    erp.by_hand("1110", "5.00")
    erp.by_hand("1110", "5.00")
    assert read(books, erp).foreign == 2
    assert len(lines(books)) == 2


def test_a_second_document_with_a_key_of_ours_is_not_taken_for_ours(posting):
    books, erp = posting
    ((_, key),) = erp.documents
    erp.by_hand("1110", "100.00", reference="copy,1", key=key)
    read(books, erp)
    assert lines(books) == [("1110", "100.00", "ERP_KEY_REUSED")]


def test_a_document_whose_outcome_we_still_look_for_is_not_called_foreign(posting):
    books, erp = posting
    books.demand([Event("a", "charge.posted", "100.00", day=DAY),
                  Event("b", "charge.posted", "8.00", day=date(2026, 9, 16))])  # fmt: skip
    books.propose()
    books.approve()
    erp.misbehave = lambda _: "lose the answer"
    erp.find = lambda *_: None  # its search does not show the document yet
    with books.database.connect("poster", autocommit=False) as connection:
        assert Outbox(connection, erp, "NLH").run().unknown == 1
    assert read(books, erp).foreign == 0


def test_a_line_that_is_no_longer_in_the_erp_is_gone_and_its_exception_closed(posting):
    books, erp = posting
    erp.by_hand("1110", "5.00")
    read(books, erp)
    erp.written.clear()
    assert read(books, erp).gone == 1
    assert lines(books) == exceptions(books) == []
    assert lines(books, "gone") == [("1110", "5.00", "ERP_MANUAL_ENTRY")]


def test_a_line_that_was_changed_in_the_erp_is_a_new_one_and_explained_anew(posting):
    books, erp = posting
    erp.by_hand("1110", "5.00")
    read(books, erp)
    judge(books, 1)
    erp.written = [replace(erp.written[0], debit=Decimal("5.01"))]
    read(books, erp)
    assert lines(books) == [("1110", "5.01", "ERP_MANUAL_ENTRY")]


def test_a_person_explains_a_line_and_can_withdraw_it(posting):
    books, erp = posting
    erp.by_hand("1110", "5.00")
    read(books, erp)
    judge(books, 1)
    assert (lines(books), exceptions(books)) == ([], [])
    assert lines(books, "accepted") == [("1110", "5.00", "ERP_MANUAL_ENTRY")]
    read(books, erp)
    assert lines(books) == []
    judge(books, 1, "withdrawn", "the support was wrong")
    assert len(lines(books)) == len(exceptions(books)) == 1
    judged = "select decision, judged_by from ledger.foreign_judgement order by judgement_id"
    login = books.database.settings.login("controller")
    assert books.ask("auditor", judged) == [("accepted", login), ("withdrawn", login)]
    assert read_back.foreign_lines(books.by("auditor"), "unexplained")[0].judged_by == login


def test_a_line_is_explained_by_a_person_with_a_reason_and_once(posting, refused):
    books, erp = posting
    erp.by_hand("1110", "5.00")
    read(books, erp)
    query = "select ledger.judge_foreign_line(%s, 'accepted', %s)"
    refused(books.by("controller"), query, 1, "  ", code="REASON")
    refused(books.by("controller"), query, 99, "why", code="NO_LINE")
    refused(books.by("policy"), query, 1, "why", code="NOT_A_PERSON")
    for role in ("poster", "preparer", "auditor"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            books.one(role, query, 1, "why")
    judge(books, 1)
    refused(books.by("controller"), query, 1, "why", code="STATE")
    erp.written.clear()
    read(books, erp)
    with pytest.raises(LedgerRefusedError, match="GONE"):
        read_back.judge_foreign_line(books.by("controller"), 1, is_accepted=False, reason="why")


def test_not_even_the_owner_edits_a_line_or_a_judgement(posting, refused):
    books, erp = posting
    erp.by_hand("1110", "5.00")
    read(books, erp)
    judge(books, 1)
    owner = books.as_owner()
    for change in ("update ledger.foreign_line set debit_amount = 4",
                   "update ledger.foreign_judgement set reason = 'x'",
                   "delete from ledger.foreign_judgement", "delete from ledger.foreign_line",
                   "delete from ledger.foreign_read"):  # fmt: skip
        refused(owner, change, code="IMMUTABLE")
    assert books.ask("auditor", "select * from ledger.verify_chain()") == []


def test_the_erp_is_read_from_the_first_day_that_may_have_changed(posting):
    books, erp = posting
    since = "select ledger.foreign_since('NLH')"
    assert books.one("poster", since) == (date(2026, 9, 1),)  # our first entry
    erp.by_hand("1110", "5.00", day=date(2026, 8, 31))
    assert read(books, erp).foreign == 0
    close = "select ledger.mirror_period('NLH', '2026-{0}-01', '2026-{0}-{1}', 'r', 'closed')"
    for month, last in ((1, 31), (2, 28), (3, 31), (4, 30), (5, 31), (6, 30), (7, 31), (8, 31),
                        (9, 30)):  # fmt: skip
        books.one("poster", close.format(f"{month:02}", last))
    erp.by_hand("1110", "6.00")
    assert read(books, erp).foreign == 1  # September was open when it was last read
    assert books.one("poster", since) == (date(2026, 10, 1),)
    assert read(books, erp).gone == 0
    assert lines(books) == [("1110", "6.00", "ERP_MANUAL_ENTRY")]


def test_nothing_is_read_before_anything_of_ours_is_there(books):
    erp = Written()
    erp.by_hand("1110", "5.00")
    assert read(books, erp).foreign == 0
    assert books.one("auditor", "select count(*) from ledger.foreign_read") == (0,)
