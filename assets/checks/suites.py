"""All suites of expectations, by the name of the step that judges them."""

from assets.checks import cash_forecast, denials, receivables
from assets.checks.expectation import Expectation

SUITES: dict[str, tuple[Expectation, ...]] = {
    "judge_receivables": receivables.SUITE,
    "judge_denials": denials.SUITE,
    "judge_cash_forecast": cash_forecast.SUITE,
}
EXPECTATIONS: tuple[Expectation, ...] = tuple(e for suite in SUITES.values() for e in suite)
