"""Comparing only the buckets whose digests differ finds exactly what comparing everything finds."""

from datetime import date

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.benchmarks.big_ledger import digest
from tests.fixtures.books import Event, demanded

pytestmark = pytest.mark.promise(
    "Comparing by digests finds exactly what comparing everything finds",
    "A digest that was tampered with is found and mended",
)

EVENTS = ("charge.posted", "remit.paid", "remit.cas.contractual", "charity.approved")
CENTS = st.integers(-50_000, 50_000).filter(bool)
REFUSE = "select ledger.refuse(%s, 'not ours', 'desk', '2027-01-01')"
FAST = "select ledger.draft_differences(p_is_full => false)"
FULL = "select ledger.draft_differences(p_is_full => true)"


@st.composite
def demands(draw, event_class):
    """Some of ten events, each of a new amount, day, place or rule, or as it was before."""
    chosen = draw(st.lists(st.integers(0, 9), unique=True, max_size=10))
    return [
        event_class(
            f"e{number}",
            EVENTS[number % 4],
            f"{draw(CENTS) / 100:.2f}" if draw(st.booleans()) else f"{number + 1}.00",
            day=date(2026, draw(st.integers(8, 10)), draw(st.sampled_from([1, 15]))),
            entity=draw(st.sampled_from(["NLH", "NPG"])),
            facility=draw(st.sampled_from(["MAIN", None])),
        )
        for number in chosen
    ]


def differences(books):
    """Return what each way of comparing finds, in one transaction that is taken back."""
    with books.database.admin(autocommit=False) as admin:
        assert admin.execute("select ledger.draft_buckets()").fetchone() == (True,)
        found = []
        for compare in (FAST, FULL):
            admin.execute(compare)
            rows = admin.execute("select t::text from draft_difference as t order by 1")
            found.append(rows.fetchall())
            admin.execute("drop table draft_difference")
        admin.rollback()
    return found


class Acts:
    """What people, policy, the poster and the ERP may do to entries, by name."""

    def __init__(self, books):
        self.books = books
        self.controller, self.poster = (books.by(r).execute for r in ("controller", "poster"))

    def approve(self):
        self.books.approve()

    def post(self):
        self.books.post_all()

    def sign(self):
        for entry in self.books.entries("proposed"):
            self.controller("select ledger.approve(%s, %s)", [entry[0], entry[-1]])

    def refuse(self):
        for entry in self.books.entries("proposed")[:1]:
            self.controller(REFUSE, [entry[0]])

    def release(self):
        for entry in self.books.entries("rejected"):
            self.controller("select ledger.release(%s)", [entry[0]])

    def begin(self, outcome=None):
        for entry_id in self.books.sendable()[:1]:
            self.books.send(entry_id)
            if outcome:
                self.poster(f"select ledger.{outcome}(%s, 'X')", [entry_id])

    def reject(self):
        self.begin("record_rejected")

    def lose(self):
        self.begin("record_unknown")

    def turn_away(self):
        self.begin("record_busy")

    def late_document(self):
        for entry in self.books.entries("rejected", "unknown")[:1]:
            self.books.record_posted(entry[0])


NAMES = sorted(name for name in vars(Acts) if not name.startswith("_"))


def assert_both_ways_find_the_same(new_books, data):
    with new_books() as books:
        for _ in range(data.draw(st.integers(1, 5), label="builds")):
            books.demand(data.draw(demands(Event), label="demanded"))
            digest(books)
            books.propose(books.build(passes=data.draw(st.booleans(), label="passes")))
            for name in data.draw(st.lists(st.sampled_from(NAMES), max_size=5), label="acts"):
                getattr(Acts(books), name)()
                fast, full = differences(books) if _has_digest(books) else ([], [])
                assert fast == full
        assert books.ask("auditor", "select * from ledger.verify_recorded()") == []


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_both_ways_find_the_same_after_any_history(new_books, data):
    assert_both_ways_find_the_same(new_books, data)


@pytest.mark.long
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_both_ways_find_the_same_after_sixty_histories(new_books, data):
    assert_both_ways_find_the_same(new_books, data)


def _has_digest(books):
    return books.one("transform", "select exists(select from marts.fct_ledger_digest)")[0]


def test_what_was_never_digested_is_compared_whole(books):
    books.demand([Event("a", "charge.posted", "100.00")])
    assert books.propose() == (1, 0, 0)


def test_digests_of_another_making_of_the_lines_are_not_believed(books):
    books.demand([Event("a", "charge.posted", "100.00")])
    digest(books)
    assert books.propose() == (1, 0, 0)
    books.approve()
    books.by("transform").execute("drop trigger forget_digest on marts.fct_ledger_line")
    newer = [Event("a", "charge.posted", "80.00")]
    books.demand(newer)  # a truncated table has a new file; the old digests say "no difference"
    books.propose()
    books.approve()
    assert books.recorded() == demanded(newer)


def test_lines_that_are_changed_in_place_lose_their_digests(books):
    books.run([Event("a", "charge.posted", "100.00")])
    digest(books)
    books.by("transform").execute("update marts.fct_ledger_line set signed_amount ="
                                  " signed_amount * 2")  # fmt: skip
    assert not _has_digest(books)
    assert books.propose() == (1, 0, 0)


def test_a_bucket_that_ends_as_it_began_is_not_looked_at(books):
    event = Event("a", "charge.posted", "100.00")
    books.run([event])
    for events in ([], [event]):
        books.demand(events)
        digest(books)
        books.propose()
        books.approve()
    with books.database.admin(autocommit=False) as admin:
        admin.execute("select ledger.draft_buckets()")
        assert admin.execute("select count(*) from draft_bucket").fetchone() == (0,)
        admin.rollback()


@pytest.mark.parametrize(
    "change", ["update ledger.recorded_digest set digest_high = digest_high + 1",
               "insert into ledger.recorded_digest values ('NLH', '2026-09-15', 'x', 1, 1)"]
)  # fmt: skip
def test_nobody_changes_a_digest_by_hand(posted, refused, change):
    refused(posted.as_owner(), change, code="IMMUTABLE")
    refused(posted.as_owner(), "delete from ledger.recorded_digest", code="IMMUTABLE")
    refused(posted.as_owner(), "truncate ledger.recorded_digest", code="IMMUTABLE")
    for role in ("preparer", "poster", "transform"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            posted.by(role).execute(change.encode())


def test_a_digest_that_was_tampered_with_is_found_and_mended_with_a_word_in_the_audit(posted):
    admin = posted.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute("update ledger.recorded_digest set digest_low = digest_low + 1"
                  " where original_date = '2026-09-15'")  # fmt: skip
    admin.execute("set session_replication_role = origin")
    wrong = posted.ask("auditor", "select * from ledger.verify_recorded()")
    assert {row[1] for row in wrong} == {date(2026, 9, 15)}
    assert posted.as_owner().execute("select ledger.rebuild_recorded()").fetchone() == (len(wrong),)
    assert posted.ask("auditor", "select * from ledger.verify_recorded()") == []
    told = "select detail from ledger.audit where action = 'rebuild digests'"
    assert posted.ask("auditor", told) == [({"wrong": len(wrong)},)]
    assert posted.ask("auditor", "select * from ledger.verify_chain()") == []


def test_a_line_with_the_same_sum_under_another_key_differs(books):
    """Amounts that change places between two lines leave every total as it was."""
    first, second = "10.00", "20.00"
    books.run([Event("a", "remit.paid", first), Event("b", "remit.paid", second)])
    books.demand([Event("a", "remit.paid", second), Event("b", "remit.paid", first)])
    digest(books)
    fast, full = differences(books)
    assert len(fast) == 4
    assert fast == full
