"""The ledger verified from its rows: each damage is named by its check, and no check stops others.

Damage is done as the superuser with triggers off, as nobody else can.
"""

import psycopg
import pytest

from billing.evidence.living import CHECKS
from orchestration import audit_access
from resources.warehouse import verification
from tests.fixtures.damages import REWRITTEN

pytestmark = pytest.mark.promise(
    "Damage in the ledger is found from its rows, whatever its own functions say",
    "An act in the name of another login shows the login that authenticated",
)

FORGED = """
insert into ledger.approval (entry_id, content_hash, basis, approver, approved_at, policy_id)
select entry_id, content_hash, 'person', 'tieout_test_controller', now(), 1
from ledger.entry where entry_id = 3
"""
DAMAGES = {
    "amount of a line": (
        "update ledger.entry_line set debit_amount = 101 where debit_amount = 100",
        "content of entries", "entry 1 does not have its content hash",
    ),
    "amount of an entry": (
        "update ledger.entry set gross_amount = 1 where entry_id = 1",
        "entries as audited", "entry 1: key and amount are not the audited ones",
    ),
    "account on both sides": (
        "update ledger.entry_line set account = '1055' where account = '1110';"
        " update ledger.entry_event set account = '1055' where account = '1110'",
        "content of entries", "entry 1 does not have its content hash",
    ),
    "state": (
        "update ledger.entry set state = 'posted' where entry_id = 3",
        "entries as audited", "entry 3: state is not the audited one",
    ),
    "preparer": (
        "update ledger.entry set proposed_by = 'somebody' where entry_id = 3",
        "entries as audited", "entry 3: its preparer is not the audited one",
    ),
    "deleted entry": (
        "delete from ledger.entry where entry_id = 3",
        "entries as audited", "entry 3 was audited and is not there",
    ),
    "forged approval": (FORGED, "signatures", "signature 3 is not the audited one"),
    "deleted approval": (
        "delete from ledger.approval where entry_id = 1",
        "signatures", "entry 1, class none: no signature",
    ),
    "measure of an approval": (
        "update ledger.approval set entry_amount = 1 where entry_id = 1",
        "signatures", "signature 1 is not the audited one",
    ),
    "deleted audit row": (
        "delete from ledger.audit where seq = 5",
        "audit chain", "audit row 6 follows row 4: a gap",
    ),
    "newest audit row": (
        "delete from ledger.audit where seq = (select max(seq) from ledger.audit)",
        "audit chain", "its head is row",
    ),
    "actor of an audit row": (
        "update ledger.audit set actor = 'nobody' where seq = 5",
        "audit chain", "audit row 5 does not have its hash",
    ),
    "authenticated login of an audit row": (
        "update ledger.audit set authenticated = null where seq = 5",
        "audit chain", "audit row 5 does not have its hash",
    ),
    "emptied audit row": (
        "update ledger.audit set detail = '{}' where action = 'propose' and entry_id = 1",
        "entries as audited", "entry 1: content hash is not the audited one",
    ),
    "unreadable audit row": (
        "update ledger.audit set detail = '\"x\"' where action = 'sign'",
        "signatures", "signature 1 is not the audited one",
    ),
    "unreadable number": (
        "alter table ledger.audit alter seq type text; update ledger.audit set seq = 'x'"
        " where seq = '5'",
        "audit chain", "cannot be worked out: ValueError",
    ),
    "no head": ("delete from ledger.audit_head", "audit chain", "the audit has 0 heads, not one"),
    "entry number": (
        "update ledger.entry set entry_no = 3 where entry_no = 1",
        "entry numbers", "entity NLH lacks the numbers [1, 2]",
    ),
    "limit of the policy": (
        "update ledger.policy_limit set entry_amount = 99999999",
        "policies", "policy 1 is not the audited one",
    ),
    "closed period": (
        "update ledger.period set own_status = 'closed' where period_start = '2026-02-01'",
        "periods and corrections", "period 2026-02-01 of NLH is closed, audited as open",
    ),
    "certificate": (
        "update ops.certificate_row set status = 'failed' where build_id = 'build-1'",
        "certificates", "certificate of build-1 does not have its content hash",
    ),
    "digest": (
        "update ledger.recorded_digest set digest_high = digest_high + 1",
        "digests", "digest of NLH 2026-09-15",
    ),
    "view in place of a table": (
        "alter table ledger.approval rename to kept;"
        " create view ledger.approval as select * from ledger.kept;"
        " grant select on ledger.approval to public",
        "signatures", "cannot be worked out: database error 55000",
    ),
    "rows hidden by a policy": (
        "alter table ledger.audit enable row level security",
        "audit chain", "cannot be worked out: database error 42501",
    ),
}  # fmt: skip


def damage(books, query):
    admin = books.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute(query)


def found(books):
    return verification.problems(books.by("auditor"))


def test_sound_ledger_has_no_problem_and_functions_agree(posted):
    connection = posted.by("auditor")
    checks = verification.verify(connection)
    assert [one.name for one in checks] == [name for name, _ in CHECKS]
    assert [one.problems for one in checks if one.problems] == []
    assert verification.compare_functions(connection, checks).problems == []


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_named_by_its_check(posted, name):
    query, check, words = DAMAGES[name]
    damage(posted, query)
    assert any(one.startswith(f"{check}: ") and words in one for one in found(posted))


READ = ("audit", "audit_head", "entry", "entry_line", "entry_event", "approval", "policy",
        "policy_limit", "period", "period_act", "request", "request_act", "rule_release",
        "restatement_order", "model_run", "opening_list", "carry", "recorded_digest",
        "entry_provenance")  # fmt: skip


@pytest.mark.parametrize("table", READ)
def test_dropped_table_is_named_and_other_checks_go_on(posted, table):
    damage(posted, f"drop table ledger.{table} cascade")
    checks = verification.verify(posted.by("auditor"))
    stopped = [one for one in checks if "cannot be worked out: database error 42P01" in
               "".join(one.problems)]  # fmt: skip
    assert stopped
    assert len(checks) == len(CHECKS)
    listed = {one["kind"] for one in access(posted)}
    assert "changed past the audit" in listed


def access(books):
    with books.database.connect("auditor") as connection:
        prefix = books.database.settings.role_prefix
        return audit_access.gather(connection, prefix)["above_the_rules"]


SILENCED = """
create or replace function ledger.verify_entries() returns table (entry_id bigint, problem text)
language sql stable security definer as $$ select null::bigint, null::text where false $$
"""


def test_function_that_finds_nothing_hides_nothing_and_is_named(posted):
    damage(posted, SILENCED)
    damage(posted, FORGED)
    changed = {one["what"] for one in access(posted)}
    assert "signatures: signature 3 is not the audited one" in changed
    named = f"{verification.OWN_WORD}: ledger.verify_entries finds nothing, rows show problems"
    assert any(one.startswith(named) for one in changed)


def test_rewritten_chain_is_found_by_an_anchor_alone(posted):
    ((seq, hashed),) = posted.ask("auditor", "select seq, hash from ledger.audit_head")
    anchor = f"{seq}:{hashed}"
    places = {anchor: "document 7"}
    assert verification.verify_anchors(posted.by("auditor"), "anchors", places).problems == []
    damage(posted, REWRITTEN)
    assert found(posted) == []
    (problem,) = verification.verify_anchors(posted.by("auditor"), "anchors", places).problems
    assert problem.startswith(f"anchor {anchor[:14]}")
    assert "of document 7: row" in problem
    assert "the chain was rebuilt" in problem


def test_act_in_anothers_name_shows_who_authenticated(posted):
    admin = posted.database.admin()
    ((name,),) = admin.execute("select session_user").fetchall()
    admin.execute("set session authorization tieout_test_controller")
    admin.execute("select ledger.request_period('NLH', '2026-03-01', 'close', 'by hand')")
    admin.execute("reset session authorization")
    (row,) = [one for one in access(posted) if one["kind"] == "acted as another"]
    assert row["who"].endswith(f":{name}")
    assert row["what"] == "tieout_test_controller: period act"


def test_document_keeps_the_anchor_that_was_fixed_for_it(posted):
    rows = "select entry_id, anchored_on, seq, hash from ledger.document_anchor"
    ((entry_id, day, seq, hashed),) = posted.ask("auditor", rows)
    kept = posted.ask("auditor", "select hash from ledger.audit where seq = %s", seq)
    assert (entry_id, kept) == (1, [(hashed,)])
    posted.send(2)  # the same day: the next day's first document carries the next one
    assert posted.ask("auditor", rows) == [(entry_id, day, seq, hashed)]
    with pytest.raises(psycopg.errors.RaiseException, match=r"^TIEOUT IMMUTABLE"):
        posted.as_owner().execute("update ledger.document_anchor set hash = repeat('0', 64)")
