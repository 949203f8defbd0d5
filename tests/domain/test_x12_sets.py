"""What each transaction set carries, segment for segment: hand-made files, hand-worked rows."""

from datetime import date
from decimal import Decimal

import pytest

from billing.parsed import ParsedFile
from billing.x12.reader import read_x12
from tests.domain.x12_samples import ISA as _ISA
from tests.domain.x12_samples import read_set as _read
from tests.domain.x12_samples import rows_of as _rows

pytestmark = pytest.mark.promise(
    "Each X12 transaction set is read segment for segment, as worked by hand"
)


def _is_whole(parsed: ParsedFile) -> bool:
    return parsed.findings == () and parsed.segments == parsed.accounted


def test_a_277ca_says_of_each_claim_its_statuses_with_all_three_composites() -> None:
    parsed = _read(
        "277", "005010X214",
        "BHT*0085*08*BATCH7*20261123*0800*TH",
        "HL*1**20*1", "NM1*PR*2*PAYER*****PI*99999", "TRN*1*RCPT1",
        "HL*2*1*21*1", "NM1*41*2*SENDER*****46*S1", "TRN*2*BATCH7", "STC*A1:19:PR*20261123*WQ*300",
        "HL*3*2*19*1", "NM1*85*2*CLINIC*****XX*1234567893",
        "HL*4*3*PT", "NM1*QC*1*DOE*JO****MI*M1", "TRN*2*ACCT-1",
        "STC*A7:562:85*20261123*U*300******A7:21:IL*A7:187", "REF*1K*PAYERNO",
        "SVC*HC:99213*100*****1", "STC*A7:122**U",
    )  # fmt: skip
    assert _is_whole(parsed)
    assert _rows(
        parsed, "x12_status", "claim_no", "line_no", "loop", "category_code_1", "status_code_1",
        "entity_code_1", "category_code_2", "status_code_2", "status_code_3", "action_code",
    ) == [
        (None, None, "2200B", "A1", "19", "PR", None, None, None, "WQ"),
        (1, None, "2200D", "A7", "562", "85", "A7", "21", "187", "U"),
        (1, 1, "2220D", "A7", "122", None, None, None, None, "U"),
    ]  # fmt: skip
    assert ("2", "ACCT-1") in _rows(parsed, "x12_reference", "qualifier", "reference")
    assert _rows(parsed, "x12_level", "level_number", "parent_number", "level_code")[-1] == (
        "4", "3", "PT",
    )  # fmt: skip


def test_a_271_lists_each_benefit_with_its_dates_and_amounts() -> None:
    parsed = _read(
        "271", "005010X279A1",
        "BHT*0022*11*Q1*20261123*0800",
        "HL*1**20*1", "NM1*PR*2*PAYER*****PI*99999",
        "HL*2*1*21*1", "NM1*1P*2*CLINIC*****XX*1234567893",
        "HL*3*2*22*0", "TRN*2*T1*9SENDER", "NM1*IL*1*DOE*JO****MI*M1", "N3*1 STREET",
        "N4*TOWN*TX*75001", "DMG*D8*19700102*F", "DTP*346*D8*20260101",
        "EB*1**30*HM*GOLD", "DTP*348*RD8*20260101-20261231",
        "EB*C*IND*30^98***23*500.00", "EB*A**98*****.2****Y",
        "LS*2120", "NM1*P3*1*SMITH*A", "LE*2120",
    )  # fmt: skip
    assert _is_whole(parsed)
    benefits = _rows(
        parsed, "x12_benefit", "benefit_code", "service_types", "period_code", "amount",
        "fraction", "network_code", "segment",
    )  # fmt: skip
    assert [row[:-1] for row in benefits] == [
        ("1", "30", None, None, None, None),
        ("C", "30^98", "23", Decimal("500.00"), None, None),
        ("A", "98", None, None, Decimal("0.200"), "Y"),
    ]
    dates = _rows(parsed, "x12_date", "qualifier", "from_date", "to_date", "loop_segment")
    assert dates[1] == ("348", date(2026, 1, 1), date(2026, 12, 31), benefits[0][-1])
    subscriber = parsed.tables["x12_party"].to_pylist()[2]
    assert (subscriber["loop"], subscriber["birth_date"]) == ("2100C", date(1970, 1, 2))
    assert (subscriber["city"], subscriber["party_id"]) == ("TOWN", "M1")
    assert _rows(parsed, "x12_party", "loop")[-1] == ("2120C",)


def test_a_999_says_which_transaction_was_refused_and_where() -> None:
    parsed = _read(
        "999", "005010X231A1",
        "AK1*HC*7*005010X222A1", "AK2*837*0001*005010X222A1", "IK3*CLM*22**8",
        "CTX*CLM01:ACCT-1", "IK4*5:3*1331*7*9", "IK5*R*5*I5", "AK2*837*0002", "IK5*A",
        "AK9*P*2*2*1",
    )  # fmt: skip
    assert _is_whole(parsed)
    assert _rows(
        parsed, "x12_acknowledgement", "segment_id", "acknowledged_control", "disposition",
        "erring_segment", "erring_position", "reason_code", "loop",
    ) == [
        ("AK1", "7", None, None, None, None, "transaction"),
        ("AK2", "0001", None, None, None, None, "2000"),
        ("AK2", "0002", None, None, None, None, "2000"),
        ("IK5", None, "R", None, None, "5", "2110"),
        ("IK5", None, "A", None, None, None, "2000"),
        ("IK5", None, "R", None, None, "I5", "2110"),
        ("AK9", None, "P", None, None, None, "2000"),
        ("IK3", None, None, "CLM", "22", "8", "2100"),
        ("IK4", None, None, None, "5", "7", "2110"),
        ("CTX", None, None, None, None, None, "2100"),
    ]  # fmt: skip


def test_a_ta1_stands_in_the_envelope_and_has_its_row() -> None:
    content = _ISA + "TA1*000000006*261122*0800*R*019~IEA*0*000000007~"
    parsed = read_x12(content.encode())
    assert _is_whole(parsed)
    assert _rows(
        parsed, "x12_acknowledgement", "acknowledged_control", "disposition", "reason_code"
    ) == [("000000006", "R", "019")]


def test_a_278_carries_the_request_and_the_decision_with_its_number() -> None:
    parsed = _read(
        "278", "005010X217",
        "BHT*0007*11*R1*20261123*0800", "HL*1**20*1", "NM1*X3*2*PLAN*****PI*99999",
        "HL*2*1*21*1", "NM1*1P*1*SMITH*A****XX*1234567893", "HL*3*2*22*1",
        "NM1*IL*1*DOE*JO****MI*M1", "HL*4*3*EV*1", "UM*HS*I*2*11:B",
        "HCR*A1*AUTH77", "REF*BB*OLD1", "HI*BF:J45901:D8:20261101", "HL*5*4*SS*0",
        "SV1*HC:99213*100*UN*1",
    )  # fmt: skip
    assert _is_whole(parsed)
    assert _rows(
        parsed, "x12_authorisation", "loop", "request_category", "facility_type_code",
        "action_code", "authorisation_number",
    ) == [("2000E", "HS", "11", None, None), ("2000E", None, None, "A1", "AUTH77")]  # fmt: skip
    assert _rows(parsed, "x12_code", "qualifier", "code", "code_date") == [
        ("BF", "J45901", date(2026, 11, 1))
    ]
    assert _rows(parsed, "x12_service", "loop", "procedure_code", "charge_amount") == [
        ("2000F", "99213", Decimal("100.00"))
    ]


def test_an_820_lists_what_a_premium_payment_is_made_of() -> None:
    parsed = _read(
        "820", "005010X218",
        "BPR*I*150*C*ACH************20261120", "TRN*1*EFT1*1999999999", "N1*PE*PLAN*FI*999999999",
        "N1*PR*EMPLOYER", "ENT*1*2J*34*123", "NM1*IL*1*DOE*JO", "RMR*AZ*POLICY1**100*100",
        "DTM*582****RD8*20261101-20261130", "RMR*AZ*POLICY2**50*60", "ADX*-10*52",
    )  # fmt: skip
    assert _is_whole(parsed)
    assert _rows(parsed, "x12_date", "from_date", "to_date") == [
        (date(2026, 11, 1), date(2026, 11, 30))
    ]
    assert _rows(parsed, "x12_premium", "segment_id", "loop", "reference", "amount") == [
        ("BPR", "transaction", None, Decimal("150.00")),
        ("ENT", "2000B", "123", None),
        ("RMR", "2300B", "POLICY1", Decimal("100.00")),
        ("RMR", "2300B", "POLICY2", Decimal("50.00")),
        ("ADX", "2320B", None, Decimal("-10.00")),
    ]


_SECONDARY = (
    "BHT*0019*00*B1*20261123*0800*CH", "HL*1**20*1", "NM1*85*2*CLINIC*****XX*1234567893",
    "REF*EI*999999999", "HL*2*1*22*0", "SBR*S*18***CI****CI", "NM1*IL*1*DOE*JO****MI*M1",
    "DMG*D8*19700102*F", "NM1*PR*2*SECOND*****PI*22222",
    "CLM*ACCT-1*100***11:B:7*Y*A*Y*Y", "REF*F8*PAYER7", "REF*G1*PRIOR1",
    "HI*ABK:J45901*ABF:E119", "NM1*82*1*SMITH*A****XX*1234567893", "PRV*PE*PXC*207Q00000X",
    "SBR*P*18***CI****CI", "CAS*PR*1*20*1*2*5.5", "AMT*EAF*25.5", "OI***Y***Y",
    "NM1*PR*2*FIRST*****PI*11111", "LX*1", "SV1*HC:99213:25*100*UN*1***1",
    "DTP*472*D8*20261101", "SVD*11111*74.5*HC:99213**1", "CAS*PR*1*20*1*2*5.5",
    "DTP*573*D8*20261110",
)  # fmt: skip


def test_an_837_keeps_what_other_payers_decided_and_every_diagnosis() -> None:
    parsed = _read("837", "005010X222A1", *_SECONDARY)
    assert _is_whole(parsed)
    claim = parsed.tables["claim"].to_pylist()[0]
    assert (claim["payer_id"], claim["frequency_code"]) == ("22222", "7")
    assert claim["original_reference"] == "PAYER7"
    assert _rows(parsed, "x12_code", "qualifier", "code", "repetition") == [
        ("ABK", "J45901", 1), ("ABF", "E119", 2),
    ]  # fmt: skip
    adjusted = _rows(parsed, "x12_adjustment", "loop", "line_no", "reason_code", "amount")
    assert sorted(adjusted, key=str) == [
        ("2320", None, "1", Decimal("20.00")), ("2320", None, "2", Decimal("5.50")),
        ("2430", 1, "1", Decimal("20.00")), ("2430", 1, "2", Decimal("5.50")),
    ]  # fmt: skip
    assert _rows(parsed, "x12_adjudication", "payer_id", "paid_amount", "line_no") == [
        ("11111", Decimal("74.50"), 1)
    ]
    parties = dict(_rows(parsed, "x12_party", "entity_code", "loop"))
    assert parties == {"85": "2010AA", "IL": "2010BA", "PR": "2330B", "82": "2310B"}
    assert ("207Q00000X",) in _rows(parsed, "x12_party", "taxonomy_code")


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("no change", "", set()),
        ("AMT*D*74.5", "AMT*D*74.49", {"COORDINATION_OFF_BALANCE"}),
        ("SVD*11111*74.5", "SVD*11111*74", {"COORDINATION_LINE_OFF_BALANCE"}),
        ("AMT*D*74.5", "AMT*EAF*74.5", set()),
        ("SVD*11111*74.5", "SVD*99999*74", set()),
    ],
)
def test_what_an_earlier_payer_paid_and_adjusted_gives_the_charge(
    old: str, new: str, codes: set[str]
) -> None:
    claim_level = _SECONDARY.index("CAS*PR*1*20*1*2*5.5")
    paid = [*_SECONDARY[:claim_level], "AMT*D*74.5", *_SECONDARY[claim_level + 1 :]]
    assert old == "no change" or any(old in one for one in paid)
    parsed = _read("837", "005010X222A1", *(one.replace(old, new) for one in paid))
    assert {one.code for one in parsed.findings} == codes


def test_a_segment_that_no_guide_knows_stays_with_its_claim_and_closes_nothing() -> None:
    parsed = _read(
        "835", "005010X221A1",
        "BPR*I*80*C*ACH************20261120", "TRN*1*EFT1*1999999999", "N1*PR*PAYER",
        "N1*PE*CLINIC*XX*1234567893", "LX*1", "CLP*ACCT-1*1*100*80**12*P1", "ZZZ*UNKNOWN*1",
        "CAS*CO*45*20", "SVC*HC:99213*100*80", "ZZ2*A:B", "CAS*CO*45*20",
    )  # fmt: skip
    assert {one.code for one in parsed.findings} == {"CLAIM_OFF_BALANCE"}
    kept = _rows(parsed, "x12_segment", "claim_no", "line_no", "segment_id", "content")
    assert (1, None, "ZZZ", "ZZZ*UNKNOWN*1") in kept
    assert (1, 1, "ZZ2", "ZZ2*A:B") in kept
    assert _rows(parsed, "claim_adjustment", "claim_no", "line_no") == [(1, None), (1, 1)]


def test_a_value_that_cannot_be_read_leaves_its_segment_as_it_stands() -> None:
    parsed = _read("271", "005010X279A1", "HL*1**20*1", "NM1*PR*2*P", "EB*C**30****12,5")
    assert [one.code for one in parsed.findings] == ["VALUE_UNREADABLE"]
    assert _rows(parsed, "x12_segment", "content") == [("EB*C**30****12,5",)]
    assert parsed.segments == parsed.accounted


def test_hours_stay_as_written_and_a_day_with_an_hour_is_that_day() -> None:
    parsed = _read(
        "837", "005010X223A2", "HL*1**20*1", "HL*2*1*22*0", "CLM*A*1***11:A:1",
        "DTP*096*TM*1130", "DTP*435*DT*202610020840", "DTP*439*D8*20261345", "LX*1",
        "SV2*0300*HC:99213*1*UN*1",
    )  # fmt: skip
    assert _rows(parsed, "x12_date", "from_date", "to_date", "written") == [
        (None, None, "1130"),
        (date(2026, 10, 2), date(2026, 10, 2), "202610020840"),
        (None, None, "20261345"),
    ]
    assert _rows(parsed, "x12_segment", "content") == [("DTP*439*D8*20261345",)]


def test_service_lines_say_where_on_which_diagnoses_and_in_what_unit() -> None:
    parsed = _read(
        "837", "005010X222A1",
        "BHT*0019*00*B1*20261123*0800*CH", "HL*1**20*1", "NM1*85*2*CLINIC*****XX*1234567893",
        "HL*2*1*22*0", "SBR*S*18***15****CI", "NM1*IL*1*DOE*JO****MI*M1",
        "CLM*A-1*150***11:B:1*Y*A*Y*Y", "PWK*OZ*BM***AC*ATT77", "CN1*02*140", "HCP*03*120",
        "CRC*07*Y*01*06", "HI*ABK:J069*ABF:E119",
        "LX*1", "SV1*HC:99213:25*100*UN*1*22**1:2", "DTP*472*D8*20261101",
        "LX*2", "SV1*HC:J1100*50*UN*5***2", "DTP*472*D8*20261101", "LIN**N4*00641036725",
        "CTP****2.5*ML",
    )  # fmt: skip
    assert _is_whole(parsed)
    assert _rows(
        parsed, "claim_line", "procedure_qualifier", "unit_code", "place_of_service_code",
        "diagnosis_pointers",
    ) == [("HC", "UN", "22", "1:2"), ("HC", "UN", None, "2")]  # fmt: skip
    assert _rows(parsed, "x12_drug", "line_no", "drug_code", "quantity", "unit_code") == [
        (2, "00641036725", Decimal("2.500"), "ML")
    ]
    assert _rows(parsed, "x12_attachment", "report_type", "control_number") == [("OZ", "ATT77")]
    assert _rows(parsed, "x12_repricing", "method_code", "allowed_amount") == [
        ("03", Decimal("120.00"))
    ]
    assert _rows(parsed, "x12_contract", "contract_type", "amount") == [("02", Decimal("140.00"))]
    conditions = _rows(parsed, "x12_code", "segment_id", "answer", "code")
    assert ("CRC", "Y", "01") in conditions
    assert ("CRC", "Y", "06") in conditions
    assert parsed.tables["x12_segment"].num_rows == 0


def test_a_remittance_says_what_the_payer_priced_and_what_was_submitted() -> None:
    parsed = _read(
        "835", "005010X221A1",
        "BPR*I*400*C*CHK************20261123", "TRN*1*CK1*1999999999", "N1*PR*PAYER",
        "N1*PE*HOSPITAL*XX*1234567893", "LX*1", "TS3*1234567893*11*20261231*1*1000",
        "CLP*A-1*1*1000*400*0*MA*ICN1*11*1**470*1.9871*.5", "CAS*CO*45*600",
        "NM1*QC*1*DOE*JO", "MIA*4*12.50**380*MA01***20**********7.5*9*N130*M15",
        "SVC*HC:99213*0*0**1*HC:99214*2",
    )  # fmt: skip
    assert _is_whole(parsed)
    assert _rows(
        parsed, "remittance_claim", "drg_code", "drg_weight", "discharge_fraction"
    ) == [("470", Decimal("1.9871"), Decimal("0.5"))]  # fmt: skip
    assert _rows(
        parsed, "remittance_line", "procedure_code", "submitted_procedure_code", "submitted_units"
    ) == [("99213", "99214", Decimal("2.000"))]  # fmt: skip
    assert _rows(
        parsed, "x12_adjudicated_amounts", "covered_days", "outlier_amount", "drg_amount",
        "capital_amount", "indirect_teaching_amount", "nonpayable_professional_amount",
    ) == [
        (Decimal(4), Decimal("12.50"), Decimal(380), Decimal(20), Decimal("7.50"), Decimal(9))
    ]  # fmt: skip
    assert _rows(parsed, "x12_provider_summary", "provider_id", "claim_count", "charge_amount") == [
        ("1234567893", Decimal(1), Decimal(1000))
    ]
    assert _rows(parsed, "claim_adjustment", "remark_codes") == [("MA01,N130,M15",)]
