"""Ways around limits and delegations: the database refuses each, or finds it afterwards."""

from datetime import date, timedelta

import pytest
from psycopg.errors import RaiseException, UniqueViolation

from tests.fixtures.books import Event, begins

pytestmark = pytest.mark.promise(
    "No person signs beyond their limit or delegation; what goes around it is found"
)

LONG_AGO = date(2026, 1, 1)
SIGN = (
    "insert into ledger.approval (entry_id, content_hash, basis, approver, approved_at, limit_id,"
    " event_amount, entry_amount, account_day_amount)"
    " values (%s, %s, 'person', 'x', now(), %s, %s, %s, %s)"
)


@begins
def limited(books):
    """A proposal of 50.00 for a person, with every limit of people at 10.00."""
    for limit in ("controller-any", "approver-any"):
        books.limit(limit, entry_amount="10.00", event_amount="10.00", account_day_amount="10.00")
    books.demand([Event("a", "charity.approved", "50.00")])
    books.propose()


@pytest.fixture
def waiting(limited):
    """The entry and the content hash of the proposal."""
    return limited.entry_in("proposed")


def delegate(books, **changes):
    """Deploy a delegation from the controller to the approver, for a week from today on."""
    today = books.one("auditor", "select (now() at time zone 'UTC')::date")[0]
    row = {"id": "d", "from": "controller", "to": "approver", "classes": ["controller"],
           "effective_from": today, "effective_to": today + timedelta(days=6)}  # fmt: skip
    books.load_policy(lambda file: file.update(delegations=[{**row, **changes}]))


def test_a_person_does_not_sign_beyond_his_limit(books, waiting, refused):
    entry_id, content = waiting
    for person in ("controller", "approver"):
        refused(books.by(person), "select ledger.approve(%s, %s)", entry_id, content, code="LIMIT")


@pytest.mark.parametrize(
    "claimed",
    [
        ("controller-any", "50.00", "50.00", "50.00"),  # the truth, beyond the limit
        ("controller-any", "1.00", "1.00", "1.00"),  # amounts that would fit
        ("controller-any", "50.00", "50.00", "1.00"),
        ("policy-daily", "50.00", "50.00", "50.00"),  # a limit of somebody else
        (None, "50.00", "50.00", "50.00"),
    ],
)
def test_a_person_with_the_owners_rights_does_not_write_a_signature_beyond_it(
    waiting, owning, refused, claimed
):
    refused(owning("controller"), SIGN, *waiting, *claimed, code="LIMIT")


def test_two_signatures_of_one_transaction_count_together(books, owning, refused):
    books.limit("approver-any", account_day_amount="80.00")
    books.limit("controller-any", account_day_amount="80.00")
    days = {"a": date(2026, 9, 15), "b": date(2026, 9, 20)}
    books.demand([Event(n, "charity.approved", "50.00", day=d) for n, d in days.items()])
    books.propose()
    one, other = [(row[0], row[7]) for row in books.entries("proposed")]
    person = owning("controller")
    with person.transaction():
        person.execute(SIGN, [*one, "controller-any", "50.00", "50.00", "50.00"])
        with person.transaction(force_rollback=True):
            refused(person, SIGN, *other, "controller-any", "50.00", "50.00", "50.00",
                    code="LIMIT")  # fmt: skip
    refused(books.by("controller"), "select ledger.approve(%s, %s)", *other, code="LIMIT")


@pytest.mark.parametrize(
    "attack",
    [
        "update ledger.policy_limit set entry_amount = null",
        "update ledger.policy_class set signatures = 1",
        "update ledger.policy set error_amount = 1000000",
        "delete from ledger.policy_limit",
        "truncate ledger.policy cascade",
        "insert into ledger.policy_limit (policy_id, limit_id, role, effective_from)"
        " select max(policy_id), 'mine', 'approver', '2020-01-01' from ledger.policy",
        "insert into ledger.policy_role select max(policy_id), 'controller', 'approver'"
        " from ledger.policy",
        "update ledger.period_act set actor = 'somebody'",
        "delete from ledger.close_waiver",
        "update ledger.correction_decision set correction_class = 'new_information'",
    ],
)
def test_not_even_the_owner_changes_a_policy_or_what_was_decided(books, refused, attack):
    refused(books.as_owner(), attack, code="IMMUTABLE")


def test_nobody_signs_under_a_policy_that_he_loaded(books, owning, refused):
    books.demand([Event("a", "charity.approved", "50.00")])
    books.propose()
    person = owning("controller")
    person.execute(
        "with made as (insert into ledger.policy (policy_version, delegation_days, soft_classes,"
        " soft_role, period_role, waiver_role, refused_tolerance, error_amount, error_role,"
        " change_amount, change_days) values (repeat('a', 64), 0, '{}', 'x', 'x', 'x', 0, 0, 'x',"
        " 0, 1) returning policy_id)"
        " select policy_id from made"
    )
    refused(person, SIGN, *books.entry_in("proposed"), "controller-any", "50.00", "50.00",
            "50.00", code="CONFLICT")  # fmt: skip
    actor = books.one("auditor", "select actor from ledger.audit where action = 'load policy'"
                      " order by seq desc limit 1")  # fmt: skip
    assert actor == (books.database.settings.login("controller"),)


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "preparer"},
        {"to": "poster"},  # would hold poster and controller
        {"effective_to": date(2099, 1, 1)},
    ],
)
def test_a_delegation_to_a_maker_to_somebody_in_conflict_or_without_end_is_not_loaded(
    books, changes
):
    with pytest.raises(RaiseException, match=r"^TIEOUT DELEGATION"):
        delegate(books, **changes)


def test_a_delegation_is_not_handed_on(books):
    chain = [
        {"id": str(n), "from": giver, "to": taker, "classes": ["controller"],
         "effective_from": LONG_AGO, "effective_to": LONG_AGO}
        for n, (giver, taker) in enumerate([("controller", "approver"), ("approver", "second")])
    ]  # fmt: skip
    with pytest.raises(RaiseException, match=r"^TIEOUT DELEGATION: 1 would be handed on"):
        books.load_policy(lambda file: file.update(delegations=chain))


def test_a_delegate_signs_by_the_delegation_for_its_classes_and_days_only(books, refused):
    books.limit("approver-any", entry_amount="10.00")
    books.demand([Event("a", "suspense.cleared.receivable", "50.00")])
    books.propose()
    entry_id, content = books.entry_in("proposed")
    query = "select ledger.approve(%s, %s)"
    delegate(books, classes=["maker-checker"])
    refused(books.by("approver"), query, entry_id, content, code="LIMIT")
    delegate(books, effective_from=LONG_AGO, effective_to=LONG_AGO)
    refused(books.by("approver"), query, entry_id, content, code="LIMIT")
    delegate(books)
    books.by("approver").execute(query, [entry_id, content])
    signed = "select delegation_id, limit_id, authority, policy_version from ledger.approval"
    (version,) = books.one("auditor", "select policy_version from ledger.policy"
                           " order by policy_id desc limit 1")  # fmt: skip
    assert books.one("auditor", signed) == ("d", "controller-any", "controller", version)
    assert books.sendable() == [entry_id]


def test_who_signed_for_himself_does_not_sign_again_through_a_delegate(books, owning):
    delegate(books, classes=["controller+approver"])
    books.demand([Event("a", "settlement.estimate", "50.00")])
    books.propose()
    entry_id, content = books.entry_in("proposed")
    books.by("controller").execute("select ledger.approve(%s, %s)", [entry_id, content])
    with pytest.raises(UniqueViolation):
        owning("approver").execute(
            "insert into ledger.approval (entry_id, content_hash, basis, approver, approved_at,"
            " limit_id, delegation_id, event_amount, entry_amount, account_day_amount)"
            " values (%s, %s, 'person', 'x', now(), 'controller-any', 'd', 50, 50, 50)",
            [entry_id, content],
        )


def test_a_class_of_the_controller_is_not_approved_by_others(books, owning, refused):
    books.demand([Event("a", "suspense.cleared.receivable", "50.00")])
    books.propose()
    entry_id, content = books.entry_in("proposed")
    books.by("approver").execute("select ledger.approve(%s, %s)", [entry_id, content])
    assert books.holds(entry_id) == {"APPROVAL"}
    refused(owning("approver"), "update ledger.entry set state = 'approved' where entry_id = %s",
            entry_id, code="UNSIGNED")  # fmt: skip


def test_a_signer_who_became_a_poster_signs_no_longer(books, refused):
    books.demand([Event("a", "charity.approved", "50.00")])
    books.propose()
    prefix, admin = books.database.settings.role_prefix, books.database.admin()
    admin.execute(f"grant {prefix}_poster to {prefix}_controller")
    try:
        refused(books.by("controller"), "select ledger.approve(%s, %s)",
                *books.entry_in("proposed"), code="CONFLICT")  # fmt: skip
    finally:
        admin.execute(f"revoke {prefix}_poster from {prefix}_controller")


@pytest.mark.parametrize(
    ("tampering", "problem"),
    [
        ("update ledger.approval set limit_id = 'controller-any'", "APPROVAL"),
        ("update ledger.approval set entry_amount = 1", "APPROVAL"),
        ("update ledger.approval set voided_at = now()", "APPROVAL"),
        ("delete from ledger.approval", "UNSIGNED"),
        ("update ledger.approval set policy_version = repeat('0', 64)", "LIMIT"),
        ("update ledger.policy_limit set entry_amount = 1 where limit_id = 'policy-daily'",
         "LIMIT"),
        ("update ledger.entry set state = 'approved' where state = 'proposed'", "UNSIGNED"),
        ("insert into ledger.approval (entry_id, content_hash, basis, approver, approved_at)"
         " select entry_id, content_hash, 'person', 'x', now() from ledger.entry"
         " where state = 'proposed'", "APPROVAL"),
    ],
)  # fmt: skip
def test_a_superuser_without_triggers_leaves_traces_in_signatures(posted, tampering, problem):
    verify = "select problem from ledger.verify_entries()"
    assert posted.ask("auditor", verify) == []
    admin = posted.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute(tampering)
    assert problem in {row[0] for row in posted.ask("auditor", verify)}
