"""Business days and what is expected of each source, as the shipped policy has them."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from billing.governance.interfaces import read_interfaces
from billing.governance.policy_file import PolicyFileError
from orchestration.schedules import reason_to_skip

pytestmark = pytest.mark.promise(
    "Due dates follow business days, bank holidays and the time zone of the business"
)

TEXT = (Path(__file__).parents[2] / "governance" / "interfaces.yaml").read_text()
INTERFACES = read_interfaces(TEXT)
CALENDAR = INTERFACES.calendar


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        (date(2026, 11, 24), True),
        (date(2026, 11, 26), False),  # Thanksgiving
        (date(2026, 11, 28), False),  # a Saturday
        (date(2026, 7, 3), True),  # the holiday of a Saturday is not kept
        (date(2027, 7, 5), False),  # that of a Sunday is kept on Monday
    ],
)
def test_a_day_is_a_business_day_unless_banks_are_closed(day: date, is_open: bool) -> None:
    assert CALENDAR.is_business_day(day) is is_open


@pytest.mark.parametrize("year", CALENDAR.years)
def test_the_floating_holidays_of_each_year_lie_where_the_law_puts_them(year: int) -> None:
    def nth(month: int, weekday: int, count: int) -> date:
        days = [date(year, month, n) for n in range(1, 29)]
        return [day for day in days if day.weekday() == weekday][count - 1]

    last_monday_of_may = max(
        d for d in (date(year, 5, n) for n in range(25, 32)) if d.weekday() == 0
    )
    floating = {nth(1, 0, 3), nth(2, 0, 3), last_monday_of_may, nth(9, 0, 1), nth(10, 0, 2)}
    assert floating | {nth(11, 3, 4)} <= CALENDAR.holidays
    fixed = [(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)]
    for month, day in fixed:
        at = date(year, month, day)
        kept = {5: None, 6: date.fromordinal(at.toordinal() + 1)}.get(at.weekday(), at)
        assert (kept in CALENDAR.holidays) if kept else (at not in CALENDAR.holidays)


def test_whole_business_days_between_two_days_leave_out_both_ends_and_closed_days() -> None:
    wednesday, monday = date(2026, 11, 25), date(2026, 11, 30)
    assert CALENDAR.business_days_between(wednesday, monday) == 1  # Friday: Thursday is a holiday
    assert CALENDAR.business_days_between(monday, monday) == 0
    assert CALENDAR.business_days_between(monday, wednesday) == 0


def test_a_source_is_stale_after_its_business_days_and_not_over_a_long_weekend() -> None:
    newest = datetime(2026, 11, 25, 15, tzinfo=UTC)
    assert INTERFACES.freshness("bank", newest, datetime(2026, 11, 30, 15, tzinfo=UTC)).is_fresh
    late = INTERFACES.freshness("bank", newest, datetime(2026, 12, 3, 15, tzinfo=UTC))
    assert (late.is_fresh, late.age_business_days) == (False, 4)


def test_the_day_of_an_instant_is_the_day_where_the_business_is() -> None:
    assert CALENDAR.local_day(datetime(2026, 11, 25, 3, tzinfo=UTC)) == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("at", "daily", "weekly"),
    [
        (datetime(2026, 11, 23, 15, tzinfo=UTC), True, True),  # Monday
        (datetime(2026, 11, 24, 15, tzinfo=UTC), True, False),
        (datetime(2026, 11, 26, 15, tzinfo=UTC), False, False),  # Thanksgiving
        (datetime(2027, 7, 5, 15, tzinfo=UTC), False, False),  # a Monday that is a holiday
        (datetime(2027, 7, 6, 15, tzinfo=UTC), True, True),  # the Tuesday after it
        (datetime(2026, 11, 28, 15, tzinfo=UTC), False, False),
    ],
)
def test_schedules_run_on_business_days_the_weekly_one_on_the_first_of_a_week(
    at: datetime, daily: bool, weekly: bool
) -> None:
    assert (reason_to_skip(CALENDAR, at, is_weekly=False) is None) is daily
    assert (reason_to_skip(CALENDAR, at, is_weekly=True) is None) is weekly


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("America/New_York", "America/Nowhere", "Nowhere"),
        ("fresh_business_days: 2", "fresh_business_days: soon", "soon"),
        ("[01-01, 01-19", "[01-01, 02-30", "interfaces.yaml"),
        ("daily_close", "dayly_close", "daily_close"),
    ],
)
def test_a_broken_policy_is_refused_with_what_is_wrong(old: str, new: str, said: str) -> None:
    with pytest.raises(PolicyFileError, match=said):
        read_interfaces(TEXT.replace(old, new))
