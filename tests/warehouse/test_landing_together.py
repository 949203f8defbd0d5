"""Small files land in one transaction, and each as if it had come alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from billing.arrow import arrow_table
from billing.cash.columns import CARD_CHARGE
from billing.intake import FileKind
from billing.parse import parse
from billing.parsed import ParsedFile
from resources.archive import Archive
from resources.receipt import Receipt
from resources.warehouse.landing import land_together
from resources.warehouse.receiving import archive_receipt, pending, record, taken

PROMISE = "A file that cannot land fails alone, however many landed with it"
NOW = datetime(2026, 10, 1, 6, tzinfo=UTC)
KEY = bytes(range(32))
STATEMENT = (
    "01,B,G,261001,0530,{0},,,2/\n02,G,B,1,260930,2359,USD,2/\n03,{0},USD,010,0,,,015,1,,/\n"
    "16,142,1,0,R,,deposit\n49,2,3/\n98,2,1,5/\n99,2,1,7/\n"
)


@pytest.fixture
def ingest(database) -> psycopg.Connection:
    return database.connect("ingest", autocommit=False)


def receipt(number: int, content: bytes | None = None) -> Receipt:
    body = content or STATEMENT.format(number).encode()
    return Receipt("bank", "/bank", f"{number}.bai", body, NOW - timedelta(hours=1))


def received(ingest, folder: Path, receipts: list[Receipt]) -> list:
    archive = Archive(folder / "archive")
    archived = [
        archive_receipt(archive, one, NOW + timedelta(seconds=place))
        for place, one in enumerate(receipts)
    ]
    return record(ingest, archived, NOW)


def count(ingest, table: str) -> int:
    ((found,),) = ingest.execute(f"select count(*) from {table}").fetchall()
    ingest.commit()
    return found


def unstorable() -> ParsedFile:
    """A file whose row the database refuses: it has no segment."""
    row = (None, "ch_1", None, "NLH", None, "usd", None, None, None)
    return ParsedFile(
        FileKind.CARD_LIST, {"card_charge": arrow_table(CARD_CHARGE, [row])}, (), 1, 1, True
    )


@pytest.mark.promise(PROMISE)
def test_files_land_together_with_their_own_lineage(ingest, tmp_path):
    files = received(ingest, tmp_path, [receipt(1), receipt(2), receipt(3)])
    parsed = [
        (file, parse(STATEMENT.format(n).encode(), file.name)) for n, file in enumerate(files, 1)
    ]
    landed = land_together(ingest, parsed, KEY)
    assert [one.rows for one in landed] == [{"bank_statement": 1, "bank_transaction": 1}] * 3
    rows = ingest.execute(
        "select bank_account, file_id, known_at from raw.bank_statement order by bank_account"
    ).fetchall()
    ingest.commit()
    expected = [(str(n), f.file_id, NOW + timedelta(seconds=n - 1)) for n, f in enumerate(files, 1)]
    assert rows == expected
    assert pending(ingest, "bank") == []
    again = land_together(ingest, parsed, KEY)
    assert [one.was_landed_before for one in again] == [True] * 3
    assert count(ingest, "raw.bank_statement") == 3


@pytest.mark.promise(PROMISE)
def test_file_that_is_refused_fails_alone(ingest, tmp_path):
    files = received(ingest, tmp_path, [receipt(1), receipt(2), receipt(3)])
    good = parse(STATEMENT.format(1).encode(), "1.bai")
    with pytest.raises(psycopg.errors.NotNullViolation):
        land_together(ingest, list(zip(files, [good, unstorable(), good], strict=True)), KEY)
    assert count(ingest, "raw.card_charge") == 0
    assert [file.name for file in pending(ingest, "bank")] == ["2.bai", "3.bai"]


@pytest.mark.promise("The same content counts once, however often and under what name it comes")
def test_same_content_twice_in_one_batch_is_a_duplicate(ingest, tmp_path):
    body = STATEMENT.format(1).encode()
    files = received(ingest, tmp_path, [receipt(1), receipt(2, body), receipt(1)])
    assert [file.is_new for file in files] == [True, False, False]
    assert len({file.file_id for file in files}) == 1
    assert count(ingest, "ops.received_file") == 1
    outcomes = ingest.execute(
        "select name, outcome from ops.file_sighting order by name"
    ).fetchall()
    ingest.commit()
    assert outcomes == [("1.bai", "taken"), ("2.bai", "duplicate")]
    assert len(taken(ingest, "bank")) == 2


@pytest.mark.promise(PROMISE)
def test_nothing_received_records_nothing(ingest, tmp_path):
    assert received(ingest, tmp_path, []) == []
