"""What nobody may do. Each attack is refused by the database, whoever tries it."""

from datetime import date

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, RaiseException

LOGINS = ("ingest", "transform", "preparer", "policy", "approver", "controller", "poster",
          "auditor")  # fmt: skip
KEPT = ("entry", "entry_line", "entry_event", "approval", "audit", "erp_document", "cutoff",
        "refusal", "entry_number", "audit_head", "installation", "transition")  # fmt: skip


@pytest.fixture
def posted(books, ledger_line):
    """One posted entry, one approved, one proposed that waits for a person."""
    books.run([ledger_line("a", "charge.posted", "100.00")])
    books.demand(
        [
            ledger_line("a", "charge.posted", "100.00"),
            ledger_line("b", "remit.paid", "60.00", day=date(2026, 9, 20)),
            ledger_line("c", "credit.reclass.patient", "20.00", day=date(2026, 9, 21)),
        ]
    )
    books.propose()
    books.approve()
    return books


def entry_in(books, state):
    """Return (entry_id, content_hash) of the only entry in a state."""
    ((entry_id, *_, content),) = books.entries(state)
    return entry_id, content


def as_owner(books):
    """A superuser who acts as the owner of the tables; triggers stay on."""
    admin = books.database.admin()
    admin.execute(f"set role {books.database.settings.role_prefix}_owner")
    return admin


def refused(connection, query, *values, code):
    with pytest.raises(RaiseException, match=f"^TIEOUT {code}"):
        connection.execute(query, values or None)


def test_the_maker_does_not_approve_even_as_a_member_of_the_approvers(posted):
    books, admin = posted, posted.database.admin()
    prefix = books.database.settings.role_prefix
    entry_id, content = entry_in(books, "proposed")
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
    entry_id, content = entry_in(books, "proposed")
    admin.execute(f"grant {prefix}_controller to {prefix}_preparer")
    try:
        maker = books.by("preparer")
        maker.execute(f"set role {prefix}_controller")
        with pytest.raises(RaiseException, match=r"TIEOUT (NOT_A_PERSON|SELF_APPROVAL)"):
            maker.execute("select ledger.approve(%s, %s)", [entry_id, content])
    finally:
        admin.execute(f"revoke {prefix}_controller from {prefix}_preparer")


def test_a_superuser_as_table_owner_cannot_sign_or_forge_the_maker(posted):
    entry_id, content = entry_in(posted, "proposed")
    owner = as_owner(posted)
    refused(
        owner,
        "insert into ledger.approval (entry_id, content_hash, basis, approver, approved_at)"
        " values (%s, %s, 'person', 'somebody else', now())",
        entry_id, content, code="NOT_AN_APPROVER",
    )  # fmt: skip


def test_content_that_changed_since_it_was_seen_is_not_approved(posted):
    entry_id, _ = entry_in(posted, "proposed")
    refused(
        posted.by("controller"), "select ledger.approve(%s, %s)", entry_id, "0" * 64,
        code="CONTENT",
    )  # fmt: skip


def test_altered_lines_are_not_approved_even_where_triggers_were_switched_off(posted):
    entry_id, content = entry_in(posted, "proposed")
    admin = posted.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute(
        "update ledger.entry_event set evidence_hash = 'forged' where entry_id = %s", [entry_id]
    )
    refused(
        posted.by("controller"), "select ledger.approve(%s, %s)", entry_id, content, code="CONTENT"
    )


def test_policy_does_not_sign_for_a_person(posted):
    entry_id, content = entry_in(posted, "proposed")
    refused(
        posted.by("policy"), "select ledger.approve(%s, %s)", entry_id, content,
        code="NOT_A_PERSON",
    )  # fmt: skip


def test_a_person_does_not_sign_for_policy(posted):
    with pytest.raises(InsufficientPrivilege):
        posted.by("controller").execute("select ledger.approve_by_policy('build-1')")


@pytest.mark.parametrize("login", LOGINS)
def test_no_login_writes_a_ledger_table_itself(books, login):
    columns = dict(
        books.ask(
            "auditor",
            "select relname, attname from pg_attribute join pg_class c on c.oid = attrelid"
            " where relnamespace = 'ledger'::regnamespace and attnum = 2 and relkind = 'r'",
        )
    )
    for table in KEPT:
        for attack in (
            f"insert into ledger.{table} default values",
            f"update ledger.{table} set {columns[table]} = {columns[table]}",
            f"delete from ledger.{table}",
            f"truncate ledger.{table}",
        ):
            with pytest.raises(InsufficientPrivilege):
                books.by(login).execute(attack)


def test_not_even_the_owner_deletes_or_truncates(posted):
    owner = as_owner(posted)
    for table in KEPT:
        refused(owner, f"delete from ledger.{table}", code="IMMUTABLE")
        refused(owner, f"truncate ledger.{table} cascade", code="IMMUTABLE")


@pytest.mark.parametrize(
    "attack",
    [
        "update ledger.entry_line set debit_amount = debit_amount + 1",
        "update ledger.entry_event set signed_amount = 1",
        "update ledger.audit set actor = 'nobody'",
        "update ledger.cutoff set cutoff_date = '2020-01-01'",
        "update ledger.entry set gross_amount = 1",
        "update ledger.entry set proposed_by = 'somebody else'",
        "update ledger.entry set content_hash = repeat('0', 64)",
        "update ledger.entry set accounting_date = '2026-01-01'",
        "update ledger.entry set build_id = 'build-1' where state <> 'posted'",
        "update ledger.entry set build_id = 'build-2' where state = 'posted'",
        "update ledger.entry set entry_no = 99",
        "update ledger.approval set approver = 'somebody else'",
        "update ledger.erp_document set document_ref = 'another'",
        "update ledger.audit_head set hash = repeat('0', 64)",
        "update ledger.transition set to_state = 'posted'",
        "insert into ledger.entry_line select entry_id, line_no + 50, rule, account, facility_code,"
        " payer_class, original_period, debit_amount, credit_amount from ledger.entry_line",
        "insert into ledger.entry_event select * from ledger.entry_event",
    ],
)
def test_not_even_the_owner_changes_what_is_recorded(posted, attack):
    refused(as_owner(posted), attack, code="IMMUTABLE")


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
def test_not_even_the_owner_skips_a_state(posted, from_state, to_state, code):
    entry_id, _ = entry_in(posted, from_state)
    refused(
        as_owner(posted), "update ledger.entry set state = %s where entry_id = %s",
        to_state, entry_id, code=code,
    )  # fmt: skip


def test_an_entry_begins_as_a_proposal(posted):
    refused(
        as_owner(posted),
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
    owner = as_owner(posted)
    with pytest.raises(RaiseException, match=f"^TIEOUT {code}"), owner.transaction():
        (entry_id,) = owner.execute(INSERT_ENTRY).fetchone()
        owner.execute(INSERT_LINE, [entry_id, 1, "1050", debit, 0])
        owner.execute(INSERT_LINE, [entry_id, 2, "1110", 0, credit])
    assert posted.one("auditor", "select count(*) from ledger.entry where generation = 50") == (0,)


def test_the_owner_commits_no_entry_that_balances_between_entities_only(posted):
    owner = as_owner(posted)
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


def test_demanded_lines_that_do_not_balance_are_not_proposed(books, ledger_line):
    books.demand([ledger_line("a", "remit.paid", "60.00")])
    books.by("transform").execute(
        "update marts.fct_ledger_line set signed_amount = 59 where account = '1050'"
    )
    with pytest.raises(RaiseException, match="TIEOUT UNBALANCED"):
        books.propose()
    assert books.entries() == []


def test_nothing_is_posted_twice(posted):
    entry_id, _ = entry_in(posted, "posted")
    poster = posted.by("poster")
    refused(poster, "select ledger.begin_sending(%s)", entry_id, code="STATE")
    refused(
        poster, "select ledger.record_posted(%s, 'other', 'other', '[]')", entry_id, code="STATE"
    )


def test_one_document_serves_one_entry(posted):
    (approved, _), (done, _) = entry_in(posted, "approved"), entry_in(posted, "posted")
    posted.send(approved)
    with pytest.raises(psycopg.errors.UniqueViolation):
        posted.by("poster").execute(
            "select ledger.record_posted(%s, %s, 'no', '[]')", [approved, f"ref-{done}"]
        )


def test_posted_needs_a_document_of_the_erp(posted):
    entry_id, _ = entry_in(posted, "approved")
    posted.send(entry_id)
    refused(
        as_owner(posted), "update ledger.entry set state = 'posted' where entry_id = %s", entry_id,
        code="NO_DOCUMENT",
    )  # fmt: skip


def test_an_entry_of_a_closed_period_is_not_sent(posted):
    entry_id, _ = entry_in(posted, "approved")
    posted.by("poster").execute(
        "select ledger.mirror_period('NLH', '2026-09-01', '2026-09-30', 'r', 'closed')"
    )
    assert entry_id not in posted.sendable()
    refused(posted.by("poster"), "select ledger.begin_sending(%s)", entry_id, code="HELD")


def test_an_entry_is_not_sent_without_a_certificate_over_the_same_build(posted):
    entry_id, _ = entry_in(posted, "approved")
    posted.propose(posted.build(passes=False))
    assert posted.holds(entry_id) == {"CERTIFICATE"}
    refused(posted.by("poster"), "select ledger.begin_sending(%s)", entry_id, code="HELD")
    posted.propose(posted.build(passes=True))
    assert posted.send(entry_id) == 2


def test_a_certificate_is_not_edited_into_passing(posted):
    build_id = posted.build(passes=False)
    owner = as_owner(posted)
    refused(
        owner, "update ops.certificate set passes = true where build_id = %s", build_id,
        code="IMMUTABLE",
    )  # fmt: skip
    refused(owner, "delete from ops.certificate", code="IMMUTABLE")
    refused(owner, "update ops.certificate_row set status = 'passed'", code="IMMUTABLE")
    posted.by("transform").execute("update ops.check_result set has_passed = true")
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


@pytest.mark.parametrize(
    ("tampering", "problem"),
    [
        ("update ledger.audit set actor = 'nobody' where seq = 16", "HASH"),
        ("update ledger.audit set detail = '{}' where seq = 16", "HASH"),
        ("delete from ledger.audit where seq = 16", "GAP"),
        ("delete from ledger.audit where seq = (select max(seq) from ledger.audit)", "HEAD"),
        ("update ledger.audit set hash = repeat('0', 64) where seq = 16", "HASH"),
    ],
)
def test_tampering_with_the_audit_is_found(posted, tampering, problem):
    assert posted.ask("auditor", "select * from ledger.verify_chain()") == []
    admin = posted.database.admin()
    admin.execute("set session_replication_role = replica")  # every trigger is off
    admin.execute(tampering)
    assert problem in [
        row[1] for row in posted.ask("auditor", "select * from ledger.verify_chain()")
    ]


@pytest.mark.parametrize(
    ("tampering", "problem"),
    [
        ("update ledger.entry_line set debit_amount = debit_amount + 1 where debit_amount > 0",
         "UNBALANCED"),
        ("update ledger.entry_event set control_key = 'other'", "CONTENT"),
        ("update ledger.entry_event set signed_amount = 2 * signed_amount", "EVIDENCE"),
        ("update ledger.entry set content_hash = repeat('0', 64)", "CONTENT"),
        ("update ledger.entry set state = 'posted'", "STATE"),
        ("delete from ledger.entry_event", "EVIDENCE"),
    ],
)  # fmt: skip
def test_tampering_with_entries_is_found(posted, tampering, problem):
    assert posted.ask("auditor", "select * from ledger.verify_entries()") == []
    admin = posted.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute(tampering)
    found = [row[1] for row in posted.ask("auditor", "select * from ledger.verify_entries()")]
    assert problem in found


def test_an_entry_deleted_behind_the_triggers_leaves_a_gap_in_its_numbers(posted):
    entry_id, _ = entry_in(posted, "approved")
    posted.send(entry_id)
    numbers = posted.ask("auditor", "select entry_no from ledger.entry where entry_no is not null")
    assert sorted(numbers) == [(1,), (2,)]
    refused(as_owner(posted), "update ledger.entry_number set last_no = 7", code="NUMBER")
