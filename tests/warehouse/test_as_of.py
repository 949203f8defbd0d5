"""The as-of date: asked for by a person, moved on by evidence, never back and never past today."""

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from billing.keys import key_fingerprint
from resources.warehouse import builds, periods
from resources.warehouse.governance_load import keep_hash_key, set_as_of
from resources.warehouse.ledger import LedgerRefusedError

pytestmark = pytest.mark.promise(
    "The as-of date moves with evidence, never back by itself, never past today"
)

ASKED = date(2026, 10, 31)
LATER = date(2026, 11, 3)
EARLIER = date(2026, 9, 30)
REASON = "the file of October was a test"


@pytest.fixture
def transform(database):
    set_as_of(database.admin(), ASKED)
    connection = database.connect("transform")
    builds.begin(connection, "b1", ASKED)
    return connection


def statement(database, day):
    database.admin().execute(
        "insert into raw.bank_statement (file_id, segment, known_at, statement_no, as_of_date,"
        " content_hash) values (gen_random_uuid(), 1, now(), 1, %s, 'a')",
        [day],
    )


def test_evidence_moves_the_date_and_the_running_build_with_it(database, transform):
    statement(database, LATER)
    latest = builds.latest_evidence(transform, date(2026, 11, 24))
    assert latest == LATER
    assert builds.move_as_of(transform, "b1", latest) == LATER
    assert builds.as_of(transform) == LATER
    assert transform.execute("select as_of_date from ops.build").fetchone() == (LATER,)


def test_evidence_of_the_future_counts_for_nothing(database, transform):
    statement(database, date(2099, 1, 1))
    assert builds.latest_evidence(transform, date(2026, 11, 24)) is None
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    assert builds.move_as_of(transform, "b1", tomorrow) == ASKED


def test_it_never_moves_back_by_itself(transform):
    assert builds.move_as_of(transform, "b1", ASKED - timedelta(days=1)) == ASKED


def test_date_asked_for_again_keeps_what_moved_on(database, transform):
    builds.move_as_of(transform, "b1", LATER)
    set_as_of(database.admin(), ASKED)
    assert builds.as_of(transform) == LATER


def test_earlier_date_is_refused_once_anything_was_built(database, transform):
    with pytest.raises(LedgerRefusedError, match="moves back to 2026-09-30 by two people alone"):
        set_as_of(database.admin(), EARLIER)
    assert builds.as_of(transform) == ASKED


def test_nothing_but_a_decision_moves_the_date_back(books, refused):
    books.build()
    change = "update ops.installation set as_of_date = '2026-09-30'"
    refused(books.as_owner(), change, code="AS_OF")
    for role in ("transform", "preparer", "controller"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            books.by(role).execute(change)


def test_two_people_move_the_date_back_and_the_audit_has_it(books):
    books.build()
    number = periods.request_as_of(books.by("approver"), EARLIER, REASON)
    with pytest.raises(LedgerRefusedError, match="does not hold the role"):
        periods.decide_as_of(books.by("manager"), number, accepts=True, reason=REASON)
    assert periods.decide_as_of(books.by("controller"), number, accepts=True, reason=REASON) == (
        EARLIER
    )
    moved = books.ask(
        "auditor",
        "select from_state, to_state from ledger.audit where action = 'move as-of date'"
        " order by seq desc limit 1",
    )
    assert moved == [("2026-10-31", "2026-09-30")]
    assert books.ask("auditor", "select * from ledger.verify_chain()") == []


def test_person_does_not_decide_on_the_own_request(books):
    books.build()
    number = periods.request_as_of(books.by("controller"), EARLIER, REASON)
    with pytest.raises(LedgerRefusedError, match="SELF_DECISION"):
        periods.decide_as_of(books.by("controller"), number, accepts=True, reason=REASON)


def test_date_moved_past_the_audit_is_found(books):
    books.build()
    number = periods.request_as_of(books.by("approver"), EARLIER, REASON)
    periods.decide_as_of(books.by("controller"), number, accepts=True, reason=REASON)
    admin = books.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute("update ops.installation set as_of_date = '2026-08-31'")
    admin.execute("update ledger.as_of_act set actor = 'somebody' where step = 'ask'")
    found = books.ask("auditor", "select problem from ledger.verify_chain()")
    assert found == [("AS_OF",), ("AS_OF",)]


def test_build_of_another_date_is_not_proposed(books, refused):
    """A build states its date itself; the one that counts is the installation's."""
    books.demand([])
    build_id = books.build(as_of=EARLIER)
    refused(books.by("preparer"), f"select ledger.propose('{build_id}')", code="AS_OF")


@pytest.mark.promise("Another hash key than the database was filled with is refused")
def test_other_hash_key_is_refused(database):
    admin = database.admin()
    keep_hash_key(admin, bytes(32))
    keep_hash_key(admin, bytes(32))
    with pytest.raises(LedgerRefusedError, match="TIEOUT_HASH_KEY is not the key"):
        keep_hash_key(admin, bytes(31) + b"x")
    (kept,) = admin.execute("select hash_key_fingerprint from ops.installation").fetchone()
    assert kept == key_fingerprint(bytes(32))
    assert kept != key_fingerprint(bytes(31) + b"x")


@pytest.mark.promise("No cut-off lies in the future")
def test_cutoff_after_the_as_of_date_is_refused(books, refused):
    query = "select ledger.record_cutoff('NLH', '2026-11-30')"
    refused(books.by("preparer"), query, code="CUTOFF")
