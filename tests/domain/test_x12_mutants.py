"""One defect at a time in a clean 835: what the reader makes of it, and where it says it is."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from billing.parsed import ParsedFile
from billing.x12.framing import canonical, frame, is_same
from billing.x12.reader import read_x12
from billing.x12.source import Source
from tests.domain.x12_samples import Marks, balanced, interchange

pytestmark = pytest.mark.promise(
    "A single defect in a remittance is found where it is and holds only what it touches",
    "The same business content has the same hash in any envelope",
)

CLEAN = interchange([balanced()])
CLP_2 = CLEAN.index(b"CLP*A-2")


def _errors(parsed: ParsedFile) -> list[tuple[str, str]]:
    return [(item.code, item.record_kind) for item in parsed.findings if item.severity == "error"]


def _paid(parsed: ParsedFile) -> list[Decimal | None]:
    return list(parsed.tables["remittance_claim"]["paid_amount"].to_pylist())


def _segment_at(content: bytes, offset: int) -> int:
    return content[:offset].count(b"~") + 1


def _codes(parsed: ParsedFile, table: str) -> list[str | None]:
    return list(parsed.tables[table]["finding_code"].to_pylist())


AMOUNTS = [Decimal("115.01"), Decimal("0.00"), Decimal("0.00")]


def test_the_clean_file_has_no_finding_and_all_amounts() -> None:
    parsed = read_x12(CLEAN)
    assert parsed.findings == ()
    assert _paid(parsed) == AMOUNTS
    assert parsed.tables["remittance"]["payment_amount"].to_pylist() == [Decimal("105.01")]
    assert parsed.tables["remittance"]["provider_adjusted_amount"].to_pylist() == [Decimal("10.00")]


HARMLESS: dict[str, Callable[[bytes], bytes]] = {
    "carriage returns": lambda c: c.replace(b"\n", b"\r\n"),
    "no line ends": lambda c: c.replace(b"\n", b""),
    "blank lines": lambda c: c.replace(b"\n", b"\n\n  \n"),
    "lines of 80 bytes": lambda c: b"\n".join(
        c.replace(b"\n", b"")[i : i + 80] for i in range(0, len(c), 80)
    ),
    "a byte order mark": lambda c: b"\xef\xbb\xbf" + c,
    "bytes after the end": lambda c: c + b"\x1a\x00\x00",
    "line feed as terminator": lambda c: c.replace(b"~", b""),
    "carriage return and line feed as terminator": lambda c: c.replace(b"~\n", b"\r\n"),
    "control bytes as delimiters": lambda c: c.replace(b"\n", b"").translate(
        bytes.maketrans(b"*:~", b"\x1e\x1f\x1d")
    ),
    "lower case ids": lambda c: c.replace(b"CLP*", b"clp*").replace(b"SVC*", b"svc*"),
    "latin-1": lambda c: c.replace(b"ROBIN", b"J\xf6rg"),
    "a segment nobody knows": lambda c: c.replace(b"NM1*QC", b"ZZZ*1~\nNM1*QC", 1).replace(
        b"SE*25*", b"SE*26*"
    ),
    "an amount with more zeros": lambda c: c.replace(b"CLP*A-2*1*75*0*", b"CLP*A-2*1*075.000*.0*"),
    "separators at the end": lambda c: c.replace(b"HC:99213*75*0", b"HC:99213*75*0**"),
}  # fmt: skip


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_variety_changes_nothing(name: str) -> None:
    content = HARMLESS[name](CLEAN)
    assert content != CLEAN
    parsed = read_x12(content)
    assert [item.code for item in parsed.findings] == []
    assert _paid(parsed) == AMOUNTS
    assert parsed.reserialised


def test_the_same_business_content_has_the_same_hash_in_any_envelope() -> None:
    marks = Marks("|", ">", "!", "\r\n")
    advice = balanced()
    other = interchange([type(advice)(advice.claims, advice.provider_adjustments, marks=marks)], 77)
    hashes = {
        read_x12(content).tables["remittance"]["content_hash"][0].as_py()
        for content in (CLEAN, other, CLEAN.replace(b"\n", b""), b"\xef\xbb\xbf" + CLEAN)
    }
    assert len(hashes) == 1
    changed = read_x12(CLEAN.replace(b"CLP*A-2", b"CLP*A-9"))
    assert changed.tables["remittance"]["content_hash"][0].as_py() not in hashes


def test_a_payment_off_by_a_cent_puts_the_remittance_in_exceptions() -> None:
    parsed = read_x12(CLEAN.replace(b"BPR*I*105.01", b"BPR*I*105.02"))
    assert _errors(parsed) == [("REMITTANCE_OFF_BALANCE", "remittance")]
    assert parsed.findings[0].amount == Decimal("105.02")
    assert parsed.findings[0].segment == 3
    assert _codes(parsed, "remittance") == ["REMITTANCE_OFF_BALANCE"]
    assert _codes(parsed, "remittance_claim") == [None, None, None]


def test_a_claim_off_by_a_cent_waits_in_exceptions_and_its_neighbours_do_not() -> None:
    parsed = read_x12(CLEAN.replace(b"CLP*A-2*1*75*0", b"CLP*A-2*1*75.01*0"))
    assert _errors(parsed) == [("CLAIM_OFF_BALANCE", "remittance_claim")]
    assert parsed.findings[0].segment == _segment_at(CLEAN, CLP_2)
    assert _codes(parsed, "remittance_claim") == [None, "CLAIM_OFF_BALANCE", None]
    assert _codes(parsed, "remittance") == [None]


def test_a_line_off_by_a_cent_names_the_line_and_holds_its_claim() -> None:
    parsed = read_x12(CLEAN.replace(b"SVC*HC:99213*75*0", b"SVC*HC:99213*75*-.01"))
    assert _errors(parsed) == [("LINE_OFF_BALANCE", "remittance_claim")]
    assert parsed.findings[0].segment == _segment_at(CLEAN, CLEAN.index(b"SVC*HC:99213*75"))
    assert _codes(parsed, "remittance_claim") == [None, "LINE_OFF_BALANCE", None]


@pytest.mark.parametrize(
    "written",
    ["", "abc", "1,150.01", "115.015", "+115.01", "115.01-", "1E2", "-", ".", "1234567890123"],
)
def test_an_amount_that_cannot_be_read_is_null_and_said_so(written: str) -> None:
    parsed = read_x12(CLEAN.replace(b"*150.01*115.01*", b"*150.01*" + written.encode() + b"*"))
    assert _paid(parsed) == [None, *AMOUNTS[1:]]
    assert _errors(parsed) == [("AMOUNT_UNREADABLE", "remittance_claim")]
    assert _codes(parsed, "remittance_claim")[0] == "AMOUNT_UNREADABLE"
    assert _codes(parsed, "remittance") == ["AMOUNT_UNREADABLE"]
    assert written not in parsed.findings[0].message or not written.strip("-.")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"CAS*CO*45*20", b"CAS*CO*45*x"),
        (b"CAS*CO*45*20", b"CAS*CO*45"),
        (b"SVC*HC:99213*100*65", b"SVC*HC:99213*100*"),
        (b"CLP*A-1*1*150.01", b"CLP*A-1*1*"),
    ],
)
def test_a_balance_that_cannot_be_evaluated_does_not_hold(old: bytes, new: bytes) -> None:
    assert old in CLEAN
    parsed = read_x12(CLEAN.replace(old, new, 1))
    assert _codes(parsed, "remittance_claim")[0] == "AMOUNT_UNREADABLE"
    assert ("AMOUNT_UNREADABLE", "remittance_claim") in _errors(parsed)


def test_an_adjustment_amount_without_its_reason_still_counts() -> None:
    parsed = read_x12(CLEAN.replace(b"CAS*CO*45*20", b"CAS*CO**20"))
    first = parsed.tables["claim_adjustment"].to_pylist()[0]
    assert (first["reason_code"], first["amount"]) == (None, Decimal("20.00"))
    assert parsed.findings == ()


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (b"CAS*CO*45*20", b"CAS**45*20", "remittance_claim"),
        (
            b"PLB*1234567893*20261231*WO:REF1*10.50",
            b"PLB**20261231*WO:REF1*10.50",
            "provider_adjustment",
        ),
    ],
)
def test_an_adjustment_without_its_group_or_provider_is_read_and_held_back(
    old: bytes, new: bytes, kind: str
) -> None:
    assert old in CLEAN
    parsed = read_x12(CLEAN.replace(old, new))
    assert _errors(parsed) == [("ADJUSTMENT_INCOMPLETE", kind)]
    assert _paid(parsed) == AMOUNTS


def test_a_second_payment_in_one_transaction_is_reported() -> None:
    assert b"TRN*1" in CLEAN
    parsed = read_x12(CLEAN.replace(b"TRN*1", b"BPR*I*1~\nTRN*1"))
    assert "SEGMENT_NOT_READ" in {code for code, _ in _errors(parsed)}


def test_a_negative_payment_is_a_warning_only() -> None:
    parsed = read_x12(
        CLEAN.replace(b"BPR*I*105.01", b"BPR*I*-104.99").replace(b"*-0.50", b"*209.50")
    )
    assert [(item.code, item.severity) for item in parsed.findings] == [
        ("NEGATIVE_PAYMENT", "warning")
    ]
    assert _codes(parsed, "remittance") == [None]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"SE*25*0001", b"SE*26*0001", "SE_COUNT_OFF"),
        (b"SE*25*0001", b"SE*25*0002", "SE_CONTROL_OFF"),
        (b"GE*1*1", b"GE*2*1", "GE_COUNT_OFF"),
        (b"GE*1*1", b"GE*1*2", "GE_CONTROL_OFF"),
        (b"GE*1*1~\n", b"", "GE_MISSING"),
        (b"IEA*1*000000001", b"IEA*2*000000001", "IEA_COUNT_OFF"),
        (b"IEA*1*000000001", b"IEA*1*000000002", "IEA_CONTROL_OFF"),
        (b"IEA*1*000000001~\n", b"", "IEA_MISSING"),
        (b"*PAYER          *", b"*PAYER*", "ISA_LENGTH"),
        (b"ISA*00*", b"Some words\nISA*00*", "UNREAD_BYTES"),
        (b"IEA*1*000000001~\n", b"IEA*1*000000001~\nEND OF FILE", "OUTSIDE_TRANSACTION"),
    ],
)
def test_an_envelope_that_does_not_add_up_is_a_warning(old: bytes, new: bytes, code: str) -> None:
    assert old in CLEAN
    parsed = read_x12(CLEAN.replace(old, new))
    assert [(item.code, item.severity) for item in parsed.findings] == [(code, "warning")]
    assert _paid(parsed) == AMOUNTS
    assert _codes(parsed, "remittance_claim") == [None, None, None]


@pytest.mark.parametrize("start", [b"GS*", b"ST*"])
def test_a_file_without_an_isa_is_read_all_the_same(start: bytes) -> None:
    parsed = read_x12(CLEAN[CLEAN.index(start) : CLEAN.index(b"GE*")])
    assert "ISA_MISSING" in {item.code for item in parsed.findings}
    assert _errors(parsed) == []
    assert _paid(parsed) == AMOUNTS


def test_money_outside_a_transaction_is_an_error() -> None:
    parsed = read_x12(CLEAN.replace(b"GE*1*1~", b"CLP*A-4*1*5*5~\nGE*1*1~"))
    assert _errors(parsed) == [("OUTSIDE_TRANSACTION", "file")]
    assert parsed.findings[0].segment == _segment_at(CLEAN, CLEAN.index(b"GE*1*1"))


def test_a_file_cut_off_in_a_claim_keeps_the_claims_before_it() -> None:
    parsed = read_x12(CLEAN[: CLEAN.index(b"DTM", CLP_2)])
    assert _codes(parsed, "remittance_claim") == [None, "TRUNCATED"]
    assert _codes(parsed, "remittance") == ["TRUNCATED"]
    assert _codes(parsed, "x12_transaction") == ["TRUNCATED"]
    assert ("TRUNCATED", "remittance_claim") in _errors(parsed)
    assert _paid(parsed) == AMOUNTS[:2]


def test_interchanges_with_different_delimiters_share_a_file() -> None:
    other = interchange([balanced(), balanced()], 2, Marks("|", ">", "\x1d", ""))
    parsed = read_x12(CLEAN + b"\r\n" + other.replace(b"*", b"|"))
    assert len(parsed.tables["remittance_claim"]) == 9
    assert parsed.tables["remittance"]["transaction_no"].to_pylist() == [1, 2, 3]


def test_a_broken_interchange_does_not_hide_the_next() -> None:
    broken = CLEAN[: CLEAN.index(b"NM1", CLP_2)]
    parsed = read_x12(broken + CLEAN)
    assert _codes(parsed, "remittance") == ["TRUNCATED", None]
    assert _codes(parsed, "remittance_claim") == [None, "TRUNCATED", None, None, None]


@pytest.mark.parametrize(
    "content", [b"", b" \r\n", b"hello", b"ISA", b"ISA*00*", b"\x00" * 200, b"ST"]
)
def test_what_is_not_x12_is_one_finding(content: bytes) -> None:
    parsed = read_x12(content)
    assert [item.code for item in parsed.findings] == ["UNREADABLE_X12"]
    assert all(len(rows) == 0 for rows in parsed.tables.values())


def test_an_envelope_without_a_transaction_is_a_finding() -> None:
    empty = interchange([])
    assert "NO_TRANSACTION" in {item.code for item in read_x12(empty).findings}


def test_no_finding_carries_a_value_of_the_document() -> None:
    content = CLEAN.replace(b"75*0", b"75.77*x").replace(b"BPR*I*105.01", b"BPR*I*9.99")
    for item in read_x12(content).findings:
        said = f"{item.rule} {item.message}"
        for value in ("A-2", "75.77", "BIRD", "ROBIN", "REF1", "9.99"):
            assert value not in said


def test_a_file_whose_separator_is_also_its_terminator_is_refused() -> None:
    parsed = read_x12(CLEAN.replace(b"\n", b"").replace(b"*", b"~"))
    assert [(item.code, item.severity) for item in parsed.findings] == [("UNREADABLE_X12", "error")]


def test_the_proof_of_coverage_notices_a_lost_segment_and_a_changed_byte() -> None:
    source = Source(CLEAN + interchange([balanced()], 2))
    first, second = frame(source).interchanges
    assert (first.start, first.end, second.end) == (0, len(CLEAN), source.size)
    raw, marks = source.read(second.start, second.end), second.delimiters
    body = canonical(raw, marks)
    assert is_same(raw, body, marks)
    assert not is_same(raw, body.replace(b"105.01", b"105.10"), marks)
    assert not is_same(raw, body[body.index(b"\x1e") + 1 :], marks)
