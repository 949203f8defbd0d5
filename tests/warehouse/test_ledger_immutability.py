"""What is recorded stays: nobody edits, deletes or adds, and tampering is found."""

import pytest
from psycopg.errors import InsufficientPrivilege, RaiseException

pytestmark = pytest.mark.promise(
    "What is recorded stays: no login edits or deletes it, and tampering is found"
)

LOGINS = ("ingest", "transform", "preparer", "policy", "approver", "controller", "poster",
          "auditor")  # fmt: skip
KEPT = ("entry", "entry_line", "entry_event", "approval", "audit", "erp_document", "cutoff",
        "refusal", "entry_number", "audit_head", "installation", "transition")  # fmt: skip


def attacks_on(table, column):
    return (
        f"insert into ledger.{table} default values",
        f"update ledger.{table} set {column} = {column}",
        f"delete from ledger.{table}",
        f"truncate ledger.{table}",
    )


def test_no_login_writes_a_ledger_table_itself(books):
    query = ("select relname, attname from pg_attribute join pg_class c on c.oid = attrelid"
             " where relnamespace = 'ledger'::regnamespace and attnum = 2"
             " and relkind = 'r'")  # fmt: skip
    columns = dict(books.ask("auditor", query))
    for login in LOGINS:
        for attack in (one for table in KEPT for one in attacks_on(table, columns[table])):
            with pytest.raises(InsufficientPrivilege):
                books.by(login).execute(attack)
                pytest.fail(f"{login} may {attack}")


def test_not_even_the_owner_deletes_or_truncates(posted, refused):
    owner = posted.as_owner()
    for table in KEPT:
        refused(owner, f"delete from ledger.{table}", code="IMMUTABLE")
        refused(owner, f"truncate ledger.{table} cascade", code="IMMUTABLE")


ATTACKS = [
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
]


def code_of(connection, attack):
    """Return the code with which the database refuses an attack, None when it does not."""
    try:
        connection.execute(attack)
    except RaiseException as refusal:
        return str(refusal).split(":")[0].removeprefix("TIEOUT ")
    return None


def test_not_even_the_owner_changes_what_is_recorded(posted):
    owner = posted.as_owner()
    codes = {attack: code_of(owner, attack) for attack in ATTACKS}
    assert {attack for attack, code in codes.items() if code != "IMMUTABLE"} == set()


def found_after(books, tampering, verify):
    """Return the problems that a verification finds after a tampering, which is taken back."""
    admin = books.database.admin()
    with admin.transaction(force_rollback=True):
        admin.execute("set local session_replication_role = replica")  # every trigger is off
        admin.execute(tampering)
        admin.execute(f"set local role {books.database.settings.role_prefix}_auditor")
        return {row[1] for row in admin.execute(f"select * from ledger.{verify}()").fetchall()}


def unfound(books, verify, tamperings):
    """Return the tamperings of which a verification does not find the problem that they make."""
    assert books.ask("auditor", f"select * from ledger.{verify}()") == []
    return [row for row in tamperings if row[1] not in found_after(books, row[0], verify)]


OF_AUDIT = [
    ("update ledger.audit set actor = 'nobody' where seq = 16", "HASH"),
    ("update ledger.audit set detail = '{}' where seq = 16", "HASH"),
    ("delete from ledger.audit where seq = 16", "GAP"),
    ("delete from ledger.audit where seq = (select max(seq) from ledger.audit)", "HEAD"),
    ("update ledger.audit set hash = repeat('0', 64) where seq = 16", "HASH"),
]


def test_tampering_with_the_audit_is_found(posted):
    assert unfound(posted, "verify_chain", OF_AUDIT) == []


OF_ENTRIES = [
    ("update ledger.entry_line set debit_amount = debit_amount + 1 where debit_amount > 0",
     "UNBALANCED"),
    ("update ledger.entry_event set control_key = 'other'", "CONTENT"),
    ("update ledger.entry_event set signed_amount = 2 * signed_amount", "EVIDENCE"),
    ("update ledger.entry set content_hash = repeat('0', 64)", "CONTENT"),
    ("update ledger.entry set state = 'posted'", "STATE"),
    ("delete from ledger.entry_event", "EVIDENCE"),
]  # fmt: skip


def test_tampering_with_entries_is_found(posted):
    assert unfound(posted, "verify_entries", OF_ENTRIES) == []
