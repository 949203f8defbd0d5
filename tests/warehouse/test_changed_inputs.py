"""What one person's change of an input does to known evidence waits for two people.

The input may be rules, maps, entities, code or the as-of date, and the events may be others than
before: only new evidence explains a change.
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.fixtures.books import AS_OF, Event

pytestmark = pytest.mark.promise(
    "What a changed input takes back or adds for known evidence waits for two people"
)

KNOWN = datetime(2026, 9, 20, tzinfo=UTC)
OTHER_MAP = ("e" * 64, "f" * 64)
DENIAL, CONTRACTUAL = "remit.cas.contractual", "charity.approved"


def known(books, *events, at=KNOWN):
    """Have the evidence desire events, all known since a moment."""
    books.demand(events)
    books.by("transform").execute("update marts.fct_ledger_line set known_at = %s", [at])
    books.hand_over()


def classes(books):
    """Return the classes of open proposals."""
    return {row[3] for row in books.entries("proposed")}


def released(books):
    """Say that no release is required, so that what is tested here is the bound alone."""
    admin = books.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute("update ledger.rule_deployment set release_required = false")
    admin.execute("reset session_replication_role")


@pytest.fixture
def recorded(books):
    """Two events recorded and posted under the rules that the database was set up with."""
    released(books)
    known(books, Event("a", "charge.posted", "5000.00"), Event("b", DENIAL, "1500.00"))
    books.propose()
    books.approve()
    books.post_all()
    return books


def test_other_map_that_moves_known_events_waits_for_two(recorded):
    """A map of codes makes of one recorded event another one, of the same evidence."""
    known(recorded, Event("a", "charge.posted", "5000.00"), Event("c", CONTRACTUAL, "1500.00"))
    recorded.propose(recorded.build(ran=OTHER_MAP))
    assert classes(recorded) == {"restatement"}
    assert recorded.approve() == 0
    for login in ("manager", "controller"):
        for entry in recorded.entries("proposed"):
            query = "select ledger.approve(%s, %s)"
            recorded.one(login, query, entry[0], entry[-1])
    assert classes(recorded) == set()


def test_small_effect_within_the_bound_goes_the_usual_way(recorded):
    known(recorded, Event("a", "charge.posted", "5000.00"), Event("b", DENIAL, "1100.00"))
    recorded.propose(recorded.build(ran=OTHER_MAP))
    assert "restatement" not in classes(recorded)
    assert recorded.approve() > 0


def test_small_effects_add_up_to_the_bound(recorded):
    for number, amount in enumerate(("1100.00", "700.00", "300.00")):
        known(recorded, Event("a", "charge.posted", "5000.00"), Event("b", DENIAL, amount))
        recorded.propose(recorded.build(ran=(f"{number}" * 64, "f" * 64)))
        found = classes(recorded)
        recorded.approve()
    assert found == {"restatement"}


def test_new_evidence_explains_a_change_under_changed_rules(recorded):
    later = datetime.now(UTC) + timedelta(hours=1)
    known(recorded, Event("a", "charge.posted", "9000.00"), Event("b", DENIAL, "1500.00"), at=later)
    recorded.propose(recorded.build(ran=OTHER_MAP))
    assert "restatement" not in classes(recorded)


def test_same_inputs_ask_for_no_explanation(recorded):
    """Requests, late files and cut-offs change the books every day."""
    known(recorded, Event("a", "charge.posted", "5000.00"))
    recorded.propose()
    assert "restatement" not in classes(recorded)


def test_later_days_of_a_later_date_are_no_effect_of_changed_rules(recorded):
    day = AS_OF + timedelta(days=3)
    recorded.as_owner().execute("update ops.installation set as_of_date = %s", [day])
    events = [Event("a", "charge.posted", "5000.00"), Event("b", DENIAL, "1500.00")]
    known(recorded, *events, Event("d", "charge.posted", "8000.00", day=day))
    recorded.propose(recorded.build(as_of=day, ran=OTHER_MAP))
    assert "restatement" not in classes(recorded)


def test_earlier_date_takes_back_with_two_signatures(recorded):
    reason = "the statement of October was a test"
    (number,) = recorded.one("approver", "select ledger.request_as_of('2026-09-10', %s)", reason)
    recorded.one("controller", "select ledger.decide_as_of(%s, true, %s)", number, reason)
    known(recorded)
    recorded.propose(recorded.build(as_of=date(2026, 9, 10)))
    assert classes(recorded) == {"restatement"}
    assert recorded.approve() == 0


def test_change_waits_until_it_is_signed_however_often_it_is_proposed(recorded):
    known(recorded, Event("a", "charge.posted", "5000.00"))
    for _ in range(3):
        recorded.propose(recorded.build(ran=OTHER_MAP))
        assert classes(recorded) == {"restatement"}
    known(recorded, Event("a", "charge.posted", "5000.00"), Event("b", DENIAL, "1500.00"))
    recorded.propose(recorded.build(ran=OTHER_MAP))
    assert classes(recorded) == set()
