"""What the commands answer after the first run: traces without names, status, nothing left."""

import json
from decimal import Decimal

import pytest

pytestmark = pytest.mark.xdist_group("installation")


@pytest.mark.promise(
    "Every ERP line is traced to masked segments of archived files that add up to it."
)
def test_a_document_is_traced_to_masked_segments_that_add_up(installation):
    (row,) = installation.rows(
        "auditor",
        "select d.document_number, e.entity_code from ledger.erp_document d"
        " join ledger.entry e using (entry_id) order by e.line_count desc, e.entry_id limit 1",
    )
    reference = f"{row['entity_code']}:{row['document_number']}"
    (document,) = installation.json("trace", reference)["documents"]
    assert document["matches"] is True
    for line in document["lines"]:
        amount = Decimal(line["debit_amount"]) - Decimal(line["credit_amount"])
        assert amount == Decimal(line["events_amount"])
        assert Decimal(line["difference"]) == 0
        assert all(event["excerpt"] for event in line["events"] if event["file"])


@pytest.mark.promise("A claim is traced to its balance without naming a patient.")
def test_a_claim_is_traced_to_its_balance_without_naming_anybody(installation):
    key = installation.answer_key()
    account = next(
        number for number, row in key["receivables"].items() if Decimal(row["payer"]) > 0
    )
    done = installation.tieout("trace", account, "--json")
    claim = json.loads(done.stdout)["claim"]
    assert Decimal(claim["balances"]["1110"]) == Decimal(key["receivables"][account]["payer"])
    assert account not in done.stdout
    assert not any(canary in done.stdout for canary in key["canaries"])


@pytest.mark.promise("`tieout status` says the same to people and to scripts.")
@pytest.mark.promise("No password shows in `tieout status`.")
def test_status_says_the_same_to_people_and_to_scripts(installation):
    facts, text = installation.json("status"), installation.program("status").stdout
    assert facts["build"]["passes"] is True
    assert facts["build"]["build_id"] in text
    password = next(
        line.partition("=")[2]
        for line in (installation.home / "secrets.env").read_text().splitlines()
        if line.startswith("TIEOUT_PASSWORD_BI_READER=")
    )
    assert password not in text


@pytest.mark.promise("Nothing of the installation runs once a command has ended.")
def test_nothing_runs_once_a_command_has_ended(first_run):
    assert first_run.left == []
