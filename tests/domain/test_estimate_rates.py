"""The arithmetic of estimates, with numbers worked by hand."""

from decimal import Decimal

import pytest

from billing.estimates.reserve import Balance, History, memo, reserve, sensitivity, total

pytestmark = pytest.mark.promise(
    "Estimates are exact to the cent and agree with numbers worked by hand",
    "A thin or empty history uses a wider rate and says so",
)


def d(text):
    return Decimal(text)


def balance(amount="1000.00", age="0-30", place="MAIN", payer_class="medicare"):
    return Balance(place, payer_class, age, d(amount))


def history(lost, exposed, count=50, *, age="0-30", entity=False, period="ALL", unpaid="0.00"):
    place, payer_class = ("ALL", "ALL") if entity else ("MAIN", "medicare")
    return History(place, payer_class, age, period, count, d(exposed), d(lost), d(unpaid))


def test_a_line_is_balance_times_the_share_that_was_lost():
    # 30 of 90 dollars lost is 0.333333; 1,000.00 times it is 333.33.
    (line,) = reserve([balance()], [history("30.00", "90.00")])
    assert (line.rate, line.required_amount) == (d("0.333333"), d("333.33"))
    assert (line.rate_level, line.observation_count) == ("segment", 50)
    assert (line.lost_amount, line.exposed_amount) == (d("30.00"), d("90.00"))


def test_half_a_cent_is_rounded_up():
    (line,) = reserve([balance("0.50")], [history("1.00", "100.00")])
    assert line.required_amount == d("0.01")


def test_a_thin_segment_takes_the_rate_of_the_entity_and_says_so():
    known = [history("80.00", "100.00", 29), history("10.00", "100.00", 900, entity=True)]
    (line,) = reserve([balance()], known)
    assert (line.rate, line.rate_level, line.observation_count) == (d("0.1"), "entity", 900)
    (line,) = reserve([balance()], known, minimum=29)
    assert (line.rate, line.rate_level) == (d("0.8"), "segment")


def test_an_age_without_any_history_takes_that_of_all_ages_else_nothing_and_says_so():
    overall = history("25.00", "100.00", entity=True, age="ALL")
    (line,) = reserve([balance(age="OVER-365")], [overall])
    assert (line.required_amount, line.rate_level) == (d("250.00"), "entity_all")
    (line,) = reserve([balance()], [])
    assert (line.required_amount, line.rate_level) == (d("0.00"), "none")


def test_expected_yield_reserves_what_nobody_paid_at_one_rate_for_all_ages():
    known = [history("10.00", "100.00", age="ALL", unpaid="40.00"), history("99.00", "100.00")]
    lines = reserve([balance(), balance("10.00", "31-60")], known, "expected_yield")
    assert [line.rate for line in lines] == [d("0.4"), d("0.4")]
    assert total(lines) == d("404.00")


def test_months_do_not_enter_a_rate():
    (line,) = reserve([balance()], [history("90.00", "100.00", entity=True, period="2026-08")])
    assert line.rate_level == "none"


def test_lines_come_in_one_order_whatever_order_the_input_had():
    balances = [balance(age="31-60"), balance(place="EAST"), balance()]
    forth, back = reserve(balances, []), reserve(balances[::-1], [])
    assert forth == back
    assert [line.facility_code for line in forth] == ["EAST", "MAIN", "MAIN"]


def test_sensitivity_moves_rates_by_a_tenth_and_takes_the_worst_month():
    known = [
        history("20.00", "100.00"),
        history("10.00", "100.00", entity=True, period="2026-08"),
        history("50.00", "100.00", entity=True, period="2026-07"),
        history("70.00", "100.00", entity=True, period="2026-06", age="31-60"),
    ]
    found = sensitivity(reserve([balance()], known), known, "rate_by_age")
    # 20 %: 180.00 and 220.00. June says nothing of this age: 200.00. July: 500.00.
    assert (found.lower_amount, found.upper_amount) == (d("180.00"), d("220.00"))
    assert (found.worst_period, found.worst_amount) == ("2026-07", d("500.00"))


def test_a_rate_never_goes_above_one():
    known = [history("95.00", "100.00")]
    found = sensitivity(reserve([balance()], known), known, "rate_by_age")
    assert (found.upper_amount, found.worst_period) == (d("1000.00"), None)


@pytest.mark.parametrize("amount", ["0", "0.005", "NaN", "Infinity"])
def test_a_memo_is_in_whole_cents_and_not_zero(amount):
    with pytest.raises(ValueError, match="whole cents"):
        memo("MAIN", "none", d(amount))


@pytest.mark.parametrize(("method", "minimum"), [("guess", 30), ("rate_by_age", 0)])
def test_an_unknown_method_or_no_minimum_is_an_error(method, minimum):
    with pytest.raises(ValueError, match="method"):
        reserve([balance()], [], method, minimum)
