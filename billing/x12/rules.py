"""The rules that X12 content is held to, as findings: a code, a place, a rule, never a value.

Which segments break a rule is decided by the checks; here stands how that is said.
"""

from dataclasses import dataclass
from decimal import Decimal

from billing.finding import Finding, Severity


@dataclass(frozen=True)
class Rule:
    """What must hold, and what its breach means for posting (an error keeps money back)."""

    code: str
    severity: Severity
    rule: str
    message: str


UNREADABLE = Rule(
    "UNREADABLE_X12", "error", "X12 starts with ISA, GS or ST", "No X12 segment could be read"
)
NO_TRANSACTION = Rule(
    "NO_TRANSACTION", "error", "An interchange holds a transaction", "No ST segment in the file"
)
UNREAD_BYTES = Rule(
    "UNREAD_BYTES",
    "warning",
    "A file starts with its first segment",
    "Text before the first segment",
)
SEGMENT_TOO_LONG = Rule(
    "SEGMENT_TOO_LONG",
    "error",
    "A segment has at most 8 million bytes",
    "Segment without an end; only its beginning was read",
)
TRANSACTION_TOO_LONG = Rule(
    "TRANSACTION_TOO_LONG",
    "error",
    "A claim begins at least every 40 million bytes and 500,000 segments",
    "The rest of the transaction was not read",
)
ISA_MISSING = Rule(
    "ISA_MISSING", "warning", "GS stands inside ISA and IEA (X12.5)", "No ISA; delimiters inferred"
)
ISA_LENGTH = Rule(
    "ISA_LENGTH", "warning", "ISA has fixed widths, 106 bytes (X12.5)", "ISA of another length"
)
OUTSIDE_TRANSACTION = Rule(
    "OUTSIDE_TRANSACTION", "warning", "Segments stand inside ST and SE", "Segment outside ST and SE"
)
MONEY_OUTSIDE_TRANSACTION = Rule(
    "OUTSIDE_TRANSACTION", "error", "Segments stand inside ST and SE", "Amounts outside ST and SE"
)
SE_COUNT_OFF = Rule(
    "SE_COUNT_OFF", "warning", "SE01 = segments from ST to SE", "SE01 is not the segment count"
)
SE_CONTROL_OFF = Rule("SE_CONTROL_OFF", "warning", "SE02 = ST02", "SE02 differs from ST02")
GE_COUNT_OFF = Rule(
    "GE_COUNT_OFF", "warning", "GE01 = transactions in the group", "GE01 is not the ST count"
)
GE_CONTROL_OFF = Rule("GE_CONTROL_OFF", "warning", "GE02 = GS06", "GE02 differs from GS06")
GE_MISSING = Rule("GE_MISSING", "warning", "Every GS has its GE", "GS without GE")
IEA_COUNT_OFF = Rule(
    "IEA_COUNT_OFF", "warning", "IEA01 = groups in the interchange", "IEA01 is not the GS count"
)
IEA_CONTROL_OFF = Rule("IEA_CONTROL_OFF", "warning", "IEA02 = ISA13", "IEA02 differs from ISA13")
IEA_MISSING = Rule("IEA_MISSING", "warning", "Every ISA has its IEA", "ISA without IEA")
TRUNCATED = Rule("TRUNCATED", "error", "Every ST has its SE", "Transaction ends without SE")
TRUNCATED_CLAIM = Rule(
    "TRUNCATED", "error", "Every ST has its SE", "Last claim of a transaction that has no SE"
)
NOT_READ = Rule(
    "SEGMENT_NOT_READ",
    "error",
    "Every segment with an amount becomes a row",
    "Segment out of place",
)
ADJUSTMENT_INCOMPLETE = Rule(
    "ADJUSTMENT_INCOMPLETE",
    "error",
    "CAS01 names the group of an adjustment, PLB01 the provider (X221)",
    "Adjustment without its group or its provider",
)
NEGATIVE_PAYMENT = Rule(
    "NEGATIVE_PAYMENT", "warning", "BPR02 is not negative (X221 1.10.2)", "Negative BPR02"
)
REMITTANCE_OFF = Rule(
    "REMITTANCE_OFF_BALANCE",
    "error",
    "sum CLP04 - sum PLB = BPR02 (X221 1.10.2.1)",
    "Claim payments less provider adjustments differ from the payment",
)
CLAIM_OFF = Rule(
    "CLAIM_OFF_BALANCE",
    "error",
    "CLP03 - all CAS = CLP04 (X221 1.10.2.1)",
    "Charge less adjustments differs from the claim payment",
)
LINE_OFF = Rule(
    "LINE_OFF_BALANCE",
    "error",
    "SVC02 - CAS of the line = SVC03 (X221 1.10.2.1)",
    "Line charge less adjustments differs from the line payment",
)
CLAIM_LINES_OFF = Rule(
    "CLAIM_LINES_OFF",
    "error",
    "CLM02 = sum of line charges (X222 2300 CLM02)",
    "Claim charge differs from its lines",
)
COORDINATION_OFF = Rule(
    "COORDINATION_OFF_BALANCE",
    "warning",
    "CLM02 = AMT*D + all CAS of a payer before (X222 1.4.4.2)",
    "Claim charge differs from what another payer paid and adjusted",
)
COORDINATION_LINE_OFF = Rule(
    "COORDINATION_LINE_OFF_BALANCE",
    "warning",
    "Line charge = SVD02 + CAS of a payer before (X222 1.4.4.1)",
    "Line charge differs from what another payer paid and adjusted",
)
PATIENT_UNREADABLE = Rule(
    "PATIENT_RESPONSIBILITY_UNREADABLE", "warning", "CLP05 is an amount", "CLP05 left empty"
)
VALUE_UNREADABLE = Rule(
    "VALUE_UNREADABLE",
    "warning",
    "A date, amount or quantity can be read as one (X12.6)",
    "Element left empty; the segment is kept as it stands",
)
NO_CLAIM = Rule("NO_CLAIM", "warning", "An 837 holds a claim", "837 without CLM")
UNITS_UNREADABLE = Rule(
    "UNITS_UNREADABLE", "warning", "Units are a number with up to 3 decimals", "Units left empty"
)


def unreadable_amount(element: str) -> Rule:
    """Return the rule that an amount can be read, for the element that holds it."""
    return Rule(
        "AMOUNT_UNREADABLE",
        "error",
        f"{element} is an amount of at most 12 digits and 2 decimals",
        f"{element} is missing or unreadable; the balance cannot be evaluated",
    )


def finding(
    rule: Rule, segment: int, amount: Decimal | None = None, record_kind: str = "file"
) -> Finding:
    """Return the finding that `rule` is broken at `segment` (1-based)."""
    return Finding(rule.code, rule.severity, segment, rule.rule, rule.message, amount, record_kind)
