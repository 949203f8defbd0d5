"""What a request of a decided event takes from, and how its ERP and its reserve name things."""

from decimal import Decimal

import pytest

from billing.estimates import reserve
from billing.ledger.requests import RequestKind, request_kind
from billing.ledger.rules import Account, PostingRule
from billing.ledger.segments import EntitySegments, SegmentMap, UnmappedSegmentError

CHART = {
    one.account: one
    for one in (
        Account("1010", "Cash", "asset", "D", "", ""),
        Account("1110", "Payer receivable", "asset", "D", "claim", ""),
        Account("1120", "Patient receivable", "asset", "D", "account", ""),
        Account("1130", "Payment plans", "asset", "D", "plan", ""),
        Account("2010", "Patient credit", "liability", "C", "account", ""),
        Account("2110", "Unapplied cash", "liability", "C", "trace", ""),
        Account("6010", "Bad debt", "expense", "D", "", ""),
    )
}
KINDS = {
    ("6010", "1120"): ("account", "1120", 1),  # written off what a patient owes
    ("6010", "1110"): ("claim", "1110", 1),
    ("6010", "1130"): ("account", "1130", 1),
    ("2010", "1010"): ("account", "2010", -1),  # given back what a patient has
    ("1120", "6010"): ("account", None, None),  # nothing is lowered: it is named by what it raises
    ("6010", "2010"): ("account", None, None),
    ("2110", "1010"): ("reference", None, None),  # kept by trace, which no request names
    ("6010", "1010"): ("reference", None, None),
}


@pytest.mark.promise("A request says by what it is named and which balance bounds it")
@pytest.mark.parametrize(("debit", "credit"), KINDS)
def test_request_lowers_a_receivable_or_a_liability(debit: str, credit: str) -> None:
    rule = PostingRule(
        "JR1", "write.off", debit, credit, "x", "y", "manual", "decided", False, True
    )
    subject, account, sign = KINDS[debit, credit]
    found = request_kind(rule, CHART)
    assert found == RequestKind("write.off", "JR1", "manual", subject, account, sign)


@pytest.mark.promise("Segments are told by our names; a value without a segment is refused")
def test_each_dimension_has_segments_of_its_own() -> None:
    names = EntitySegments({"1110": "A1"}, {"MAIN": "F1"}, {"medicare": "P1", "MAIN": "P2"})
    known = SegmentMap({"NLH": names})
    assert known.segment("NLH", "facility", "MAIN") == "F1"
    assert known.segment("NLH", "payer_class", "MAIN") == "P2"
    assert known.segment("NLH", "facility", "") == known.segment("NPG", "facility", "") == ""
    assert (known.account("NLH", "1110"), known.account("NPG", "1110")) == ("A1", "1110")
    with pytest.raises(UnmappedSegmentError, match="facility EAST of NLH"):
        known.segment("NLH", "facility", "EAST")
    with pytest.raises(UnmappedSegmentError, match="facility MAIN of NPG"):
        known.segment("NPG", "facility", "MAIN")


@pytest.mark.promise("An estimate that a memo states is one line of its amount")
def test_memo_is_one_line_that_requires_what_it_states() -> None:
    nothing = Decimal("0.00")
    assert reserve.memo("MAIN", "medicare", Decimal("12.5")) == reserve.Line(
        "MAIN", "medicare", "MEMO", Decimal("12.50"), Decimal("1.000000"), "memo", 0, nothing,
        nothing, Decimal("12.50"),
    )  # fmt: skip
    for amount in (None, Decimal(0), Decimal("0.001")):
        with pytest.raises(ValueError, match="not zero"):
            reserve.memo("MAIN", "medicare", amount)
