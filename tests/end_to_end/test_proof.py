"""The end of the story: another run changes nothing, everything is proven, the pack verifies."""

import json

import pytest

pytestmark = [
    pytest.mark.xdist_group("installation"),
    pytest.mark.usefixtures("decisions"),
]
RECORDED = """
select (select count(*) from ledger.entry) as entries,
       (select count(*) from ledger.erp_document) as documents,
       (select max(seq) from ledger.audit where action <> 'mirror_period') as audited
"""


@pytest.mark.promise("A second run over the same evidence proposes nothing and posts nothing.")
def test_a_run_with_nothing_new_posts_nothing(installation):
    before = installation.rows("auditor", RECORDED)
    done = installation.program("run", "--claims", "300")
    assert done.returncode == 0, done.stdout + done.stderr
    assert installation.rows("auditor", RECORDED) == before


@pytest.mark.promise(
    "`tieout prove` works out every tie-out again from the archived bytes to the ERP, and all hold."
)
@pytest.mark.promise("Every tie-out holds over what people decided.")
@pytest.mark.promise("Every tie-out holds over estimates.")
def test_every_tie_out_holds(installation):
    proof = installation.program("prove", "--json")
    found = json.loads(proof.stdout)
    assert proof.returncode == 0, [one for one in found["tie_outs"] if not one["holds"]]
    assert {one["id"] for one in found["tie_outs"]} == {f"T{n}" for n in range(1, 16)}
    assert found["left_out"] == []


@pytest.mark.promise(
    "One changed byte in the archive fails the proof of the archive, and no other."
)
def test_a_changed_byte_in_the_archive_fails_t1(installation):
    query = "select sha256 from ops.received_file where kind = 'x12' order by 1 limit 1"
    (row,) = installation.rows("auditor", query)
    (archived,) = (installation.home / "archive").rglob(row["sha256"])
    original, mode = archived.read_bytes(), archived.stat().st_mode
    archived.chmod(0o600)
    archived.write_bytes(original[:-1] + bytes([original[-1] ^ 1]))
    try:
        tampered = installation.tieout("prove", "--quick", "--json")
    finally:
        archived.write_bytes(original)
        archived.chmod(mode)
    failed = {one["id"] for one in json.loads(tampered.stdout)["tie_outs"] if not one["holds"]}
    assert (tampered.returncode, failed) == (1, {"T1"})


@pytest.mark.promise(
    "The auditor's pack of a month carries every tie-out and verifies itself offline."
)
def test_the_auditors_pack_of_a_month_verifies_itself(installation, tmp_path):
    pack = tmp_path / "pack"
    words = ("evidence", "--period", "2026-10", "--out", str(pack), "--prove")
    made = installation.tieout(*words)
    assert made.returncode == 0, made.stdout + made.stderr
    verified = installation.program("evidence", "verify", str(pack))
    assert verified.returncode == 0, verified.stdout
    assert "all tie-outs were worked out" in verified.stdout
    assert "\nT15,NLH," in (pack / "tie_outs" / "tie_outs.csv").read_text()


@pytest.mark.promise("No patient is named in a log.")
def test_no_patient_is_named_in_logs_or_in_dagster(installation):
    canaries = [canary.encode() for canary in installation.answer_key()["canaries"]]
    logs = [path for path in (installation.home / "logs").rglob("*") if path.is_file()]
    assert logs
    for path in logs:
        assert not any(canary in path.read_bytes() for canary in canaries), path.name
