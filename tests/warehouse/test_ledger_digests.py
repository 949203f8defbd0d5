"""Comparing only the buckets whose digests differ finds exactly what comparing everything finds."""

from datetime import date

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.books import Event

pytestmark = pytest.mark.promise(
    "Comparing by digests finds exactly what comparing everything finds",
    "A digest that was tampered with is found and mended",
)

EVENTS = ("charge.posted", "remit.paid", "remit.cas.contractual", "charity.approved")
CENTS = st.integers(-50_000, 50_000).filter(bool)
REFUSE = "select ledger.refuse(%s, 'not ours', 'desk', '2027-01-01')"
DIFFER = "select ledger.draft_buckets()"
# Every bucket of either side, whatever the digests say of it.
ALL = """
create temporary table draft_bucket on commit drop as
select entity_code, original_date, slot from ledger.desired_digest where slot <> ''
union select entity_code, original_date, slot from ledger.recorded_digest where slot <> ''
"""
# What the digests of desired lines come to, worked out from the lines.
PROOF = """
select count(*) from ledger.desired_digest as held full join (
    select entity_code, original_date, left(md5(event_id), 1) as slot, count(*) as line_count
    from ledger.desired_line where reaches_erp group by 1, 2, 3) as proof
    using (entity_code, original_date, slot)
where slot <> '' and held.line_count is distinct from proof.line_count
"""


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
    """Return what comparing some buckets and all finds, in a transaction that is taken back."""
    with books.database.admin(autocommit=False) as admin:
        found = []
        for choose in (DIFFER, ALL):
            admin.execute(choose)
            admin.execute("select ledger.draft_differences()")
            rows = admin.execute("select t::text from draft_difference as t order by 1")
            found.append(rows.fetchall())
            admin.execute("drop table draft_difference, draft_changed, draft_bucket")
        assert admin.execute(PROOF).fetchone() == (0,)
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
            books.propose(books.build(passes=data.draw(st.booleans(), label="passes")))
            for name in data.draw(st.lists(st.sampled_from(NAMES), max_size=5), label="acts"):
                getattr(Acts(books), name)()
                fast, full = differences(books)
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


def test_line_changed_in_any_column_is_handed_over_again(books):
    books.run([Event("a", "charge.posted", "100.00")])
    columns = "facility_code = 'EAST', evidence_hash = 'other', segment = 9"
    books.by("transform").execute(f"update marts.fct_ledger_line set {columns}".encode())
    assert books.propose() == (1, 0, 0)
    assert books.ask("auditor", "select distinct evidence_hash from ledger.desired_line") == [
        ("other",)
    ]


@pytest.mark.parametrize(
    "change",
    ["update ledger.desired_line set signed_amount = 1", "truncate ledger.desired_line",
     "update ledger.desired_digest set line_count = 9", "delete from ledger.desired_digest"],
)  # fmt: skip
def test_desired_lines_change_by_handing_over_alone(posted, refused, change):
    refused(posted.as_owner(), change, code="IMMUTABLE")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        posted.by("transform").execute(change.encode())


def test_lines_handed_over_after_the_certificate_are_not_proposed(books, refused):
    books.demand([Event("a", "charge.posted", "100.00")])
    build_id = books.build()
    books.demand([Event("a", "charge.posted", "100.00"), Event("b", "charge.posted", "5.00")])
    refused(books.by("preparer"), f"select ledger.propose('{build_id}')", code="CERTIFICATE")
    assert books.propose() == (1, 0, 0)


def test_a_bucket_that_ends_as_it_began_is_not_looked_at(books):
    event = Event("a", "charge.posted", "100.00")
    books.run([event])
    for events in ([], [event]):
        books.demand(events)
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
    fast, full = differences(books)
    assert len(fast) == 4
    assert fast == full
