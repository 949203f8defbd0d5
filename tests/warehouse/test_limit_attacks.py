"""Ways around limits, delegations and closes: the database refuses each, or finds it afterwards."""

from datetime import date, timedelta

import pytest
from psycopg.errors import InsufficientPrivilege, RaiseException, UniqueViolation

SEPTEMBER = date(2026, 9, 1)
TODAY = date(2026, 1, 1)
SIGN = (
    "insert into ledger.approval (entry_id, content_hash, basis, approver, approved_at, limit_id,"
    " event_amount, entry_amount, account_day_amount)"
    " values (%s, %s, 'person', 'x', now(), %s, %s, %s, %s)"
)


def owner_session(books, role):
    """Return a session whose user is a login and whose rights are the owner's."""
    admin = books.database.admin()
    prefix = books.database.settings.role_prefix
    admin.execute(f"grant {prefix}_owner to {prefix}_{role}")
    person = books.database.connect(role)
    person.execute(f"set role {prefix}_owner")
    return person


@pytest.fixture
def owning(books):
    """Give logins the owner's rights for one test: `owning("controller")`."""
    given = []

    def give(role):
        given.append(role)
        return owner_session(books, role)

    yield give
    prefix = books.database.settings.role_prefix
    for role in given:
        books.database.admin().execute(f"revoke {prefix}_owner from {prefix}_{role}")


@pytest.fixture
def waiting(books, ledger_line):
    """Return a proposal of 50.00 for a person, with every limit of people at 10.00."""
    for limit in ("controller-any", "approver-any"):
        books.limit(limit, entry_amount="10.00", event_amount="10.00", account_day_amount="10.00")
    books.demand([ledger_line("a", "charity.approved", "50.00")])
    books.propose()
    return books.entry_in("proposed")


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


def test_two_signatures_of_one_transaction_count_together(books, ledger_line, owning, refused):
    books.limit("approver-any", account_day_amount="80.00")
    books.limit("controller-any", account_day_amount="80.00")
    days = {"a": date(2026, 9, 15), "b": date(2026, 9, 20)}
    books.demand([ledger_line(n, "charity.approved", "50.00", day=d) for n, d in days.items()])
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


def test_nobody_signs_under_a_policy_that_he_loaded(books, ledger_line, owning, refused):
    books.demand([ledger_line("a", "charity.approved", "50.00")])
    books.propose()
    person = owning("controller")
    person.execute(
        "with made as (insert into ledger.policy (policy_version, delegation_days, soft_classes,"
        " soft_role, period_role, waiver_role, refused_tolerance, error_amount, error_role)"
        " values (repeat('a', 64), 0, '{}', 'x', 'x', 'x', 0, 0, 'x') returning policy_id)"
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
         "effective_from": TODAY, "effective_to": TODAY}
        for n, (giver, taker) in enumerate([("controller", "approver"), ("approver", "second")])
    ]  # fmt: skip
    with pytest.raises(RaiseException, match=r"^TIEOUT DELEGATION: 1 would be handed on"):
        books.load_policy(lambda file: file.update(delegations=chain))


def test_a_delegate_signs_by_the_delegation_for_its_classes_and_days_only(
    books, ledger_line, refused
):
    books.limit("approver-any", entry_amount="10.00")
    books.demand([ledger_line("a", "suspense.cleared.receivable", "50.00")])
    books.propose()
    entry_id, content = books.entry_in("proposed")
    query = "select ledger.approve(%s, %s)"
    delegate(books, classes=["maker-checker"])
    refused(books.by("approver"), query, entry_id, content, code="LIMIT")
    delegate(books, effective_from=TODAY, effective_to=TODAY)
    refused(books.by("approver"), query, entry_id, content, code="LIMIT")
    delegate(books)
    books.by("approver").execute(query, [entry_id, content])
    signed = "select delegation_id, limit_id, authority, policy_version from ledger.approval"
    (version,) = books.one("auditor", "select policy_version from ledger.policy"
                           " order by policy_id desc limit 1")  # fmt: skip
    assert books.one("auditor", signed) == ("d", "controller-any", "controller", version)
    assert books.sendable() == [entry_id]


def test_who_signed_for_himself_does_not_sign_again_through_a_delegate(books, ledger_line, owning):
    delegate(books, classes=["controller+approver"])
    books.demand([ledger_line("a", "settlement.estimate", "50.00")])
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


def test_a_class_of_the_controller_is_not_approved_by_others(books, ledger_line, owning, refused):
    books.demand([ledger_line("a", "suspense.cleared.receivable", "50.00")])
    books.propose()
    entry_id, content = books.entry_in("proposed")
    books.by("approver").execute("select ledger.approve(%s, %s)", [entry_id, content])
    assert books.holds(entry_id) == {"APPROVAL"}
    refused(owning("approver"), "update ledger.entry set state = 'approved' where entry_id = %s",
            entry_id, code="UNSIGNED")  # fmt: skip


def test_a_signer_who_became_a_poster_signs_no_longer(books, ledger_line, refused):
    books.demand([ledger_line("a", "charity.approved", "50.00")])
    books.propose()
    prefix, admin = books.database.settings.role_prefix, books.database.admin()
    admin.execute(f"grant {prefix}_poster to {prefix}_controller")
    try:
        refused(books.by("controller"), "select ledger.approve(%s, %s)",
                *books.entry_in("proposed"), code="CONFLICT")  # fmt: skip
    finally:
        admin.execute(f"revoke {prefix}_poster from {prefix}_controller")


@pytest.mark.parametrize("role", ["preparer", "policy", "poster", "auditor", "transform"])
def test_only_people_act_on_periods(books, role, refused):
    query = "select ledger.request_period('NLH', '2026-09-01', 'close', 'x')"
    if role == "policy":  # a member of the approvers, and no person
        refused(books.by(role), query, code="NOT_A_PERSON")
        return
    with pytest.raises(InsufficientPrivilege):
        books.by(role).execute(query)


def test_one_person_does_not_ask_and_decide(books, refused):
    books.build()
    query = "select ledger.request_period('NLH', '2026-09-01', 'close', 'x')"
    (request,) = books.one("controller", query)
    decide = "select ledger.decide_period(%s, true, 'x')"
    refused(books.by("controller"), decide, request, code="SAME_PERSON")
    refused(books.by("approver"), decide, request, code="ROLE")


@pytest.mark.parametrize("status", ["soft", "closed"])
def test_not_even_the_owner_moves_the_status_of_a_period(books, status, refused):
    refused(books.as_owner(), "update ledger.period set own_status = %s", status,
            code="PERIOD_ACT")  # fmt: skip
    refused(
        books.as_owner(),
        "insert into ledger.period (entity_code, period_start, period_end, own_status, erp_status)"
        " values ('NLH', '2030-01-01', '2030-01-31', %s, 'open')", status, code="PERIOD_ACT",
    )  # fmt: skip


def test_the_owners_rights_do_not_decide_a_request_twice_or_alone(books, owning, refused):
    books.build()
    books.decide("close", SEPTEMBER)
    person = owning("controller")
    ask = "insert into ledger.period_act (step, act, entity_code, period_start, reason)" \
          " values ('request', 'reopen', 'NLH', '2026-09-01', 'x') returning act_id"  # fmt: skip
    (request,) = person.execute(ask).fetchone()
    answer = "insert into ledger.period_act (request_id, step, reason) values (%s, 'approve', 'x')"
    refused(person, answer, request, code="SAME_PERSON")
    with pytest.raises(UniqueViolation):
        books.one("controller", "select ledger.decide_period(1, false, 'again')")


@pytest.mark.parametrize("way", ["proposed", "unsent", "certificate", "suspense", "rejected"])
def test_what_is_not_settled_keeps_a_period_from_closing(books, ledger_line, way, refused):
    code = {"proposed": "HELD", "unsent": "UNSENT", "certificate": "CERTIFICATE",
            "suspense": "SUSPENSE", "rejected": "REJECTED"}[way]  # fmt: skip
    name = "plb.other" if way == "suspense" else "charge.posted"
    books.demand([ledger_line("a", name, "100.00")])
    books.propose()
    if way != "proposed":
        books.approve()
    if way == "suspense":
        books.post_all()
    elif way == "rejected":
        (entry_id,) = books.sendable()
        books.send(entry_id)
        books.one("poster", "select ledger.record_rejected(%s, 'ACCOUNT')", entry_id)
    elif way == "certificate":
        books.post_all()
        books.build(passes=False)
    (request,) = books.one(
        "approver", "select ledger.request_period('NLH', '2026-09-01', 'close', 'x')"
    )
    refused(books.by("controller"), "select ledger.decide_period(%s, true, 'x')", request,
            code=f"BLOCKED.*{code} 1")  # fmt: skip


def test_a_waiver_of_the_one_who_asks_or_of_another_item_does_not_count(
    books, ledger_line, refused
):
    books.demand([ledger_line("a", "charge.posted", "100.00")])
    books.propose()
    entry_id, _ = books.entry_in("proposed")
    waive = "select ledger.waive_blocker('NLH', '2026-09-01', %s, %s, 'x', %s)"
    refused(books.by("approver"), waive, "HELD", str(entry_id), date(2099, 1, 1), code="ROLE")
    refused(books.by("controller"), waive, "HELD", str(entry_id), TODAY, code="EXPIRED")
    books.one("controller", waive, "HELD", "0", date(2099, 1, 1))
    (request,) = books.one(
        "approver", "select ledger.request_period('NLH', '2026-09-01', 'close', 'x')"
    )
    decide = "select ledger.decide_period(%s, true, 'x')"
    refused(books.by("controller"), decide, request, code="BLOCKED")
    (counts,) = books.one("controller", waive, "HELD", str(entry_id), date(2099, 1, 1))
    own = "select waiver_id from ledger.close_blocker('NLH', '2026-09-01', %s)"
    assert books.ask("auditor", own, books.database.settings.login("controller")) == [(None,)]
    assert books.one("controller", decide, request) == ("closed",)
    kept = "select waivers from ledger.period_act where step = 'approve'"
    assert books.one("auditor", kept) == ([counts],)


@pytest.mark.parametrize(
    ("tampering", "problem"),
    [
        ("update ledger.policy_limit set entry_amount = null where limit_id = 'policy-daily'",
         "POLICY"),
        ("update ledger.policy_class set signatures = 9", "POLICY"),
        ("delete from ledger.policy_delegation; delete from ledger.policy_correction", "POLICY"),
        ("update ledger.period set own_status = 'closed' where entity_code = 'NPG'", "PERIOD"),
        ("update ledger.period_act set actor = 'somebody else'", "PERIOD"),
        ("delete from ledger.period_act where step = 'request'", "PERIOD"),
        ("insert into ledger.close_waiver (entity_code, period_start, code, item, reason,"
         " expires_on, waived_by, waived_at) values ('NLH', '2026-09-01', 'HELD', '1', 'x',"
         " '2099-01-01', 'x', now())", "WAIVER"),
    ],
)  # fmt: skip
def test_a_superuser_without_triggers_leaves_traces_in_policies_and_periods(
    books, tampering, problem
):
    books.build()
    books.decide("close", SEPTEMBER)
    verify = "select problem from ledger.verify_chain()"
    assert books.ask("auditor", verify) == []
    admin = books.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute(tampering)
    assert (problem,) in books.ask("auditor", verify)


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
