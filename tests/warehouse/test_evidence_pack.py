"""An evidence pack verifies by itself, without Tieout, and says the same whenever it is made."""

import ast
import hashlib
import json
import shutil
import sys
import tarfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from billing.evidence import form, verifier
from billing.evidence.verify_pack import value_of
from resources.archive import Archive
from resources.evidence_pack import LedgerMovedError, Sample
from resources.warehouse import evidence
from resources.warehouse.ledger import audit_head
from tests.fixtures.books import begins, post_and_approve
from tests.fixtures.packs import (
    FILE,
    NAME,
    NOON,
    change,
    failing,
    make,
    run,
    seal,
    table,
    with_balances,
)

pytestmark = pytest.mark.promise(
    "An evidence pack verifies by itself, without Tieout",
    "An evidence pack of the same state is the same bytes, and names no patient",
)


@begins
def state(books):
    """Books with entries posted, approved and waiting, and what the ERP says of them."""
    with_balances(post_and_approve(books))


@pytest.fixture
def pack(made_once, tmp_path):
    return shutil.copytree(made_once("state"), tmp_path / "pack")


def test_a_pack_verifies_as_a_folder_and_as_a_tar(state, tmp_path):
    made = make(state, tmp_path / "pack")
    code, text = run(made.folder, "--head", made.head, "--anchor", made.anchor)
    assert code == 0, text
    assert "everything holds" in text
    code, text = run(made.folder, str(made.tar), "--anchor", made.anchor)
    assert code == 0, text


def test_every_check_looked_at_something(pack):
    code, text = run(pack, "--json", "--anchor", "0:" + "0" * 64)
    looked = {one["name"]: one["looked"] for one in json.loads(text)}
    assert code == 0
    assert {name for name, count in looked.items() if count == 0} == {"sample", "requests"}
    assert len(looked) == 18


def test_the_pack_holds_what_the_database_holds(state, pack):
    entries = table(pack, "ledger/entries.csv")
    assert {row["state"] for row in entries} == {"posted", "approved", "proposed"}
    assert sum(Decimal(row["gross_amount"]) for row in entries) == Decimal("180.00")
    ((seq, hashed),) = state.ask("auditor", "select seq, hash from ledger.audit_head")
    assert json.loads((pack / "audit/head.json").read_text()) == {"seq": seq, "hash": hashed}
    (signature, *_) = table(pack, "ledger/signatures.csv")
    assert signature["approver"] == f"{state.database.settings.role_prefix}_policy"
    assert (signature["approval_class"], signature["authority"]) == ("none", "policy")
    ((policy_id,),) = state.ask("auditor", "select max(policy_id) from ledger.policy")
    assert (signature["policy_id"], signature["limit_id"]) == (str(policy_id), "policy-daily")


def test_an_entity_and_a_period_keep_the_rest_out_and_still_tie_out(state, tmp_path):
    scope = evidence.Scope(date(2026, 10, 1), date(2026, 10, 31), ("NLH",))
    folder = make(state, tmp_path / "pack", scope=scope).folder
    assert table(folder, "ledger/entries.csv") == []
    assert len(table(folder, "ledger/index.csv")) == 3
    assert failing(folder) == set()


def test_two_packs_of_one_state_are_the_same_bytes_and_another_time_is_only_stated(state, tmp_path):
    first, again = make(state, tmp_path / "a" / "pack"), make(state, tmp_path / "b" / "pack")
    assert first.tar.read_bytes() == again.tar.read_bytes()
    later = make(state, tmp_path / "c" / "pack", made_at=NOON.replace(hour=13))
    differing = {
        path.relative_to(first.folder).as_posix()
        for path in first.folder.rglob("*")
        if path.is_file()
        and path.read_bytes() != (later.folder / path.relative_to(first.folder)).read_bytes()
    }
    assert differing == {"MANIFEST.json", "MANIFEST.sha256"}


def test_no_name_of_a_patient_is_in_the_pack(state, pack):
    content = b"".join(one.read_bytes() for one in pack.rglob("*") if one.is_file())
    assert len(content) > 20_000
    assert b"CANARY" not in content
    assert b"QUILLA" not in content
    (row,) = table(pack, "inputs/files.csv")
    assert (row["sha256"], row["name_given"]) == (hashlib.sha256(FILE).hexdigest(), "")
    assert len(row["name_hash"]) == 32
    assert state.one("ingest", "select name from ops.received_file") == (NAME,)


def test_a_name_of_our_own_making_is_given(state, tmp_path):
    admin = state.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute("update ops.received_file set source = 'payments', name = 'charges-2026-09.json'")
    (row,) = table(make(state, tmp_path / "pack").folder, "inputs/files.csv")
    assert row["name_given"] == "charges-2026-09.json"


def test_received_files_come_along_only_when_asked_for_and_the_pack_says_so(state, tmp_path):
    archive = Archive(tmp_path / "archive")
    stored = archive.store(FILE)
    made = make(state, tmp_path / "pack", archive=archive, archive_reader="ann as reader")
    stated = json.loads((made.folder / "MANIFEST.json").read_text())["parameters"]
    assert (stated["with_files"], stated["files_read_by"]) == (True, "ann as reader")
    assert (made.folder / "inputs/archive" / stored.sha256).read_bytes() == FILE
    assert "PATIENT DATA" in (made.folder / "README.md").read_text()
    assert failing(made.folder) == set()
    (made.folder / "inputs/archive" / stored.sha256).write_bytes(b"other")
    assert failing(made.folder) == {"files", "inputs"}


def test_a_sample_is_drawn_by_its_seed_and_drawn_again_by_the_verifier(state, tmp_path):
    made = make(state, tmp_path / "pack", sample=Sample(1, "auditor-7"))
    stated = json.loads((made.folder / "MANIFEST.json").read_text())["parameters"]["sample"]
    assert stated == {"size": 1, "seed": "auditor-7", "population": 1}
    assert failing(made.folder) == set()
    change(made.folder, "sample/entries.csv", 0, "entry_id", "2")
    seal(made.folder)
    assert failing(made.folder) == {"sample"}


def test_a_sample_depends_on_its_seed_alone():
    entries = [(number, f"hash-{number}") for number in range(50)]
    first = list(form.draw(entries, 5, "a"))
    assert list(form.draw(reversed(entries), 5, "a")) == first
    assert list(form.draw(entries, 5, "b")) != first
    assert [rank for rank, *_ in first] == [1, 2, 3, 4, 5]


def test_a_pack_is_never_written_over_and_a_failed_one_leaves_nothing(state, tmp_path):
    make(state, tmp_path / "pack")
    with pytest.raises(FileExistsError):
        make(state, tmp_path / "pack")
    with pytest.raises(FileNotFoundError):
        make(state, tmp_path / "other", archive=Archive(tmp_path / "nothing"))
    assert {one.name for one in tmp_path.iterdir()} == {"pack", "pack.tar"}


def test_a_ledger_that_moved_since_its_tie_outs_gives_no_pack(state, tmp_path):
    head = audit_head(state.by("auditor"))
    state.by("preparer").execute("select ledger.record_cutoff('NPG', '2026-10-31')")
    with pytest.raises(LedgerMovedError):
        make(state, tmp_path / "pack", head=head)
    assert list(tmp_path.iterdir()) == []


def test_a_tar_names_its_files_in_order_with_one_time_and_no_owner(state, tmp_path):
    made = make(state, tmp_path / "pack")
    with tarfile.open(made.tar) as tar:
        members = tar.getmembers()
    assert [one.name for one in members] == sorted(one.name for one in members)
    assert {(one.mtime, one.uid, one.uname) for one in members} == {(NOON.timestamp(), 0, "")}


def test_the_verifier_is_one_file_for_python_3_9_whose_names_do_not_collide():
    tree = ast.parse(verifier.source(), feature_version=(3, 9))
    names = [one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.ClassDef)]
    assert len(names) == len(set(names))
    imported = {alias.name for one in ast.walk(tree) if isinstance(one, ast.Import)
                for alias in one.names}  # fmt: skip
    assert imported <= sys.stdlib_module_names


@pytest.mark.parametrize("text", ["", "\\", "=1+1", "+cmd", "@x", 'a,b\n"c"', "-12.00", "\\x"])
def test_a_cell_reads_back_as_it_was_and_is_no_formula(text):
    written = form.cell(text)
    assert value_of(written) == text
    assert written[:1] not in ("=", "+", "@")


@pytest.mark.parametrize("text", ["2026-9", "2026-13", "2026", "2026-10..2026-09", "x"])
def test_a_period_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match=r"month|period"):
        form.months(text)


def test_a_period_is_whole_months():
    assert form.months("2026-02") == (date(2026, 2, 1), date(2026, 2, 28))
    assert form.months("2026-11..2026-12") == (date(2026, 11, 1), date(2026, 12, 31))


def test_every_table_states_its_grain():
    for path in (*evidence.TABLES, evidence.SAMPLE):
        assert evidence.grain(path).startswith("One row per "), path
    assert Path(evidence.__file__).parent.joinpath("evidence_sql").is_dir()
