"""Whatever the order of evidence, approvals and postings: the same totals in the end."""

from datetime import date
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.books import Event, demanded

pytestmark = pytest.mark.promise(
    "Whatever the order of evidence, approvals and postings, the totals are the same"
)

EVENTS = ("charge.posted", "remit.paid", "remit.cas.contractual", "charity.approved")
CENTS = st.integers(-50_000, 50_000).filter(bool)


@st.composite
def states(draw, event_class):
    """A demanded state: some of twelve events, each with its own amount, day, place and rule."""
    chosen = draw(st.lists(st.integers(0, 11), unique=True, max_size=12))
    return [
        event_class(
            f"e{number}",
            EVENTS[number % 4],
            f"{draw(CENTS) / 100:.2f}",
            day=date(2026, draw(st.integers(5, 10)), draw(st.integers(1, 28))),
            entity=draw(st.sampled_from(["NLH", "NPG"])),
            facility=draw(st.sampled_from(["MAIN", "EAST", None])),
            payer_class=draw(st.sampled_from(["commercial", None])),
        )
        for number in chosen
    ]


ACTS = ("approve", "sign", "post", "close", "open", "reject", "lose")


def acts_on(books):
    """Return what a person, policy, the ERP or the poster may do to these books."""

    def period(status):
        books.by("poster").execute(
            "select ledger.mirror_period('NLH', '2026-07-01', '2026-07-31', 'r', %s)", [status]
        )

    def sign():
        for entry in books.entries("proposed"):
            books.by("controller").execute("select ledger.approve(%s, %s)", [entry[0], entry[-1]])

    def fail(call):
        for entry_id in books.sendable()[:1]:
            books.send(entry_id)
            books.by("poster").execute(f"select ledger.{call}(%s, 'X')", [entry_id])

    def settle():
        """Read back what is unknown, release what was rejected, until nothing waits."""
        period("open")
        for entry in books.entries("unknown"):
            books.record_posted(entry[0])
        for entry in books.entries("rejected"):
            books.by("controller").execute("select ledger.release(%s)", [entry[0]])
        books.propose()
        books.approve()
        sign()
        books.post_all()

    return SimpleNamespace(
        approve=books.approve, sign=sign, post=books.post_all, settle=settle,
        close=lambda: period("closed"), open=lambda: period("open"),
        reject=lambda: fail("record_rejected"), lose=lambda: fail("record_unknown"),
    )  # fmt: skip


def converges(new_books, data):
    with new_books() as books:
        act = acts_on(books)
        for _ in range(data.draw(st.integers(1, 5), label="builds")):
            books.demand(data.draw(states(Event), label="demanded"))
            books.propose(books.build(passes=data.draw(st.booleans(), label="passes")))
            for name in data.draw(st.lists(st.sampled_from(ACTS), max_size=5), label="acts"):
                getattr(act, name)()
        final = data.draw(states(Event), label="final")
        books.demand(final)
        act.settle()
        assert books.recorded("posted") == demanded(final)
        books.demand(data.draw(st.permutations(final), label="replayed"))
        assert books.propose() == (0, 0, 0)
        assert_sound(books)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_random_evidence_with_acts_in_between_converges(new_books, data):
    converges(new_books, data)


@pytest.mark.long
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_forty_histories_of_evidence_and_acts_converge(new_books, data):
    converges(new_books, data)


def assert_sound(books):
    """The audit chain and the entries verify, and no entity's numbers have a gap."""
    assert books.ask("auditor", "select * from ledger.verify_chain()") == []
    assert books.ask("auditor", "select * from ledger.verify_entries()") == []
    gaps = "select max(entry_no) - count(entry_no) from ledger.entry group by entity_code"
    assert all(row[0] in {0, None} for row in books.ask("auditor", gaps))
