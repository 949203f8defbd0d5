"""Ways around acts on periods: the database refuses each, or finds it afterwards."""

from datetime import date

import pytest
from psycopg.errors import InsufficientPrivilege, UniqueViolation

from tests.fixtures.books import Event

pytestmark = pytest.mark.promise(
    "The database refuses every way around the closing of periods, or finds it"
)

SEPTEMBER, LONG_AGO = date(2026, 9, 1), date(2026, 1, 1)


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
def test_what_is_not_settled_keeps_a_period_from_closing(books, way, refused):
    code = {"proposed": "HELD", "unsent": "UNSENT", "certificate": "CERTIFICATE",
            "suspense": "SUSPENSE", "rejected": "REJECTED"}[way]  # fmt: skip
    name = "plb.other" if way == "suspense" else "charge.posted"
    books.demand([Event("a", name, "100.00")])
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


def test_a_waiver_of_the_one_who_asks_or_of_another_item_does_not_count(books, refused):
    books.demand([Event("a", "charge.posted", "100.00")])
    books.propose()
    entry_id, _ = books.entry_in("proposed")
    waive = "select ledger.waive_blocker('NLH', '2026-09-01', %s, %s, 'x', %s)"
    refused(books.by("approver"), waive, "HELD", str(entry_id), date(2099, 1, 1), code="ROLE")
    refused(books.by("controller"), waive, "HELD", str(entry_id), LONG_AGO, code="EXPIRED")
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
