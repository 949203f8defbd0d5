"""NACHA files: entries with their payer's trace, and controls that hold what does not add up."""

import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.cash.ach import read_nacha
from billing.parsed import ParsedFile

pytestmark = pytest.mark.promise(
    "An ACH file keeps every entry with its trace; what does not add up is held",
    "Damaged or cut ACH bytes end as findings, never as a crash or a wrong amount",
)

UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SHARED = Path(os.environ.get("TIEOUT_SHARED_DATA", Path(__file__).parents[3] / "shared/data"))
SAMPLES = sorted((SHARED / "bank").glob("moov-io__ach*/*"))
needs_samples = pytest.mark.skipif(not SAMPLES, reason=f"no ACH samples under {SHARED}")
TRACE = "TRN*1*E99*1520000001~"


def entry(cents: int, number: int, *, code: str = "22", has_addenda: bool = True) -> list[str]:
    flag = int(has_addenda)
    trace = f"10200007{number:07d}"
    record = f"6{code}091000019{'4410001001':<17}{cents:010d}{'841112223':<15}{'NORTHLAKE':<22}  "
    records = [f"{record}{flag}{trace}"]
    if has_addenda:
        records.append(f"705{TRACE:<80}0001{number:07d}")
    return records


def batch(entries: list[list[str]], number: int = 1, sec: str = "CCD") -> list[str]:
    head = f"5220{'FEDERAL SENIOR':<16}{'':<20}1520000001{sec}{'HCCLAIMPMT':<10}"
    head += f"{'':<6}260930{'':<3}1102000070000{number:03d}"[:25]
    cents = [int(lines[0][29:39]) for lines in entries]
    debits = sum(c for c, e in zip(cents, entries, strict=True) if int(e[0][2]) > 4)
    count, routing = sum(map(len, entries)), 9100001 * len(entries)
    control = f"8220{count:06d}{routing:010d}{debits:012d}{sum(cents) - debits:012d}"
    control += f"1520000001{'':<25}10200007{number:07d}"
    return [head.ljust(94)[:94], *[line for lines in entries for line in lines], control]


def ach_file(*batches: list[str], width: str = "\n") -> bytes:
    head = "101 091000019 1020000701610010530A094101BANK                   GROUP".ljust(94)
    count = sum(len(b) - 2 for b in batches)
    routing = sum(int(b[-1][10:20]) for b in batches)
    debits = sum(int(b[-1][20:32]) for b in batches)
    credit = sum(int(b[-1][32:44]) for b in batches)
    control = f"9{len(batches):06d}000001{count:08d}{routing:010d}{debits:012d}{credit:012d}"
    records = [head, *[line for b in batches for line in b], control.ljust(94)]
    while len(records) % 10:
        records.append("9" * 94)
    return width.join(records).encode()


def entries(parsed: ParsedFile) -> list[dict]:
    return parsed.tables["ach_entry"].to_pylist()


def test_an_entry_carries_the_trace_of_its_addenda():
    parsed = read_nacha(ach_file(batch([entry(150_000, 1)])))
    assert parsed.findings == ()
    (row,) = entries(parsed)
    assert (row["amount"], row["direction"]) == (Decimal("1500.00"), "credit")
    assert (row["trace_number"], row["originator_id"]) == ("E99", "1520000001")
    assert (row["sec_code"], row["company_description"]) == ("CCD", "HCCLAIMPMT")
    assert (row["company_id"], row["effective_date"]) == ("1520000001", date(2026, 9, 30))
    assert (row["batch_no"], row["entry_no"], row["segment"]) == (1, 1, 3)
    assert row["ach_trace"] == "102000070000001"


def test_entries_are_numbered_through_the_file():
    parsed = read_nacha(ach_file(batch([entry(1, 1), entry(2, 2)]), batch([entry(3, 3)], 2)))
    assert [(row["batch_no"], row["entry_no"]) for row in entries(parsed)] == [
        (1, 1),
        (1, 2),
        (2, 3),
    ]


def test_records_without_line_ends_are_cut_by_their_width():
    plain = ach_file(batch([entry(150_000, 1)]))
    assert read_nacha(ach_file(batch([entry(150_000, 1)]), width="")).tables == (
        read_nacha(plain).tables
    )


def test_lines_whose_trailing_blanks_were_lost_are_read():
    plain = ach_file(batch([entry(150_000, 1, has_addenda=False)]))
    trimmed = b"\r\n".join(line.rstrip() for line in plain.splitlines())
    assert read_nacha(trimmed).tables == read_nacha(plain).tables


def test_an_altered_amount_holds_its_batch_only():
    damaged = batch([entry(900, 2)], 2)
    damaged[1] = damaged[1].replace("0000000900", "0000000901")
    parsed = read_nacha(ach_file(batch([entry(150_000, 1)]), damaged))
    assert [row["finding_code"] for row in entries(parsed)] == [None, "BATCH_CONTROL_OFF"]


def test_a_batch_lost_on_the_way_holds_the_whole_file():
    lines = ach_file(batch([entry(150_000, 1)]), batch([entry(900, 2)], 2)).splitlines()
    parsed = read_nacha(b"\n".join(lines[:5] + lines[9:]))
    assert [row["finding_code"] for row in entries(parsed)] == ["BATCH_CONTROL_OFF"]
    assert [finding.code for finding in parsed.findings] == ["FILE_CONTROL_OFF"]


def test_a_return_is_kept_and_marked_as_no_receipt():
    lines = entry(500, 1)
    lines[1] = "799R01" + lines[1][6:]
    parsed = read_nacha(ach_file(batch([lines])))
    assert entries(parsed)[0]["finding_code"] == "RETURNED_ENTRY"


def test_an_unreadable_amount_is_null_and_holds_its_batch():
    lines = batch([entry(500, 1)])
    lines[1] = lines[1].replace("0000000500", "00000O0500")
    parsed = read_nacha(ach_file(lines))
    assert entries(parsed)[0]["amount"] is None
    assert {f.code for f in parsed.findings} == {"BATCH_CONTROL_OFF", "AMOUNT_UNREADABLE"}


def test_a_debit_is_a_debit():
    parsed = read_nacha(ach_file(batch([entry(500, 1, code="27")])))
    assert parsed.findings == ()
    assert entries(parsed)[0]["direction"] == "debit"


@needs_samples
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_public_sample_ends_as_rows_or_findings(path):
    content = path.read_bytes()
    parsed = read_nacha(content)
    assert parsed.reserialised
    assert parsed.segments == 0 or parsed.tables["ach_entry"].num_rows == parsed.records
    is_empty_file = b"\n9000000" in content
    assert parsed.records or parsed.findings or is_empty_file


@needs_samples
def test_the_good_samples_of_the_standard_entry_classes_raise_no_alarm():
    good = [path for path in SAMPLES if path.name.startswith("examples__testdata__")]
    news = {"RETURNED_ENTRY", "NOTIFICATION_OF_CHANGE"}
    alarms = {
        path.name: found
        for path in good
        if (found := {f.code for f in read_nacha(path.read_bytes()).findings} - news)
    }
    assert len(good) > 25
    assert alarms == {}


CLEAN = ach_file(batch([entry(150_000, 1), entry(70, 2)]), batch([entry(900, 3)], 2))


@UNTIMED
@given(st.integers(min_value=0, max_value=len(CLEAN)))
def test_a_file_cut_anywhere_never_raises_and_never_passes_the_cut_batch(at):
    parsed = read_nacha(CLEAN[:at])
    closed = sum(line.startswith(b"8") for line in CLEAN[:at].splitlines())
    clean = {row["batch_no"] for row in entries(parsed) if row["finding_code"] is None}
    assert len(clean) <= closed
    assert parsed.findings or b"\n9000002" in CLEAN[:at]


@UNTIMED
@given(
    st.lists(st.tuples(st.integers(0, len(CLEAN) - 1), st.integers(0, 255)), min_size=1, max_size=8)
)
def test_damaged_bytes_never_raise(damage):
    content = bytearray(CLEAN)
    for at, byte in damage:
        content[at] = byte
    assert read_nacha(bytes(content)).reserialised


@UNTIMED
@given(st.binary(max_size=400))
def test_any_bytes_end_as_rows_or_findings(content):
    parsed = read_nacha(content)
    assert parsed.records or parsed.findings
