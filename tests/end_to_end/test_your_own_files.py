"""A user's own files go the same way, into a database of their own, and none is dropped."""

from decimal import Decimal

import pytest

OUTCOMES = """
select f.name, o.record_kind, o.posted_count, o.posted_amount, o.memo_count, o.exception_count,
       f.outcome
from marts.mart_file_outcome o join ops.received_file f using (file_id)
"""
ISA = (
    "ISA*00*          *00*          *ZZ*PAYER          *ZZ*PROVIDER       "
    "*260302*1200*^*00501*000000001*0*P*:~"
)
REMITTANCE = (
    "GS*HP*PAYER*PROVIDER*20260302*1200*1*X*005010X221A1~ST*835*0001~"
    "BPR*I*80*C*ACH*CCP*01*999999999*DA*1*1520000003**01*999999998*DA*2*20260302~"
    "TRN*1*OWN0001*1520000003~DTM*405*20260302~N1*PR*SOME PAYER~N3*1 ROAD~N4*TOWN*CO*80000~"
    "N1*PE*SOME HOSPITAL*XX*1999999984~LX*1~"
    "CLP*OWNCLAIM1*1*100*80**12*PCN1*11*1~NM1*QC*1*DOE*JANE****MI*X1~"
    "SVC*HC:99213*100*80**1~DTM*472*20260201~CAS*CO*45*20~SE*15*0001~GE*1*1~IEA*1*000000001~"
)
STATEMENT = """01,BANK,ME,260303,0600,1,80,1,2/
02,ME,BANK,1,260302,0000,USD,2/
03,5550001,USD,015,8000,,/
16,142,8000,,,,TRN*1*OWN0001*1520000003/
49,16000,3/
98,16000,1,5/
99,16000,1,7/
"""


pytestmark = pytest.mark.xdist_group("installation")


@pytest.fixture(scope="module")
def own_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("my own files")
    (folder / "2026").mkdir()
    (folder / "2026" / "remittance.835").write_text(ISA + REMITTANCE)
    (folder / "copy of it.txt").write_text(ISA + REMITTANCE)
    (folder / "statement.bai").write_text(STATEMENT)
    (folder / "notes.txt").write_text("not a billing file\n")
    return folder


@pytest.fixture(scope="module")
def run_over_own_files(empty_installation, own_files):
    empty_installation.let_go()
    done = empty_installation.program("run", "--files", str(own_files), "--as-of", "2026-10-31")
    empty_installation.keep_up()
    return empty_installation, done


@pytest.mark.promise("Every file of an own folder ends with an outcome and its dollars.")
def test_every_file_ends_with_an_outcome_and_its_dollars(run_over_own_files):
    installation, done = run_over_own_files
    assert done.returncode == 0, done.stdout + done.stderr
    found = {
        (row["name"], row["record_kind"]): row for row in installation.rows("auditor", OUTCOMES)
    }
    remittance = next(row for row in found.values() if row["record_kind"] == "remittance_claim")
    deposit = found["statement.bai", "bank_transaction"]
    assert (remittance["posted_count"], remittance["posted_amount"]) == (1, Decimal("80.00"))
    assert (deposit["posted_count"], deposit["posted_amount"]) == (1, Decimal("80.00"))
    assert found["notes.txt", "none"]["outcome"] == "exception"
    assert len({name for name, _ in found}) == 3


@pytest.mark.promise("Unknown providers and accounts of own files are listed for mapping.")
@pytest.mark.promise("Money that nothing explains waits as unapplied.")
def test_what_no_map_knows_is_listed_and_what_no_claim_explains_is_unapplied(run_over_own_files):
    installation, _ = run_over_own_files
    codes = {one["code"] for one in installation.json("exceptions")["exceptions"]}
    assert {"UNMAPPED_PROVIDER", "UNKNOWN_ACCOUNT"} <= codes
    balances = installation.rows(
        "auditor", "select account, erp_balance_amount as amount from"
        " marts.mart_ledger_reconciliation where erp_balance_amount <> 0",
    )  # fmt: skip
    assert {row["account"]: row["amount"] for row in balances} == {
        "1010": Decimal("80.00"),
        "2110": Decimal("-80.00"),
    }


@pytest.mark.promise("Every tie-out but the rebuild holds over own files.")
def test_the_quick_tie_outs_hold_over_own_files(run_over_own_files):
    installation, _ = run_over_own_files
    proof = installation.tieout("prove", "--quick")
    assert proof.returncode == 0, proof.stdout + proof.stderr


@pytest.mark.long
@pytest.mark.promise("Every tie-out holds over own files.")
def test_every_tie_out_holds_over_own_files(run_over_own_files):
    installation, _ = run_over_own_files
    assert installation.program("prove").returncode == 0


@pytest.mark.long
@pytest.mark.promise("A second run over the same evidence proposes nothing and posts nothing.")
def test_a_second_run_over_the_same_files_posts_nothing(run_over_own_files, own_files):
    installation, _ = run_over_own_files
    count = "select count(*) as documents from ledger.erp_document"
    before = installation.rows("auditor", count)
    done = installation.program("run", "--files", str(own_files))
    assert done.returncode == 0, done.stdout + done.stderr
    assert installation.rows("auditor", count) == before
