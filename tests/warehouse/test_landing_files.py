"""Receiving and landing on a real PostgreSQL: once per content, all or nothing, exact."""

import hashlib
import hmac
import json
import threading
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest

from billing.cash.bai2 import read_bai2
from billing.cash.cards import read_card_list
from billing.ehr.fhir import read_ndjson
from billing.finding import Finding
from billing.intake import FileKind
from billing.keys import account_hash
from billing.parsed import ParsedFile
from resources.archive import Archive, ArchiveDamagedError, identify
from resources.receipt import Receipt, Sighting, SightingKey
from resources.warehouse.landing import Landed, land
from resources.warehouse.receiving import (
    FetchMarks,
    Received,
    pending,
    receive,
    taken,
)
from resources.warehouse.sightings import record_sighting

pytestmark = pytest.mark.promise(
    "A file is archived and landed once per content, whole or not at all",
    "What cannot be loaded ends as an exception with its exact amount",
)

NOW = datetime(2026, 10, 1, 6, tzinfo=UTC)
KEY = bytes(range(32))
BAI2 = (
    b"01,B,G,261001,0530,1,,,2/\n02,G,B,1,260930,2359,USD,2/\n"
    b'03,4410001001,USD,010,0,,,015,1,,/\n16,142,1,0,R,,"QUOTED", \\N and, commas\n'
    b"49,2,3/\n98,2,1,5/\n99,2,1,7/\n"
)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


@pytest.fixture
def ingest(database) -> psycopg.Connection:
    return database.connect("ingest", autocommit=False)


def receipt(content: bytes = BAI2, name: str = "a.bai", location: str = "/bank") -> Receipt:
    return Receipt("bank", location, name, content, NOW - timedelta(hours=1))


def charges(*accounts: str | None, amount: int = 12_345) -> bytes:
    data = [
        {
            "id": f"ch_{number}", "object": "charge", "amount": amount, "currency": "usd",
            "created": 1_790_000_000, "metadata": {"account": account, "entity": "NLH"},
        }
        for number, account in enumerate(accounts)
    ]  # fmt: skip
    return json.dumps({"object": "list", "data": data}).encode()


def take(connection, archive: Archive, found: Receipt, read=read_bai2) -> Landed:
    file = receive(connection, archive, found, NOW)
    parsed = read(archive.read(file.sha256))
    return land(connection, file, parsed, file.received_at, KEY)


def all_rows(connection, query: str) -> list[tuple]:
    rows = connection.execute(query).fetchall()
    connection.commit()
    return rows


def test_the_archive_keeps_bytes_under_their_hash_once(archive):
    stored = archive.store(BAI2)
    assert archive.store(BAI2) == stored == identify(BAI2)
    assert stored.sha256 == hashlib.sha256(BAI2).hexdigest()
    assert stored.file_id == uuid.UUID(bytes=hashlib.sha256(BAI2).digest()[:16])
    files = [path for path in archive.root.rglob("*") if path.is_file()]
    assert [path.name for path in files] == [stored.sha256]
    assert archive.read(stored.sha256) == BAI2


def test_a_changed_file_in_the_archive_is_noticed(archive):
    stored = archive.store(BAI2)
    (archive.root / stored.sha256[:2] / stored.sha256).write_bytes(b"changed")
    with pytest.raises(ArchiveDamagedError):
        archive.read(stored.sha256)


def test_a_name_is_no_path_into_the_archive(archive):
    with pytest.raises(ValueError, match="SHA-256"):
        archive.read("../../etc/passwd")


def test_a_file_is_received_and_landed_with_its_lineage(ingest, archive):
    landed = take(ingest, archive, receipt())
    assert (landed.outcome, landed.rows) == ("landed", {"bank_statement": 1, "bank_transaction": 1})
    (row,) = all_rows(
        ingest, "select file_id, segment, known_at, amount, description from raw.bank_transaction"
    )
    text = '"QUOTED", \\N and, commas'
    assert row == (identify(BAI2).file_id, 4, NOW, Decimal("0.01"), text)
    ((kind, size, outcome, records, segments, is_same),) = all_rows(
        ingest,
        "select kind, size_bytes, outcome, record_count, segment_count, is_reserialised"
        " from ops.received_file where landed_at is not null",
    )
    assert (kind, size, outcome, records, segments) == ("bai2", len(BAI2), "landed", 1, 7)
    assert is_same


def test_the_same_bytes_under_another_name_are_one_file_and_a_duplicate_sighting(ingest, archive):
    first = receive(ingest, archive, receipt(), NOW)
    land(ingest, first, read_bai2(BAI2), NOW, KEY)
    second = receive(ingest, archive, receipt(name="again.bai"), NOW + timedelta(days=1))
    assert (first.is_new, second.is_new) == (True, False)
    assert (second.needs_landing, second.received_at) == (False, NOW)
    assert land(ingest, second, read_bai2(BAI2), NOW, KEY).was_landed_before
    sightings = all_rows(ingest, "select name, outcome from ops.file_sighting order by seen_at")
    assert sightings == [("a.bai", "taken"), ("again.bai", "duplicate")]
    assert all_rows(ingest, "select count(*) from raw.bank_transaction") == [(1,)]


def test_the_same_file_seen_again_is_no_duplicate(ingest, archive):
    for _ in range(2):
        receive(ingest, archive, receipt(), NOW)
    assert all_rows(ingest, "select outcome from ops.file_sighting") == [("taken",)]


def test_other_bytes_under_the_same_name_size_and_time_replace_the_sighting(ingest, archive):
    receive(ingest, archive, receipt(), NOW)
    other = receive(ingest, archive, receipt(BAI2.replace(b"QUOTED", b"CHANGE")), NOW)
    assert other.is_new
    assert all_rows(ingest, "select file_id from ops.file_sighting") == [(other.file_id,)]
    assert len(pending(ingest)) == 2


def test_a_crash_between_archive_and_landing_is_made_good(ingest, archive):
    receive(ingest, archive, receipt(), NOW)
    (left,) = pending(ingest, "bank")
    assert pending(ingest, "ehr") == []
    land(ingest, left, read_bai2(archive.read(left.sha256)), left.received_at, KEY)
    assert pending(ingest) == []


def test_a_failing_row_leaves_nothing_of_its_file(ingest, archive):
    file = receive(ingest, archive, receipt(), NOW)
    parsed = read_bai2(BAI2)
    twice = pa.concat_tables([parsed.tables["bank_transaction"]] * 2)
    broken = ParsedFile(FileKind.BAI2, {**parsed.tables, "bank_transaction": twice}, (), 2, 7, True)
    with pytest.raises(psycopg.errors.UniqueViolation):
        land(ingest, file, broken, NOW, KEY)
    assert all_rows(ingest, "select count(*) from raw.bank_statement") == [(0,)]
    assert len(pending(ingest)) == 1
    assert land(ingest, file, parsed, NOW, KEY).outcome == "landed"


def test_an_error_of_the_database_names_the_rule_and_no_value(ingest, archive):
    file = receive(ingest, archive, receipt(), NOW)
    schema = pa.schema(
        [("segment", pa.int32()), ("statement_no", pa.int32()), ("bank_account", pa.string())]
    )
    rows = pa.table([[3], [1], ["CANARY"]], schema=schema)  # content_hash may not be null
    parsed = ParsedFile(FileKind.BAI2, {"bank_statement": rows}, (), 1, 7, True)
    with pytest.raises(psycopg.errors.NotNullViolation) as raised:
        land(ingest, file, parsed, NOW, KEY)
    assert "CANARY" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert "bank_statement" in str(raised.value)


def test_two_landings_at_once_write_one_set_of_rows(database, archive):
    connections = [database.connect("ingest", autocommit=False) for _ in range(2)]
    file = receive(connections[0], archive, receipt(), NOW)
    found: list[Landed] = []

    def run(connection) -> None:
        found.append(land(connection, file, read_bai2(BAI2), NOW, KEY))

    threads = [threading.Thread(target=run, args=(one,)) for one in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.was_landed_before for one in found) == [False, True]
    assert all_rows(connections[0], "select count(*) from raw.bank_statement") == [(1,)]


def test_accounts_are_hashed_with_the_key_without_blanks_and_case(ingest, archive):
    take(ingest, archive, receipt(charges("a100", " A100 ", "B7", None, "  ")), read_card_list)
    rows = all_rows(ingest, "select account_number, account_hash from raw.card_charge order by 1")
    expected = hmac.new(KEY, b"A100", "sha256").hexdigest()[:32]
    hashes = dict(rows)
    assert hashes["a100"] == hashes["A100"] == expected
    assert hashes["B7"] not in (None, expected)
    assert hashes[None] is None
    assert account_hash("A100", bytes(32)) != expected


def test_money_arrives_to_the_cent_at_the_edge_of_the_column(ingest, archive):
    content = charges("A", amount=99_999_999_999_999)
    take(ingest, archive, receipt(content), read_card_list)
    expected = [(Decimal("999999999999.99"),)]
    assert all_rows(ingest, "select amount from raw.card_charge") == expected


def test_empty_text_null_and_nul_bytes_are_told_apart(ingest, archive):
    file = receive(ingest, archive, receipt(), NOW)
    columns = {
        "segment": pa.array([1, 2, 3], pa.int32()),
        "statement_no": pa.array([1, 1, 1], pa.int32()),
        "transaction_no": pa.array([1, 2, 3], pa.int32()),
        "type_code": ["", "142", "142"],
        "direction": ["credit", "credit", "debit"],
        "description": pa.array(["", None, 'a\x00"b"\r\nc'], pa.string()),
    }
    parsed = ParsedFile(FileKind.BAI2, {"bank_transaction": pa.table(columns)}, (), 3, 3, True)
    land(ingest, file, parsed, NOW, KEY)
    rows = all_rows(ingest, "select type_code, description from raw.bank_transaction order by 1, 2")
    assert rows == [("", ""), ("142", 'a"b"\r\nc'), ("142", None)]


def test_a_finding_that_no_row_carries_becomes_an_exception(ingest, archive):
    cut = BAI2[: BAI2.index(b"98,")]
    take(ingest, archive, receipt(cut))
    rows = all_rows(
        ingest, "select code, segment, severity, origin, source, opened_at from ops.exception"
    )
    assert set(rows) == {
        ("TRUNCATED", 2, "error", "parsing", "bank", NOW),
    }


def test_a_finding_that_a_row_carries_is_left_to_the_build(ingest, archive):
    take(ingest, archive, receipt(BAI2.replace(b"49,2,3/", b"49,3,3/")))
    assert all_rows(ingest, "select finding_code from raw.bank_statement") == [
        ("CONTROL_TOTAL_OFF",)
    ]
    codes = all_rows(ingest, "select code, record_kind from ops.exception")
    assert ("CONTROL_TOTAL_OFF", "bank_transaction") not in codes
    assert ("CONTROL_TOTAL_OFF", "file") in codes  # the group's own total, which no row carries


def test_a_file_of_which_nothing_loads_ends_as_an_exception(ingest, archive):
    landed = take(ingest, archive, receipt(b"no statement at all"))
    assert (landed.outcome, landed.rows) == ("exception", {})
    assert landed.reason_code is not None
    rows = all_rows(ingest, "select outcome, reason_code from ops.received_file")
    assert rows == [("exception", landed.reason_code)]


def test_an_amount_of_a_finding_is_kept_exactly(ingest, archive):
    file = receive(ingest, archive, receipt(), NOW)
    finding = Finding("STRAY_RECORD", "error", 9, "rule", "text", Decimal("12.34"))
    parsed = ParsedFile(FileKind.BAI2, {}, (finding, finding), 0, 9, True)
    land(ingest, file, parsed, NOW, KEY)
    assert all_rows(ingest, "select amount from ops.exception") == [(Decimal("12.34"),)]


def test_every_reader_lands_in_its_tables(ingest, archive):
    patient = (
        b'{"resourceType":"Patient","id":"p1","meta":{"lastUpdated":"2026-09-30T20:00:00Z"}}\n'
    )
    landed = take(ingest, archive, receipt(patient, "Patient-1.ndjson"), read_ndjson)
    assert landed.rows == {"ehr_patient": 1}
    rows = all_rows(ingest, "select patient_id, updated_at from raw.ehr_patient")
    assert rows == [("p1", datetime(2026, 9, 30, 20, tzinfo=UTC))]


def test_taken_files_need_not_be_fetched_and_waiting_ones_do(ingest, archive):
    receive(ingest, archive, receipt(), NOW)
    waiting = SightingKey("/bank", "cut.bai", 10, NOW)
    record_sighting(ingest, Sighting("bank", waiting, "waiting", "INCOMPLETE"), NOW)
    assert taken(ingest, "bank") == {
        SightingKey("/bank", "a.bai", len(BAI2), NOW - timedelta(hours=1))
    }


def test_a_waiting_file_is_one_row_until_it_is_taken(ingest, archive):
    key = SightingKey("/bank", "a.bai", len(BAI2), NOW - timedelta(hours=1))
    for minute in range(3):
        at = NOW + timedelta(minutes=minute)
        record_sighting(ingest, Sighting("bank", key, "waiting", "INCOMPLETE"), at)
    receive(ingest, archive, receipt(), NOW)
    record_sighting(ingest, Sighting("bank", key, "waiting", "INCOMPLETE"), NOW)
    rows = all_rows(ingest, "select outcome, reason_code from ops.file_sighting")
    assert rows == [("taken", None)]


def test_marks_are_kept_per_source(ingest):
    marks = FetchMarks(ingest, "ehr")
    assert marks.get("transaction_time") is None
    for value in ("2026-09-30T00:00:00Z", "2026-10-01T00:00:00Z"):
        marks.put("transaction_time", value)
    assert marks.get("transaction_time") == "2026-10-01T00:00:00Z"
    assert FetchMarks(ingest, "payments").get("transaction_time") is None


def test_a_connection_inside_a_transaction_is_refused(ingest, archive):
    ingest.execute("select 1")
    with pytest.raises(RuntimeError, match="transaction"):
        receive(ingest, archive, receipt(), NOW)


def test_an_unknown_file_is_not_landed(ingest):
    unknown = Received(uuid.uuid4(), "0" * 64, "bank", "x", NOW, needs_landing=True)
    with pytest.raises(LookupError):
        land(ingest, unknown, read_bai2(BAI2), NOW, KEY)
