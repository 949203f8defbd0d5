"""The six invented payers and how each of them behaves. Amounts in cents, rates in basis points."""

from __future__ import annotations

from dataclasses import dataclass

WEEKDAYS = (0, 1, 2, 3, 4)

# Adjustment reasons that refuse payment, with the remark code each comes with.
DENIAL_REMARKS = {
    "16": "N382",
    "27": "N30",
    "29": "N211",
    "31": "N382",
    "50": "N115",
    "197": "M62",
    "252": "N706",
}


@dataclass(frozen=True)
class Payer:
    """A payer: who it is, how fast and on which weekdays it pays, what it cuts and denies."""

    code: str
    tin: str
    name: str
    payer_class: str
    filing: tuple[str, str]
    share: int
    lag_days: tuple[int, int]
    pay_weekdays: tuple[int, ...]
    denial_rate: int
    denial_reasons: tuple[tuple[str, int], ...]
    contractual: tuple[int, int]
    coinsurance: int
    copay_cents: int = 0
    deductible_rate: int = 0
    sequestration: int = 0
    method: str = "ACH"
    settlement_days: int = 0
    pays_interest: bool = False
    defers_takebacks: bool = False
    forwards_negative: bool = False

    @property
    def trace_id(self) -> str:
        """The originating company id of TRN03 and BPR10: 1 and the tax id."""
        return f"1{self.tin}"

    def filing_code(self, kind: str) -> str:
        """Return the claim filing indicator for institutional (I) or professional (P) claims."""
        return self.filing[0] if kind == "I" else self.filing[1]


MEDICARE = Payer(
    "MCR01", "520000001", "Federal Senior Health", "medicare", ("MA", "MB"), 34, (15, 2), WEEKDAYS,
    500, (("50", 4), ("16", 3), ("31", 1), ("252", 1)), (4500, 6000), 2000,
    deductible_rate=1200, sequestration=200,
)  # fmt: skip
MEDICAID = Payer(
    "MCD01", "520000002", "State Medical Assistance", "medicaid", ("MC", "MC"), 14, (24, 6), (2,),
    1100, (("16", 4), ("27", 3), ("29", 2), ("197", 2)), (5500, 7500), 0,
    copay_cents=300, settlement_days=1,
)  # fmt: skip
BLUE = Payer(
    "BLU01", "520000003", "Blue Ridge Mutual", "commercial", ("BL", "BL"), 22, (18, 5), (1, 3),
    800, (("197", 4), ("16", 3), ("50", 2), ("27", 1)), (3000, 4500), 1500,
    copay_cents=3500, deductible_rate=2000, defers_takebacks=True,
)  # fmt: skip
UNION = Payer(
    "UNC01", "520000004", "Union Care", "commercial", ("CI", "CI"), 14, (29, 8), (4,),
    1200, (("197", 3), ("252", 3), ("29", 2), ("16", 2)), (2500, 4000), 2000,
    copay_cents=4000, deductible_rate=1800, pays_interest=True,
)  # fmt: skip
ADVANTAGE = Payer(
    "MAH01", "520000005", "Senior Advantage HMO", "medicare_advantage", ("16", "16"), 11, (21, 6),
    (0,), 1000, (("197", 5), ("50", 3), ("16", 2)), (4500, 6000), 500,
    copay_cents=2500, settlement_days=1, forwards_negative=True,
)  # fmt: skip
WORKERS = Payer(
    "WRK01", "520000006", "Workers Fund", "other", ("WC", "WC"), 5, (45, 15), (1,),
    700, (("16", 3), ("197", 2), ("29", 1)), (1500, 2500), 0, method="CHK", settlement_days=2,
)  # fmt: skip

PAYERS = (MEDICARE, MEDICAID, BLUE, UNION, ADVANTAGE, WORKERS)

SECONDARY_CHOICES = {
    "MCR01": ((BLUE, 5), (MEDICAID, 3), (UNION, 2)),
    "BLU01": ((UNION, 3), (MEDICAID, 2)),
    "UNC01": ((BLUE, 3), (MEDICAID, 2)),
    "MAH01": ((MEDICAID, 3), (BLUE, 1)),
}
