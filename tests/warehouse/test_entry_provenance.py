"""Each entry says which rules and code proposed it, and waits for their release where it must."""

import psycopg
import pytest

from orchestration import audit_releases
from tests.fixtures.books import Event
from tests.fixtures.releases import (
    LATER,
    OTHER,
    PAIR,
    ask,
    codes,
    decide,
    deploy,
    propose,
    release,
)

pytestmark = pytest.mark.promise(
    "Each entry names the rules and code that proposed it, for good",
    "Where policy asks, an entry waits for the release of its rules",
)


def test_an_entry_says_which_rules_and_code_proposed_it_and_keeps_that(books):
    first = propose(books)
    query = "select rule_set_hash, code_hash, is_released from ledger.entry_release"
    assert books.one("auditor", f"{query} where entry_id = %s", first) == (*PAIR, False)
    assert propose(books, LATER) == first  # another build demands the same
    assert books.one("auditor", f"{query} where entry_id = %s", first) == (*PAIR, False)
    second = propose(books, LATER, amount="90.00")
    assert books.one("auditor", f"{query} where entry_id = %s", second) == (*LATER, False)
    assert books.ask("auditor", "select * from ledger.verify_releases()") == []


def test_a_build_that_does_not_say_leaves_entries_without_and_they_are_told(books):
    entry_id = propose(books, (None, None))
    assert books.ask("auditor", "select * from ledger.entry_provenance") == []
    found = audit_releases.gather(books.by("auditor"))
    assert [(one["finding"], one["entries"]) for one in found["made"]] == [("NOT_STATED", 1)]
    deploy(books, required=True)
    assert "RELEASE" in codes(books, entry_id)


def test_nobody_writes_provenance_beside_an_entry(books, owning, refused):
    entry_id = propose(books, (None, None))
    build_id = books.build(ran=PAIR)
    query = "insert into ledger.entry_provenance values (%s, %s, %s, %s)"
    refused(owning("manager"), query, entry_id, build_id, *PAIR, code="IMMUTABLE")
    refused(books.database.admin(), query, entry_id, build_id, *PAIR, code="IMMUTABLE")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        books.by("preparer").execute(query, [entry_id, build_id, *PAIR])


def test_what_a_build_ran_under_never_changes(books, refused):
    build_id = books.build(ran=PAIR)
    transform = books.by("transform")
    query = "update ops.build set rule_set_hash = %s where build_id = %s"
    refused(transform, query, OTHER.rule_set_hash, build_id, code="IMMUTABLE")
    silent = books.build()
    both = "update ops.build set rule_set_hash = %s, code_hash = %s where build_id = %s"
    refused(transform, both, *PAIR, silent, code="IMMUTABLE")
    transform.execute("update ops.build set status = 'succeeded' where build_id = %s", [build_id])


def test_rules_the_database_is_set_up_with_are_released(books):
    books.demand([Event("a", "charge.posted", "100.00")])
    assert books.propose() == (1, 0, 0)
    ((entry_id, *_),) = books.entries("proposed")
    assert "RELEASE" not in codes(books, entry_id)
    query = "select is_released from ledger.entry_release where entry_id = %s"
    assert books.one("auditor", query, entry_id) == (True,)


def test_requirement_is_switched_off_by_a_release_alone(books):
    """A file that says that no release is required takes effect once it is released."""
    deploy(books)
    entry_id = propose(books)
    assert "RELEASE" in codes(books, entry_id)
    found = audit_releases.gather(books.by("auditor"))
    text = "\n".join(audit_releases.render(found))
    assert "UNRELEASED: see `tieout policy release`; entries wait for a release" in text
    assert "1 entries of rules that nobody released" in text
    release(books)
    assert books.approve() == 1
    deploy(books, OTHER)
    propose(books, LATER, amount="70.00")
    assert books.approve() == 1  # none is required any more
    release(books, OTHER)
    text = "\n".join(audit_releases.render(audit_releases.gather(books.by("auditor"))))
    assert "UNRELEASED" not in text
    assert "nothing is open" in text


def test_where_policy_asks_entries_of_unreleased_rules_are_held_until_released(books):
    deploy(books, required=True)
    entry_id = propose(books)
    assert codes(books, entry_id) == ["APPROVAL", "RELEASE"]
    assert books.approve() == 0
    number = ask(books)
    assert books.approve() == 0
    decide(books, number)
    assert books.approve() == 1
    assert books.sendable() == [entry_id]


def test_an_approved_entry_is_not_sent_once_policy_asks_for_a_release(books, refused):
    deploy(books)
    release(books)
    entry_id = propose(books, ("c" * 64, "d" * 64))
    books.approve()
    deploy(books, OTHER, required=True)
    release(books, OTHER)
    assert books.sendable() == []
    refused(books.by("poster"), "select * from ledger.begin_sending(%s)", entry_id, code="HELD")


def test_an_entry_goes_by_the_release_of_the_newer_rules_that_demand_the_same(books):
    deploy(books, required=True)
    entry_id = propose(books)
    deploy(books, OTHER, required=True)
    release(books, OTHER)
    assert "RELEASE" in codes(books, entry_id)
    assert propose(books, LATER) == entry_id
    assert codes(books, entry_id) == ["APPROVAL"]
