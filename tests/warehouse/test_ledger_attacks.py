"""What nobody may do. Each attack is refused by the database, whoever tries it."""

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, RaiseException

from tests.fixtures.books import Event

pytestmark = pytest.mark.promise(
    "The database refuses every way around two people, states and balance, for any login"
)


def test_the_maker_does_not_approve_even_as_a_member_of_the_approvers(posted, refused):
    books, admin = posted, posted.database.admin()
    prefix = books.database.settings.role_prefix
    entry_id, content = books.entry_in("proposed")
    admin.execute(f"grant {prefix}_approver to {prefix}_preparer")
    try:
        refused(
            books.by("preparer"), "select ledger.approve(%s, %s)", entry_id, content,
            code="SELF_APPROVAL",
        )  # fmt: skip
    finally:
        admin.execute(f"revoke {prefix}_approver from {prefix}_preparer")


def test_set_role_does_not_make_another_maker_or_checker(posted):
    books, admin = posted, posted.database.admin()
    prefix = books.database.settings.role_prefix
    entry_id, content = books.entry_in("proposed")
    admin.execute(f"grant {prefix}_controller to {prefix}_preparer")
    try:
        maker = books.by("preparer")
        maker.execute(f"set role {prefix}_controller")
        with pytest.raises(RaiseException, match=r"TIEOUT (NOT_A_PERSON|SELF_APPROVAL)"):
            maker.execute("select ledger.approve(%s, %s)", [entry_id, content])
    finally:
        admin.execute(f"revoke {prefix}_controller from {prefix}_preparer")


def test_a_superuser_as_table_owner_cannot_sign_or_forge_the_maker(posted, refused):
    entry_id, content = posted.entry_in("proposed")
    owner = posted.as_owner()
    refused(
        owner,
        "insert into ledger.approval (entry_id, content_hash, basis, approver, approved_at)"
        " values (%s, %s, 'person', 'somebody else', now())",
        entry_id, content, code="NOT_AN_APPROVER",
    )  # fmt: skip


def test_content_that_changed_since_it_was_seen_is_not_approved(posted, refused):
    entry_id, _ = posted.entry_in("proposed")
    refused(
        posted.by("controller"), "select ledger.approve(%s, %s)", entry_id, "0" * 64,
        code="CONTENT",
    )  # fmt: skip


def test_altered_lines_are_not_approved_even_where_triggers_were_switched_off(posted, refused):
    entry_id, content = posted.entry_in("proposed")
    admin = posted.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute(
        "update ledger.entry_event set evidence_hash = 'forged' where entry_id = %s", [entry_id]
    )
    refused(
        posted.by("controller"), "select ledger.approve(%s, %s)", entry_id, content, code="CONTENT"
    )


def test_policy_does_not_sign_for_a_person(posted, refused):
    entry_id, content = posted.entry_in("proposed")
    refused(
        posted.by("policy"), "select ledger.approve(%s, %s)", entry_id, content,
        code="NOT_A_PERSON",
    )  # fmt: skip


def test_a_person_does_not_sign_for_policy(posted):
    with pytest.raises(InsufficientPrivilege):
        posted.by("controller").execute("select ledger.approve_by_policy('build-1')")


@pytest.mark.parametrize(
    ("from_state", "to_state", "code"),
    [
        ("proposed", "approved", "UNSIGNED"),
        ("proposed", "sending", "STATE"),
        ("proposed", "posted", "STATE"),
        ("approved", "posted", "STATE"),
        ("approved", "proposed", "STATE"),
        ("approved", "void", "STATE"),
        ("approved", "sending", "UNNUMBERED"),
        ("posted", "approved", "STATE"),
        ("posted", "void", "STATE"),
        ("posted", "sending", "STATE"),
    ],
)
def test_not_even_the_owner_skips_a_state(posted, from_state, to_state, code, refused):
    entry_id, _ = posted.entry_in(from_state)
    refused(
        posted.as_owner(), "update ledger.entry set state = %s where entry_id = %s",
        to_state, entry_id, code=code,
    )  # fmt: skip


def test_an_entry_begins_as_a_proposal(posted, refused):
    refused(
        posted.as_owner(),
        "insert into ledger.entry (entity_code, accounting_date, approval_class, generation, part,"
        " state, build_id, content_hash, erp_key, proposed_by, proposed_at, line_count,"
        " gross_amount, made_by_xid) select entity_code, accounting_date, approval_class, 77, 1,"
        " 'approved', build_id, content_hash, 'k', proposed_by, now(), 2, 1, made_by_xid"
        " from ledger.entry limit 1",
        code="STATE",
    )


INSERT_ENTRY = (
    "insert into ledger.entry (entity_code, accounting_date, approval_class, generation, part,"
    " build_id, content_hash, erp_key, proposed_by, proposed_at, line_count, gross_amount,"
    " made_by_xid) select 'NLH', '2026-09-01', 'none', 50, 1, max(build_id), 'x', 'k', 'me', now(),"
    " 2, 10, pg_current_xact_id() from ops.build returning entry_id"
)
INSERT_LINE = (
    "insert into ledger.entry_line values (%s, %s, 'JR05', %s, 'MAIN', 'commercial', '2026-09-01',"
    " %s, %s)"
)


@pytest.mark.parametrize(
    ("debit", "credit", "code"), [(10, 9, "UNBALANCED"), (10, 10, "EVIDENCE"), (11, 11, "TOTALS")]
)
def test_the_owner_commits_no_entry_that_does_not_balance_or_has_no_evidence(
    posted, debit, credit, code
):
    owner = posted.as_owner()
    with pytest.raises(RaiseException, match=f"^TIEOUT {code}"), owner.transaction():
        (entry_id,) = owner.execute(INSERT_ENTRY).fetchone()
        owner.execute(INSERT_LINE, [entry_id, 1, "1050", debit, 0])
        owner.execute(INSERT_LINE, [entry_id, 2, "1110", 0, credit])
    assert posted.one("auditor", "select count(*) from ledger.entry where generation = 50") == (0,)


def test_the_owner_commits_no_entry_that_balances_between_entities_only(posted):
    owner = posted.as_owner()
    event = (
        "insert into ledger.entry_event (entry_id, line_no, line_id, event_id, event, rule,"
        " rule_version, account, signed_amount, entity_code, facility_code, payer_class,"
        " original_date, evidence_hash) values (%s, %s, 'l', 'e', 'remit.paid', 'JR05', 'v1', %s,"
        " %s, %s, 'MAIN', 'commercial', '2026-09-01', 'h')"
    )
    with pytest.raises(RaiseException, match=r"^TIEOUT EVIDENCE"), owner.transaction():
        (entry_id,) = owner.execute(INSERT_ENTRY).fetchone()
        owner.execute(INSERT_LINE, [entry_id, 1, "1050", 10, 0])
        owner.execute(INSERT_LINE, [entry_id, 2, "1110", 0, 10])
        owner.execute(event, [entry_id, 1, "1050", 10, "NLH"])
        owner.execute(event, [entry_id, 2, "1110", -10, "NPG"])


def test_demanded_lines_that_do_not_balance_are_not_proposed(books):
    books.demand([Event("a", "remit.paid", "60.00")])
    books.by("transform").execute(
        "update marts.fct_ledger_line set signed_amount = 59 where account = '1050'"
    )
    with pytest.raises(RaiseException, match="TIEOUT UNBALANCED"):
        books.propose()
    assert books.entries() == []


def test_nothing_is_posted_twice(posted, refused):
    entry_id, _ = posted.entry_in("posted")
    poster = posted.by("poster")
    refused(poster, "select ledger.begin_sending(%s)", entry_id, code="STATE")
    query = "select ledger.record_posted(%s, 'other', 'other', '[]')"
    assert posted.one("poster", query, entry_id) == (False,)
    assert posted.ask("auditor", "select document_ref from ledger.erp_document") != [("other",)]
    assert posted.ask("auditor", "select document_ref from ledger.second_document") == [("other",)]


def test_one_document_serves_one_entry(posted):
    (approved, _), (done, _) = posted.entry_in("approved"), posted.entry_in("posted")
    posted.send(approved)
    with pytest.raises(psycopg.errors.UniqueViolation):
        posted.by("poster").execute(
            "select ledger.record_posted(%s, %s, 'no', '[]')", [approved, f"ref-{done}"]
        )


def test_posted_needs_a_document_of_the_erp(posted, refused):
    entry_id, _ = posted.entry_in("approved")
    posted.send(entry_id)
    refused(
        posted.as_owner(), "update ledger.entry set state = 'posted' where entry_id = %s", entry_id,
        code="NO_DOCUMENT",
    )  # fmt: skip


def test_an_entry_of_a_closed_period_is_not_sent(posted, refused):
    entry_id, _ = posted.entry_in("approved")
    posted.by("poster").execute(
        "select ledger.mirror_period('NLH', '2026-09-01', '2026-09-30', 'r', 'closed')"
    )
    assert entry_id not in posted.sendable()
    refused(posted.by("poster"), "select ledger.begin_sending(%s)", entry_id, code="HELD")


def test_an_entry_is_not_sent_without_a_certificate_over_the_same_build(posted, refused):
    entry_id, _ = posted.entry_in("approved")
    posted.propose(posted.build(passes=False))
    assert posted.holds(entry_id) == {"CERTIFICATE"}
    refused(posted.by("poster"), "select ledger.begin_sending(%s)", entry_id, code="HELD")
    posted.propose(posted.build(passes=True))
    assert posted.send(entry_id) == 2


def test_a_certificate_is_not_edited_into_passing(posted, refused):
    build_id = posted.build(passes=False)
    owner = posted.as_owner()
    refused(
        owner, "update ops.certificate set passes = true where build_id = %s", build_id,
        code="IMMUTABLE",
    )  # fmt: skip
    refused(owner, "delete from ops.certificate", code="IMMUTABLE")
    refused(owner, "update ops.certificate_row set status = 'passed'", code="IMMUTABLE")
    refused(owner, "update ops.check_result set has_passed = true", code="IMMUTABLE")
    posted.by("transform").execute(
        "insert into ops.check_result (build_id, check_id, kind, severity, is_blocking, has_passed)"
        " values (%s, 'T0', 'tie_out', 'error', true, true)", [build_id],
    )  # fmt: skip
    assert posted.one("transform", "select ops.issue_certificate(%s)", build_id) == (False,)


def test_the_poster_does_not_propose_or_approve_and_the_preparer_does_not_send(posted):
    for role, call in (
        ("poster", "ledger.propose('build-1')"),
        ("poster", "ledger.approve(1, 'x')"),
        ("preparer", "ledger.begin_sending(1)"),
        ("preparer", "ledger.approve_by_policy('build-1')"),
        ("transform", "ledger.propose('build-1')"),
        ("auditor", "ledger.approve(1, 'x')"),
        ("controller", "ledger.record_posted(1, 'r', 'n', '[]')"),
        ("policy", "ledger.write_audit('x', 1, 'a', 'b', '{}')"),
    ):
        with pytest.raises(InsufficientPrivilege):
            posted.by(role).execute(f"select {call}")


def test_an_entry_deleted_behind_the_triggers_leaves_a_gap_in_its_numbers(posted, refused):
    entry_id, _ = posted.entry_in("approved")
    posted.send(entry_id)
    numbers = posted.ask("auditor", "select entry_no from ledger.entry where entry_no is not null")
    assert sorted(numbers) == [(1,), (2,)]
    refused(posted.as_owner(), "update ledger.entry_number set last_no = 7", code="NUMBER")
