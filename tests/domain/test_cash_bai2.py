"""BAI2 statements: what is read, what is held back, and that nothing is lost on the way."""

import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from bai2.bai2 import parse_from_string
from bai2.exceptions import NotSupportedYetException
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.cash.bai2 import read_bai2
from billing.parsed import ParsedFile

pytestmark = pytest.mark.promise(
    "A BAI2 statement keeps every line with its trace; what does not add up is held",
    "Damaged or cut BAI2 bytes end as findings, never as a crash or a wrong amount",
)

UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SHARED = Path(os.environ.get("TIEOUT_SHARED_DATA", Path(__file__).parents[3] / "shared/data"))
SAMPLES = sorted((SHARED / "bank/moov-io__bai2").glob("*.txt"))
needs_samples = pytest.mark.skipif(not SAMPLES, reason=f"no BAI2 samples under {SHARED}")


def statement(*details: str, opening: int = 1000, closing: int = 3500) -> list[str]:
    """One account with right controls, in physical records; amounts are positive in the details."""
    amounts = [int(d.split(",")[2]) for d in details if d.startswith("16,")]
    total = opening + closing + sum(amounts)
    head = f"03,4410001001,USD,010,{opening},,,015,{closing},,/"
    return [head, *details, f"49,{total},{len(details) + 2}/"]


def bank_file(*accounts: list[str], as_of: str = "260930", status: str = "1") -> bytes:
    totals = [int(account[-1].split(",")[1]) for account in accounts]
    inside = [record for account in accounts for record in account]
    records = [
        "01,BANK,GROUP,261001,0530,1,,,2/",
        f"02,GROUP,BANK,{status},{as_of},2359,USD,2/",
        *inside,
        f"98,{sum(totals)},{len(accounts)},{len(inside) + 2}/",
        f"99,{sum(totals)},1,{len(inside) + 4}/",
    ]
    return "".join(f"{record}\n" for record in records).encode()


def transactions(parsed: ParsedFile) -> list[dict]:
    return parsed.tables["bank_transaction"].to_pylist()


def codes(parsed: ParsedFile) -> list[str | None]:
    return parsed.tables["bank_statement"]["finding_code"].to_pylist()


def test_a_clean_statement_gives_its_rows_and_no_finding():
    parsed = read_bai2(bank_file(statement("16,142,2500,0,REF1,,FEDERAL SENIOR HEALTH HCCLAIMPMT")))
    assert parsed.findings == ()
    assert parsed.reserialised
    (row,) = parsed.tables["bank_statement"].to_pylist()
    assert (row["bank_account"], row["as_of_date"]) == ("4410001001", date(2026, 9, 30))
    assert (row["opening_amount"], row["closing_amount"]) == (Decimal("10.00"), Decimal("35.00"))
    (deposit,) = transactions(parsed)
    assert deposit["amount"] == Decimal("25.00")
    assert (deposit["direction"], deposit["segment"]) == ("credit", 4)
    assert deposit["bank_reference"] == "REF1"
    assert deposit["description"] == "FEDERAL SENIOR HEALTH HCCLAIMPMT"


@pytest.mark.parametrize(
    "lines",
    [
        ("16,142,2500,0,R,,PAYER", "88,ADDENDA TRN*1*E99*1520000001~"),
        ("16,142,2500,0,R,,PAYER TRN*1*E9", "88,9*1520000001~"),
        ("16,142,2500,0,R,,PAYER TRN*1*E99*15200", "88,00001\\"),
        ("16,142,2500,0,R,,PAYER/", "88,TRN*1*E99*1520000001/"),
        ("16,142,2500,V,260930,,R,,PAYER TRN*1*E99*1520000001",),
    ],
)
def test_the_trace_is_found_however_the_bank_cut_the_text(lines):
    (deposit,) = transactions(read_bai2(bank_file(statement(*lines))))
    assert (deposit["trace_number"], deposit["originator_id"]) == ("E99", "1520000001")


def test_a_plain_reference_stays_in_the_description():
    parsed = read_bai2(bank_file(statement("16,142,2500,0,R,,CARD PAYOUT po_778")))
    (deposit,) = transactions(parsed)
    assert deposit["description"] == "CARD PAYOUT po_778"
    assert deposit["trace_number"] is None


def test_a_bank_of_its_own_type_codes_is_read_by_their_ranges():
    details = ("16,921,1000,0,,,OWN CREDIT/", "16,961,1500,0,,,OWN DEBIT/")
    parsed = read_bai2(bank_file(statement(*details)))
    assert [row["direction"] for row in transactions(parsed)] == ["credit", "debit"]
    assert parsed.findings == ()


def test_a_code_without_a_side_goes_by_its_sign_and_is_reported():
    parsed = read_bai2(bank_file(statement("16,050,-700,0,,,ODD/")))
    (row,) = transactions(parsed)
    assert (row["direction"], row["amount"]) == ("debit", Decimal("-7.00"))
    assert [finding.code for finding in parsed.findings] == ["UNKNOWN_TYPE_CODE"]


def test_amounts_that_do_not_add_up_hold_their_own_statement_only():
    good, bad = statement("16,142,2500,0,,,A/"), statement("16,142,900,0,,,B/")
    bad[1] = bad[1].replace("900", "901")
    parsed = read_bai2(bank_file(good, bad))
    assert codes(parsed) == [None, "CONTROL_TOTAL_OFF"]
    assert [f.code for f in parsed.findings] == ["CONTROL_TOTAL_OFF"]
    assert len(transactions(parsed)) == 2


def test_an_account_lost_on_the_way_holds_the_whole_group():
    whole = bank_file(statement("16,142,2500,0,,,A/"), statement("16,142,900,0,,,B/"))
    lines = whole.splitlines(keepends=True)
    parsed = read_bai2(b"".join(lines[:2] + lines[5:]))
    assert codes(parsed) == ["CONTROL_TOTAL_OFF"]


def test_a_record_lost_without_its_amount_is_missed_by_the_count():
    account = statement("16,890,0,0,,,NOTE/", "16,142,2500,0,,,A/")
    del account[1]
    assert codes(read_bai2(bank_file(account))) == ["RECORD_COUNT_OFF"]


def test_a_cut_file_keeps_what_was_closed_and_holds_what_was_not():
    whole = bank_file(statement("16,142,2500,0,,,A/"), statement("16,142,900,0,,,B/"))
    cut = b"".join(whole.splitlines(keepends=True)[:7])
    parsed = read_bai2(cut)
    assert codes(parsed) == [None, "TRUNCATED"]
    assert "TRUNCATED" in {finding.code for finding in parsed.findings}


@pytest.mark.parametrize("status, code", [("4", "TEST_GROUP"), ("2", "DELETION_GROUP")])
def test_a_group_that_is_not_live_is_held(status, code):
    parsed = read_bai2(bank_file(statement("16,142,2500,0,,,A/"), status=status))
    assert codes(parsed) == [code]


def test_a_line_without_its_continuation_code_continues_the_text():
    parsed = read_bai2(bank_file(statement("16,142,2500,0,,,PAYER", "TRN*1*E99*1520000001~")))
    (deposit,) = transactions(parsed)
    assert deposit["trace_number"] == "E99"
    assert codes(parsed) == [None]


def test_an_unreadable_amount_is_null_and_never_zero():
    account = statement("16,142,2500,0,,,A/")
    account[1] = account[1].replace("2500", "25OO")
    parsed = read_bai2(bank_file(account))
    assert transactions(parsed)[0]["amount"] is None
    assert {f.code for f in parsed.findings} == {"CONTROL_TOTAL_OFF", "AMOUNT_UNREADABLE"}


def test_line_ends_do_not_change_what_is_read():
    plain = bank_file(statement("16,142,2500,0,,,PAYER", "88,TRN*1*E99*1520000001~"))
    for other in (plain.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + plain, plain + b"\r\n\r\n"):
        parsed = read_bai2(other)
        assert parsed.tables == read_bai2(plain).tables
        assert parsed.findings == ()


def test_the_same_statement_in_another_envelope_has_the_same_content_hash():
    account = statement("16,142,2500,0,,,A/")
    first, second = bank_file(account), bank_file(account).replace(b"01,BANK", b"01,OTHER")
    hashes = [read_bai2(one).tables["bank_statement"]["content_hash"] for one in (first, second)]
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize(
    ("header", "made_at", "number"),
    [
        ("01,BANK,GROUP,261001,0530,1,,,2/", "2026-10-01T05:30:00", 1),
        ("01,BANK,GROUP,20261001,2359,12,,,2/", "2026-10-01T23:59:00", 12),
        ("01,BANK,GROUP,261001,2400,3,,,2/", "2026-10-01T23:59:59", 3),
        ("01,BANK,GROUP,261001,9999,3,,,2/", "2026-10-01T23:59:59", 3),
        ("01,BANK,GROUP,261001,,,,,2/", "2026-10-01T00:00:00", None),
        ("01,BANK,GROUP,261001,2575,99999999999,,,2/", "2026-10-01T00:00:00", None),
        ("01,BANK,GROUP,26100X,0530,-1,,,2/", None, None),
        ("01/", None, None),
    ],
)
def test_a_statement_knows_when_the_bank_made_its_file(header, made_at, number):
    content = bank_file(statement("16,142,2500,0,,,A/"))
    content = content.replace(b"01,BANK,GROUP,261001,0530,1,,,2/", header.encode())
    (row,) = read_bai2(content).tables["bank_statement"].to_pylist()
    found = row["file_made_at"].isoformat() if row["file_made_at"] else None
    assert (found, row["file_number"]) == (made_at, number)


@needs_samples
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_public_sample_ends_as_rows_or_findings(path):
    parsed = read_bai2(path.read_bytes())
    assert parsed.reserialised
    assert parsed.records or parsed.findings


@needs_samples
def test_a_public_sample_that_the_published_library_refuses_adds_up():
    (path,) = [path for path in SAMPLES if path.name.endswith("sample2.txt")]
    with pytest.raises(NotSupportedYetException):
        parse_from_string(path.read_text())
    parsed = read_bai2(path.read_bytes())
    assert (parsed.findings, len(codes(parsed)), parsed.records) == ((), 5, 4)


@needs_samples
def test_the_published_library_reads_the_same_transactions():
    (path,) = [path for path in SAMPLES if path.name.endswith("sample1.txt")]
    theirs = parse_from_string(path.read_text(), check_integrity=True)
    expected = [
        (account.header.customer_account_number, detail.type_code.code, detail.amount)
        for group in theirs.children
        for account in group.children
        for detail in account.children
    ]
    parsed = read_bai2(path.read_bytes())
    accounts = parsed.tables["bank_statement"]["bank_account"].to_pylist()
    ours = [
        (accounts[row["statement_no"] - 1], row["type_code"], int(row["amount"] * 100))
        for row in transactions(parsed)
    ]
    assert ours == expected
    assert set(codes(parsed)) == {None}


amounts = st.integers(min_value=0, max_value=10**11)


@UNTIMED
@given(st.lists(st.lists(amounts, max_size=5), min_size=1, max_size=4))
def test_the_library_agrees_on_generated_files(accounts):
    built = [
        statement(*[f"16,142,{amount},0,,,TEXT {n}/" for n, amount in enumerate(account)])
        for account in accounts
    ]
    content = bank_file(*built)
    theirs = parse_from_string(content.decode(), check_integrity=True)
    parsed = read_bai2(content)
    assert parsed.findings == ()
    expected = [d.amount for g in theirs.children for a in g.children for d in a.children]
    assert [int(row["amount"] * 100) for row in transactions(parsed)] == expected


CLEAN = bank_file(
    statement("16,142,2500,0,R,,PAYER", "88,TRN*1*E99*1520000001~", "16,698,30,0,,,FEE/"),
    statement("16,115,500000,S,,200000,300000,,,LOCK BOX/"),
)


@UNTIMED
@given(st.integers(min_value=0, max_value=len(CLEAN)))
def test_a_file_cut_anywhere_never_raises_and_never_posts_the_cut_account(at):
    parsed = read_bai2(CLEAN[:at])
    assert parsed.reserialised
    clean = [code for code in codes(parsed) if code is None]
    closed = sum(line.startswith(b"49,") for line in CLEAN[:at].splitlines())
    assert len(clean) <= closed
    is_whole = at >= len(CLEAN) - 2
    assert is_whole or parsed.findings


@UNTIMED
@given(
    st.lists(st.tuples(st.integers(0, len(CLEAN) - 1), st.integers(0, 255)), min_size=1, max_size=8)
)
def test_damaged_bytes_never_raise(damage):
    content = bytearray(CLEAN)
    for at, byte in damage:
        content[at] = byte
    assert read_bai2(bytes(content)).reserialised


@UNTIMED
@given(st.binary(max_size=300))
def test_any_bytes_end_as_rows_or_findings(content):
    parsed = read_bai2(content)
    assert parsed.records or parsed.findings
