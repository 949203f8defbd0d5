"""Each kind of tampering with an evidence pack is found by the verifier in it, run by itself."""

import json
import shutil
from decimal import Decimal

import pytest

from billing.evidence.verify_entries import content_hash
from billing.evidence.verify_pack import value_of
from tests.fixtures.books import begins, post_and_approve
from tests.fixtures.packs import change, failing, make, put, run, seal, table, with_balances

pytestmark = pytest.mark.promise(
    "Each kind of tampering with an evidence pack is found by its own verifier"
)


@begins
def state(books):
    """Books with entries posted, approved and waiting, and what the ERP says of them."""
    with_balances(post_and_approve(books))


@pytest.fixture
def pack(made_once, tmp_path):
    return shutil.copytree(made_once("state"), tmp_path / "pack")


def test_a_changed_amount_is_found_without_and_with_a_new_manifest(pack):
    change(pack, "ledger/lines.csv", 0, "debit_amount", "101.00")
    assert {"files", "content of entries", "balance"} <= failing(pack)
    seal(pack)
    assert failing(pack) == {"content of entries", "balance", "erp documents", "movements"}


def test_a_removed_line_is_found(pack):
    put(pack, "ledger/lines.csv", table(pack, "ledger/lines.csv")[1:])
    seal(pack)
    assert {"content of entries", "balance", "erp documents"} <= failing(pack)


def test_a_removed_entry_is_found(pack):
    for name in ("entries", "lines", "events", "index"):
        rows = [r for r in table(pack, f"ledger/{name}.csv") if r["entry_id"] != "3"]
        put(pack, f"ledger/{name}.csv", rows)
    seal(pack)
    assert "entries as audited" in failing(pack)


def test_a_removed_audit_row_is_found(pack):
    rows = table(pack, "audit/chain.csv")
    del rows[2]
    put(pack, "audit/chain.csv", rows)
    seal(pack)
    assert "audit chain" in failing(pack)


def test_a_changed_audit_row_is_found(pack):
    change(pack, "audit/chain.csv", 1, "actor", "somebody")
    seal(pack)
    assert "audit chain" in failing(pack)


@pytest.mark.parametrize("approver", ["tieout_test_controller", "tieout_test_preparer"])
def test_a_swapped_signature_is_found(pack, approver):
    change(pack, "ledger/signatures.csv", 0, "approver", approver)
    seal(pack)
    assert failing(pack) == {"signatures"}


@pytest.mark.parametrize("column", ["limit_id", "authority", "policy_version"])
def test_another_authority_for_a_signature_is_found(pack, column):
    change(pack, "ledger/signatures.csv", 0, column, "controller")
    seal(pack)
    assert failing(pack) == {"signatures"}


def test_a_signature_beyond_its_limit_is_found(pack):
    for at, _ in enumerate(table(pack, "rules/policy_limits.csv")):
        change(pack, "rules/policy_limits.csv", at, "entry_limit", "1.00")
    seal(pack)
    assert failing(pack) == {"signatures"}


def test_a_signature_that_is_taken_away_is_found(pack):
    put(pack, "ledger/signatures.csv", table(pack, "ledger/signatures.csv")[1:])
    seal(pack)
    assert failing(pack) == {"signatures"}


def rewrite(pack):
    """Make one posted entry ten dollars larger everywhere but in the audit chain."""
    for name in ("ledger/lines.csv", "erp/document_lines.csv", "ledger/events.csv"):
        rows = table(pack, name)
        for row in rows:
            for column in ("debit_amount", "credit_amount", "signed_amount"):
                if row["entry_id"] == "1" and Decimal(row.get(column) or 0):
                    is_less = row[column].startswith("-")
                    row[column] = "-110.00" if is_less else "110.00"
        put(pack, name, rows)
    more = {"1110": 10, "4010": -10}
    for name in ("sums/movements.csv", "sums/subledger.csv", "erp/balances.csv"):
        rows = table(pack, name)
        for row in (one for one in rows if one["account"] in more):
            for column in ("debit_amount", "credit_amount"):
                if row.get(column) == "100.00" and row["state"] == "posted":
                    row[column] = "110.00"
            for column in {"demanded_amount", "balance_amount"} & set(row):
                row[column] = str(Decimal(row[column]) + more[row["account"]])
        put(pack, name, rows)


def first_entry(pack, name):
    rows = (row for row in table(pack, name) if row["entry_id"] == "1")
    return [{column: value_of(text) for column, text in row.items()} for row in rows]


def test_a_rehashed_entry_with_its_manifest_is_found_by_the_audit_chain(pack):
    rewrite(pack)
    (entry,) = first_entry(pack, "ledger/entries.csv")
    lines, events = first_entry(pack, "ledger/lines.csv"), first_entry(pack, "ledger/events.csv")
    new = content_hash(entry, lines, events)
    for name in ("ledger/entries.csv", "ledger/index.csv", "ledger/signatures.csv"):
        change(pack, name, 0, "content_hash", new)
    change(pack, "ledger/entries.csv", 0, "gross_amount", "110.00")
    seal(pack)
    assert failing(pack) == {"entries as audited", "signatures"}


def test_a_truncated_chain_is_found_by_an_anchor_and_by_nothing_else(state, tmp_path):
    made = make(state, tmp_path / "pack")
    rows = table(made.folder, "audit/chain.csv")
    assert rows[-1]["action"] == "record cutoff"
    put(made.folder, "audit/chain.csv", rows[:-1])
    head = {"seq": int(rows[-2]["seq"]), "hash": rows[-2]["hash"]}
    (made.folder / "audit/head.json").write_text(json.dumps(head))
    seal(made.folder)
    assert failing(made.folder) == set()
    assert failing(made.folder, "--anchor", made.anchor) == {"anchors"}
    assert failing(made.folder, "--head", made.head) == {"files"}


def test_a_chain_that_was_rebuilt_in_the_database_is_found_by_an_anchor(state, tmp_path):
    ((seq, hashed),) = state.ask("auditor", "select seq, hash from ledger.audit_head")
    admin = state.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute("update ledger.audit set actor = 'nobody' where action = 'record cutoff'")
    admin.execute(
        "update ledger.audit set hash = ledger.audit_hash(prev_hash, seq, at, actor, action,"
        " entry_id, from_state, to_state, detail, authenticated) where action = 'record cutoff'"
    )
    admin.execute("update ledger.audit_head set hash = a.hash from ledger.audit a"
                  " where a.seq = audit_head.seq")  # fmt: skip
    folder = make(state, tmp_path / "pack").folder
    assert failing(folder) == set()
    assert failing(folder, "--anchor", f"{seq}:{hashed}") == {"anchors"}


def test_a_changed_document_of_the_erp_is_found(state, tmp_path):
    lines = json.loads(state.lines_of(1))
    lines[0]["debit"] = "99.00"
    state.one("poster", "select ledger.record_read_back(1, 'posted', 'no-1', %s)",
              json.dumps(lines))  # fmt: skip
    assert failing(make(state, tmp_path / "pack").folder) == {"erp documents"}


@pytest.mark.parametrize(
    ("name", "column", "value", "found"),
    [
        ("builds/certificate_rows.csv", "status", "failed", "certificates"),
        ("ledger/index.csv", "entry_no", "7", "entry numbers"),
        ("erp/balances.csv", "balance_amount", "1.00", "sub-ledger and erp"),
        ("exceptions/totals.csv", "waiting_amount", "1.00", "exceptions"),
        ("tie_outs/tie_outs.csv", "right_amount", "1.00", "tie-outs"),
        ("inputs/files.csv", "sha256", "0" * 64, "inputs"),
        ("ledger/entries.csv", "state", "void", "entries as audited"),
    ],
)
def test_each_other_table_is_held_to_what_it_must_agree_with(pack, name, column, value, found):
    change(pack, name, 0, column, value)
    seal(pack)
    assert found in failing(pack)


def test_a_file_that_is_missing_or_foreign_is_named(pack):
    (pack / "extra.csv").write_text("x\n")
    (pack / "erp/balances.csv").unlink()
    code, text = run(pack)
    assert code == 1
    assert "extra.csv is not in the manifest" in text
    assert "erp/balances.csv is not there" in text
