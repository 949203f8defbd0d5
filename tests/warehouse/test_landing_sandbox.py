"""The sandbox's bank, EHR and card processor, through the real servers into a real database.

The answer key is the judge: every record and every dollar, and no finding on clean data.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing.cash.ach import read_nacha
from billing.cash.bai2 import read_bai2
from billing.cash.cards import read_card_list
from billing.ehr.fhir import read_ndjson
from billing.intake import FileKind, recognise
from resources import bank, ehr, payments
from resources.archive import Archive
from resources.settings import CardSettings, FhirSettings, SftpSettings
from resources.warehouse.landing import land
from resources.warehouse.receiving import FetchMarks, receive, taken

pytestmark = pytest.mark.promise(
    "Every record and dollar that bank, EHR and card processor hold lands without a finding"
)

ROOT = Path(__file__).parents[2]
READERS = {
    FileKind.BAI2: read_bai2,
    FileKind.NACHA: read_nacha,
    FileKind.FHIR_NDJSON: read_ndjson,
    FileKind.CARD_LIST: read_card_list,
}
KINDS = {
    "bank_transaction": "raw.bank_transaction",
    "ach_entry": "raw.ach_entry",
    "ehr_charge": "raw.ehr_charge",
    "card_charge": "raw.card_charge",
    "card_refund": "raw.card_refund",
    "card_payout": "raw.card_payout",
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict, dict]]:
    """A small sandbox, served by a process of its own: its answer key and its addresses."""
    folder = tmp_path_factory.mktemp("sandbox")
    python = [sys.executable, "-m"]
    making = ["sandbox.generate", "--claims", "300", "--out", str(folder)]
    subprocess.run([*python, *making], cwd=ROOT, check=True, capture_output=True)
    addresses = folder / "addresses.json"
    serving = ["sandbox.serve", "--folder", str(folder), "--address-file", str(addresses)]
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen([*python, *serving], cwd=ROOT, stdout=log, stderr=log)
        try:
            while not addresses.exists():
                assert process.poll() is None, (folder / "serve.log").read_text()
                time.sleep(0.05)
            key = json.loads((folder / "answer_key.json").read_text())
            yield key, json.loads(addresses.read_text())
        finally:
            process.terminate()
            process.wait(30)


def sources(addresses: dict[str, Any], connection: Any) -> list[Any]:
    sftp, fhir, cards = (addresses[name] for name in ("sftp", "fhir", "cards"))
    settings = SftpSettings(
        **sftp, bank_folders=("/bank/statements", "/bank/ach"), stable_seconds=0.05
    )
    login = FhirSettings(fhir["url"], fhir["client_id"], fhir["private_key_pem"], fhir["key_id"])
    return [
        bank.receipts(settings, taken(connection, bank.SOURCE)),
        ehr.receipts(login, FetchMarks(connection, ehr.SOURCE)),
        payments.receipts(CardSettings(**cards), FetchMarks(connection, payments.SOURCE)),
    ]


def test_every_record_and_dollar_of_the_answer_key_lands_without_a_finding(
    sandbox, database, tmp_path
):
    key, addresses = sandbox
    archive = Archive(tmp_path / "archive")
    with closing(database.connect("ingest", autocommit=False)) as connection:
        for receipts in sources(addresses, connection):
            for receipt in receipts:
                file = receive(connection, archive, receipt, datetime.now(UTC))
                parsed = READERS[recognise(receipt.content, receipt.name)](receipt.content)
                assert (receipt.name, parsed.findings) == (receipt.name, ())
                land(connection, file, parsed, file.received_at, bytes(32))
        for kind, table in KINDS.items():
            row = connection.execute(
                f"select count(*), coalesce(sum(abs(amount)), 0) from {table}"
            ).fetchone()
            told = key["totals"][kind]
            assert (kind, row) == (kind, (told["count"], Decimal(told["amount"])))
        held = connection.execute(
            "select (select count(*) from raw.bank_statement where finding_code is not null)"
            " + (select count(*) from raw.ach_entry where finding_code is not null)"
        ).fetchone()
        assert held == (0,)
        connection.commit()
        # What is known is not fetched again: nothing of the bank, and no month that is final.
        again = [list(receipts) for receipts in sources(addresses, connection)]
        assert again[0] == []
        assert sum(one.content.count(b"\n") for one in again[1]) == 0
