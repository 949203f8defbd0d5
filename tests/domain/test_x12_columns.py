"""What of a transaction becomes a column, what becomes of a value that cannot be read, and by which
of the guide's loop ids it is found.
"""

from decimal import Decimal

import pytest

from tests.domain.x12_samples import read_set as _read
from tests.domain.x12_samples import rows_of as _rows

pytestmark = pytest.mark.promise(
    "A value that cannot be read becomes a finding, and its segment is kept",
    "A provider is found in the loop that its guide gives it",
)


@pytest.mark.parametrize(
    ("old", "new", "table", "column"),
    [
        ("CLP*A-1*1*100*80**12*P1*11*1**470*1.5*.5", "CLP*A-1*1*100*80**12*P1*11*1**470*1,5*.5",
         "remittance_claim", "drg_weight"),
        ("CLP*A-1*1*100*80**12*P1*11*1**470*1.5*.5", "CLP*A-1*1*100*80**12*P1*11*1**470*1.5*HALF",
         "remittance_claim", "discharge_fraction"),
        ("DTM*233*20261104", "DTM*233*20261345", "remittance_claim", "service_to_date"),
        ("SVC*HC:99213*100*80**1*HC:99214*2.5", "SVC*HC:99213*100*80**1*HC:99214*TWO",
         "remittance_line", "submitted_units"),
        ("DTM*405*20261120", "DTM*405*20260230", "remittance", "production_date"),
    ],
)  # fmt: skip
def test_a_value_of_a_wide_table_that_cannot_be_read_is_told_and_its_segment_kept(
    old: str, new: str, table: str, column: str
) -> None:
    whole = (
        "BPR*I*80*C*ACH************20261120", "TRN*1*EFT1*1999999999", "DTM*405*20261120",
        "N1*PR*PAYER", "N1*PE*CLINIC*XX*1234567893", "LX*1",
        "CLP*A-1*1*100*80**12*P1*11*1**470*1.5*.5", "DTM*233*20261104",
        "SVC*HC:99213*100*80**1*HC:99214*2.5", "CAS*CO*45*20",
    )  # fmt: skip
    before = _read("835", "005010X221A1", *whole)
    assert before.findings == ()
    assert _rows(before, table, column) != [(None,)]
    assert before.tables["x12_segment"].num_rows == 0
    after = _read("835", "005010X221A1", *(one.replace(old, new) for one in whole))
    assert [one.code for one in after.findings] == ["VALUE_UNREADABLE"]
    assert _rows(after, table, column) == [(None,)]
    assert _rows(after, "x12_segment", "segment", "content") == [(after.findings[0].segment, new)]
    assert after.segments == after.accounted


def test_the_price_of_a_unit_that_cannot_be_read_is_told_and_its_segment_kept() -> None:
    parsed = _read(
        "837", "005010X223A2", "HL*1**20*1", "HL*2*1*22*0", "CLM*A*1***11:A:1", "LX*1",
        "SV2*0300*HC:99213*1*UN*1*1.2.3*5", "DTP*472*D8*20261345",
    )  # fmt: skip
    assert _rows(parsed, "claim_line", "unit_rate", "noncovered_amount", "service_date") == [
        (None, Decimal("5.00"), None)
    ]
    assert [one.code for one in parsed.findings] == ["VALUE_UNREADABLE"] * 2
    assert _rows(parsed, "x12_segment", "content") == [
        ("SV2*0300*HC:99213*1*UN*1*1.2.3*5",), ("DTP*472*D8*20261345",),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("version", "code", "loop"),
    [
        ("005010X222A1", "82", "2310B"), ("005010X223A3", "82", "2310D"),
        ("005010x224a2", "DD", "2310D"), ("004010X098A1", "QB", "2310C"),
        ("004010X096A1", "FA", "2310E"), ("004010X097A1", "DD", "2310D"),
        ("005010X222A1", "XX", "2310"), ("006020X323", "82", "2310"),
    ],
)  # fmt: skip
def test_a_provider_stands_in_the_loop_that_its_guide_gives_it(
    version: str, code: str, loop: str
) -> None:
    parsed = _read(
        "837", version, "HL*1**20*1", "HL*2*1*22*0", "CLM*A*1***11:B:1", f"NM1*{code}*1*SMITH",
        "REF*G2*1", "LX*1", "SV1*HC:99213*1*UN*1",
    )  # fmt: skip
    assert _rows(parsed, "x12_party", "loop") == [(loop,)]
    assert _rows(parsed, "x12_reference", "loop") == [(loop,)]


def test_the_loops_of_a_level_bear_its_letter_whatever_comes_after_it() -> None:
    parsed = _read(
        "271", "005010X279A1", "HL*1**20*1", "NM1*PR*2*P", "HL*2*1*21*1", "NM1*1P*2*C",
        "HL*3*2*22*1", "NM1*IL*1*DOE", "EB*1", "HL*4*3*23*0", "NM1*03*1*DOE", "EB*1",
        "HL*5*2*22*0", "NM1*IL*1*ROE", "EB*6", "EB*C", "III*ZZ*11", "NM1*P3*1*SMITH",
    )  # fmt: skip
    assert _rows(parsed, "x12_party", "loop") == [
        ("2100A",), ("2100B",), ("2100C",), ("2100D",), ("2100C",), ("2120C",),
    ]  # fmt: skip
    assert _rows(parsed, "x12_benefit", "loop") == [
        ("2110C",), ("2110D",), ("2110C",), ("2110C",),
    ]  # fmt: skip
    assert _rows(parsed, "x12_code", "loop") == [("2115C",)]
