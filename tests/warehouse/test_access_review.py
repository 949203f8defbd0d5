"""The review of accesses: conflicts, leavers and acts above the rules, on a real database."""

from pathlib import Path

import psycopg
import pytest

from billing.governance.conflicts import read_conflicts
from billing.governance.policy_file import PolicyFileError
from orchestration import audit_access
from resources.warehouse import access

pytestmark = pytest.mark.promise(
    "An access review finds conflicting rights, unknown logins and acts above the rules",
    "A reviewer signs exactly the accesses that they saw",
)

POLICY = read_conflicts((Path(__file__).parents[2] / "governance" / "conflicts.yaml").read_text())


def seen(books):
    with books.database.connect("auditor") as connection:
        return audit_access.gather(connection, books.database.settings.role_prefix)


def prefixed(books, name):
    return books.database.settings.login(name)


@pytest.fixture
def leaver(books):
    """A login that is an approver in the database and nobody in the policy."""
    admin, name = books.database.admin(), prefixed(books, "leaver")
    admin.execute(f"create role {name} login")
    admin.execute(f"grant {prefixed(books, 'approver')} to {name}")
    yield name
    admin.execute(f"drop role {name}")


def test_as_delivered_every_conflict_is_accepted_with_a_reason_and_nobody_is_left_over(books):
    found = seen(books)
    signers = {"policy", "approver", "controller", "manager"}
    assert {one["login"] for one in found["conflicts"]} == signers
    assert [one for one in found["conflicts"] if not one["because"]] == []
    assert found["not_in_policy"] == found["policy_without_login"] == []
    assert "ledger.begin_sending" in found["matrix"]["poster"]
    assert "ledger.begin_sending" not in found["matrix"]["approver"]


def test_every_function_of_a_conflict_exists_and_somebody_may_call_it(books):
    held = access.rights(books.by("auditor"), prefixed(books, ""))
    assert POLICY.functions - set().union(*held.values()) == set()


def test_a_right_that_makes_a_conflict_is_found(books):
    admin = books.database.admin()
    admin.execute(f"grant execute on function ledger.propose(text) to {prefixed(books, 'poster')}")
    (one,) = [c for c in seen(books)["conflicts"] if not c["because"]]
    assert (one["login"], one["conflict"]) == ("poster", "make-and-send")
    assert "ledger.propose" in one["functions"]


@pytest.mark.usefixtures("leaver")
def test_a_login_outside_the_policy_is_found_with_its_rights(books):
    found = seen(books)
    assert found["not_in_policy"] == ["leaver"]
    assert "ledger.approve" in found["matrix"]["leaver"]


def test_what_a_superuser_writes_is_found_by_actor_catalog_and_chain(books):
    admin = books.as_owner()
    user = admin.execute("select session_user").fetchone()[0]
    admin.execute("select ledger.write_audit('by hand', null, null, null, '{}')")
    admin.execute("alter table ledger.refusal disable trigger keep")
    found = {(one["kind"], one["who"], one["what"]) for one in seen(books)["above_the_rules"]}
    assert ("superuser", user, "") in found
    assert ("audited act", user, "by hand") in found
    assert "ledger.refusal keep" in {what for kind, _, what in found if "switched" in kind}
    admin.execute("reset role")
    admin.execute("set session_replication_role = replica")
    admin.execute("update ledger.audit set actor = 'nobody' where action = 'by hand'")
    kinds = {one["kind"] for one in seen(books)["above_the_rules"]}
    assert "changed past the audit" in kinds


def test_a_reviewer_signs_what_he_saw_and_a_change_shows(books, leaver):
    first = seen(books)
    with books.database.connect("manager", autocommit=False) as connection:
        audit_access.sign(connection, first, "the leaver is to go")
        connection.commit()
    again = seen(books)
    assert again["content_hash"] == first["content_hash"]
    assert [one["content_hash"] for one in again["reviews"]] == [first["content_hash"]]
    books.database.admin().execute(f"revoke {prefixed(books, 'approver')} from {leaver}")
    changed = seen(books)
    assert changed["content_hash"] != first["content_hash"]
    assert "content " + changed["content_hash"] in audit_access.render(changed)[0]


def test_the_poster_reads_no_reviews_into_being(books):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        audit_access.sign(books.by("poster"), seen(books), "")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        audit_access.sign(books.by("auditor"), seen(books), "")


@pytest.mark.parametrize(
    "text",
    [
        "conflicts: [{name: a, risk: b, one: [x], other: []}]",
        "conflicts: [{name: a, risk: b, one: [x], other: [x]}]",
        "{conflicts: [], accepted: [{conflict: a, logins: [x], because: y}]}",
        "{conflicts: [{name: a, risk: b, one: [x], other: [y]}],"
        " accepted: [{conflict: a, logins: [x]}]}",
    ],
)
def test_a_conflict_list_that_says_nothing_is_refused(text):
    with pytest.raises(PolicyFileError):
        read_conflicts(text)
