"""What must hold for the denial mart."""

from assets.checks.expectation import Expectation, breaking_rows

MART = "mart_denial_month"
KEYS = ("period_month", "entity_code", "payer_code", "root_cause")

SUITE = (
    Expectation(
        name="denied_claims_were_remitted",
        mart=MART,
        kind="ExpectColumnPairValuesAToBeGreaterThanB",
        arguments={
            "column_A": "remitted_claims_count",
            "column_B": "initial_denied_claims_count",
            "or_equal": True,
        },
        severity="error",
        description="No more claims are denied than were remitted.",
        breaks="initial_denied_claims_count > remitted_claims_count",
        keys=KEYS,
    ),
    Expectation(
        name="claim_rate_is_a_share",
        mart=MART,
        kind="ExpectColumnValuesToBeBetween",
        arguments={"column": "initial_denial_claim_rate", "min_value": 0, "max_value": 1},
        severity="error",
        description="The initial denial rate by claims lies between 0 and 1.",
        breaks="initial_denial_claim_rate not between 0 and 1",
        keys=KEYS,
    ),
    Expectation(
        name="amount_rate_is_a_share",
        mart=MART,
        kind="ExpectColumnValuesToBeBetween",
        arguments={"column": "initial_denial_amount_rate", "min_value": 0, "max_value": 1},
        severity="warning",
        description="The initial denial rate by dollars lies between 0 and 1.",
        breaks="initial_denial_amount_rate not between 0 and 1",
        keys=KEYS,
    ),
    Expectation(
        name="denial_has_a_root_cause",
        mart=MART,
        severity="error",
        description="Denied dollars always have a root cause.",
        keys=KEYS,
        **breaking_rows(
            "root_cause is null or (root_cause = 'NOT_DENIED' and initial_denied_amount <> 0)"
        ),
    ),
    Expectation(
        name="no_negative_initial_denials",
        mart=MART,
        kind="ExpectColumnValuesToBeBetween",
        arguments={"column": "initial_denied_amount", "min_value": 0},
        severity="error",
        description="An initial denial is a positive amount: reversals show in the net column.",
        breaks="initial_denied_amount < 0",
        keys=KEYS,
    ),
)
