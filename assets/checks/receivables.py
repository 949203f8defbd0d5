"""What must hold for the receivables marts: aging and roll-forward."""

from assets.checks.expectation import Expectation, breaking_rows

AGING = "mart_ar_aging"
AGING_KEYS = ("entity_code", "facility_code", "payer_class", "responsibility", "bucket")
ROLLFORWARD = "mart_ar_rollforward"
ROLLFORWARD_KEYS = ("period_month", "entity_code", "facility_code", "payer_class", "account")
BUCKETS = ("0-30", "31-60", "61-90", "91-120", "121-180", "181-365", "OVER-365", "CREDIT")
PAYER_CLASSES = (
    "medicare", "medicaid", "commercial", "medicare_advantage", "other", "unknown", "self_pay",
)  # fmt: skip

SUITE = (
    Expectation(
        name="aging_bucket_is_known",
        mart=AGING,
        kind="ExpectColumnValuesToBeInSet",
        arguments={"column": "bucket", "value_set": list(BUCKETS)},
        severity="error",
        description="Every open balance lies in one of the buckets that the report knows.",
        breaks=f"bucket not in {BUCKETS}",
        keys=AGING_KEYS,
    ),
    Expectation(
        name="credits_stay_apart",
        mart=AGING,
        severity="error",
        description="Credit balances are in the bucket CREDIT and never reduce an aged balance.",
        keys=AGING_KEYS,
        **breaking_rows("(bucket = 'CREDIT') <> (balance_amount < 0)"),
    ),
    Expectation(
        name="aging_counts_items",
        mart=AGING,
        kind="ExpectColumnValuesToBeBetween",
        arguments={"column": "item_count", "min_value": 1},
        severity="error",
        description="A row of the aging stands for at least one open item.",
        breaks="item_count < 1",
        keys=AGING_KEYS,
    ),
    Expectation(
        name="aging_payer_class_is_known",
        mart=AGING,
        kind="ExpectColumnValuesToBeInSet",
        arguments={"column": "payer_class", "value_set": [*PAYER_CLASSES[:5], "self_pay"]},
        severity="warning",
        description="Every open balance has a payer class; `unknown` payers wait for mapping.",
        breaks=f"payer_class not in {(*PAYER_CLASSES[:5], 'self_pay')}",
        keys=AGING_KEYS,
    ),
    Expectation(
        name="rollforward_foots",
        mart=ROLLFORWARD,
        severity="error",
        description="Opening plus the month's movements is closing, to the cent.",
        keys=ROLLFORWARD_KEYS,
        **breaking_rows(
            "opening_amount + charges_amount + charge_reversals_amount + payer_payments_amount"
            " + patient_payments_amount + contractual_amount + sequestration_amount"
            " + capitated_amount + withheld_amount + transfers_amount + credit_reclass_amount"
            " + other_amount <> closing_amount"
        ),
    ),
    Expectation(
        name="charges_are_debits",
        mart=ROLLFORWARD,
        severity="warning",
        description="A month's charges raise receivables: a negative sum needs an explanation.",
        keys=ROLLFORWARD_KEYS,
        **breaking_rows("charges_amount < 0"),
    ),
    Expectation(
        name="rollforward_month_is_a_first",
        mart=ROLLFORWARD,
        severity="error",
        description="A period is a whole calendar month.",
        keys=ROLLFORWARD_KEYS,
        **breaking_rows("extract(day from period_month) <> 1"),
    ),
)
