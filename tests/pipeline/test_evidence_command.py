"""`tieout evidence` over a whole installation: made, verified, anchored, and without a patient."""

import hashlib
import json
import subprocess
import sys
from datetime import UTC, date, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from orchestration import evidence
from orchestration.cli import app
from resources.evidence_pack import Written
from resources.settings import load_settings
from resources.warehouse import tie_outs

CANARIES = (b"CANARY", b"QUILLA", b"20061023", b"2006-10-23")
pytestmark = pytest.mark.xdist_group("story")


def proof(pipeline: Any) -> dict[str, Any]:
    """What `prove` gives, from the database alone: the ERP of these tests is in memory."""
    with pipeline.database.connect("transform") as connection:
        found = tie_outs.evaluate(connection)
    facts = [
        {"id": one.id, "scope": one.scope, "title": "", "left": one.left, "right": one.right,
         "difference": one.difference, "breaks": one.breaks, "holds": one.holds}
        for one in found
    ]  # fmt: skip
    return {"tie_outs": facts, "left_out": ["T15"]}


def make(pipeline: Any, name: str, **changes: Any) -> Written:
    facts = {
        "first": date(2026, 1, 1),
        "last": date(2026, 10, 31),
        "entity": None,
        "folder": pipeline.home / name,
        "made_at": datetime(2026, 11, 2, tzinfo=UTC),
    }
    request = evidence.Request(**{**facts, **changes})
    return evidence.make(load_settings(), request, proof(pipeline))


def verify(written: Written, *words: str) -> tuple[int, str]:
    command = [sys.executable, "-I", str(written.folder / "verify.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={})
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def story(posted: Any) -> Any:
    """One claim billed, paid and posted; the anchor that the post job wrote down beside it."""
    (balance,) = posted.runs["post"].asset_materializations_for_node("read_balances")
    posted.anchor = balance.metadata["audit_anchor"].value
    return posted


@pytest.mark.promise("An evidence pack verifies itself offline, and a changed file in it is named")
@pytest.mark.promise("An evidence pack names no patient")
def test_a_pack_of_a_real_build_verifies_and_names_no_patient(story: Any) -> None:
    written = make(story, "pack")
    code, text = verify(written, "--head", written.head, "--anchor", story.anchor)
    assert code == 0, text
    content = b"".join(one.read_bytes() for one in written.folder.rglob("*") if one.is_file())
    assert len(content) > 50_000
    assert [canary for canary in CANARIES if canary in content] == []
    rows = {one.path: one.tally.rows for one in written.files if one.tally}
    assert rows["ledger/entries.csv"] > 0
    assert rows["ledger/events.csv"] > 0
    assert rows["inputs/files.csv"] == 3
    assert rows["tie_outs/tie_outs.csv"] > 5
    assert rows["rules/seeds/posting_rules.csv"] > 10


@pytest.mark.promise(
    "An audit trail that was cut off after posting is found through the posted anchor"
)
def test_the_anchor_of_the_post_job_finds_a_chain_that_was_cut_off_since(story: Any) -> None:
    with story.database.admin() as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute("delete from ledger.audit where seq = (select max(seq) from ledger.audit)")
        admin.execute(
            "update ledger.audit_head set seq = last.seq, hash = last.hash"
            " from (select seq, hash from ledger.audit order by seq desc limit 1) as last"
        )
    code, text = verify(make(story, "pack"), "--anchor", story.anchor)
    assert code == 1
    assert "was anchored, and the chain ends at row" in text


@pytest.mark.promise(
    "Received files enter a pack through a login that may read them, and the pack names it"
)
def test_received_files_are_read_by_a_login_that_may_and_the_pack_names_it(story: Any) -> None:
    written = make(story, "pack", with_files=True)
    stated = json.loads((written.folder / "MANIFEST.json").read_text())["parameters"]
    assert stated["files_read_by"].endswith("_ingest")
    archived = list((written.folder / "inputs/archive").iterdir())
    assert len(archived) == 3
    assert all(hashlib.sha256(one.read_bytes()).hexdigest() == one.name for one in archived)
    assert verify(written)[0] == 0


@pytest.mark.promise("An evidence pack verifies itself offline, and a changed file in it is named")
def test_the_command_verifies_a_pack_and_says_what_fails(story: Any) -> None:
    written = make(story, "pack", entity="NPG")
    fine = CliRunner().invoke(app, ["evidence", "verify", str(written.tar)])
    assert fine.exit_code == 0, fine.output
    assert "everything holds" in fine.output
    (written.folder / "ledger/lines.csv").write_text("entry_id\n")
    broken = CliRunner().invoke(app, ["evidence", "verify", str(written.folder)])
    assert broken.exit_code == 1
    assert "ledger/lines.csv does not have its hash" in broken.output


@pytest.mark.promise("An evidence pack for an unknown entity is refused with the known ones")
def test_an_entity_that_is_not_known_is_told(pipeline: Any) -> None:
    settings = load_settings()
    request = evidence.Request(
        date(2026, 9, 1), date(2026, 9, 30), "ZZZ", pipeline.home / "pack", datetime.now(UTC)
    )
    with pytest.raises(evidence.EvidenceError, match=r"not an entity: ZZZ; there are NLH, NPG"):
        evidence.make(settings, request, {"tie_outs": [], "left_out": []})


@pytest.mark.promise("An evidence pack identifies the code by commit and by the hash of every file")
def test_the_code_is_named_by_its_commit_and_by_the_hash_of_every_file() -> None:
    texts = evidence.code_identity()
    facts = json.loads(texts["rules/code.json"])
    listed = texts["rules/code_files.csv"]
    assert facts["content_hash"] == hashlib.sha256(listed).hexdigest()
    assert b"resources/warehouse/schema/ledger/proposing/propose.sql," in listed
    assert len(facts["git_commit"] or "0" * 40) == 40
