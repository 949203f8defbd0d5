"""What must hold for the cash forecast: thirteen weeks per stream, and bands that are bands."""

from assets.checks.expectation import Expectation, breaking_rows

MART = "mart_cash_forecast"
KEYS = ("stream", "horizon_weeks")

SUITE = (
    Expectation(
        name="horizon_is_thirteen_weeks",
        mart=MART,
        kind="ExpectColumnValuesToBeBetween",
        arguments={"column": "horizon_weeks", "min_value": 1, "max_value": 13},
        severity="error",
        description="The forecast reaches from week 1 to week 13.",
        breaks="horizon_weeks not between 1 and 13",
        keys=KEYS,
    ),
    Expectation(
        name="bands_hold_the_point",
        mart=MART,
        severity="warning",
        description="The 80 % band lies around the point forecast.",
        keys=KEYS,
        **breaking_rows("point_amount < lower80_amount or point_amount > upper80_amount"),
    ),
    Expectation(
        name="weeks_begin_after_the_as_of_date",
        mart=MART,
        severity="error",
        description="What has happened is not forecast.",
        keys=KEYS,
        **breaking_rows("week_start_date <= as_of_date"),
    ),
    Expectation(
        name="point_is_the_sum_of_its_parts",
        mart=MART,
        severity="error",
        description="A week's point is what open items bring plus new business, to the cent.",
        keys=KEYS,
        **breaking_rows("existing_amount + new_business_amount <> point_amount"),
    ),
)
