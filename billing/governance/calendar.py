"""Business days: which days a bank is open, and how many of them have passed. Pure.

The days themselves are policy, in `governance/interfaces.yaml`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class BusinessCalendar:
    """A time zone, weekdays that are closed (Monday 0) and holidays of the years it knows."""

    zone: ZoneInfo
    closed_weekdays: frozenset[int]
    holidays: frozenset[date]
    years: Collection[int]

    def local_day(self, instant: datetime) -> date:
        """Return the day of an instant where the business is."""
        return instant.astimezone(self.zone).date()

    def is_business_day(self, day: date) -> bool:
        """Say whether business is done on a day."""
        return day.weekday() not in self.closed_weekdays and day not in self.holidays

    def is_first_of_week(self, day: date) -> bool:
        """Say whether a day is the first business day since Monday."""
        monday = day - timedelta(days=day.weekday())
        before = [monday + timedelta(days=offset) for offset in range(day.weekday())]
        return self.is_business_day(day) and not any(map(self.is_business_day, before))

    def business_days_between(self, start: date, end: date) -> int:
        """Count the whole business days after `start` and before `end`; both have begun or end."""
        days = max(0, (end - start).days - 1)
        return sum(self.is_business_day(start + timedelta(days=1 + n)) for n in range(days))

    def knows(self, day: date) -> bool:
        """Say whether the holidays of a day's year are listed."""
        return day.year in self.years
