"""Calendar of the sandbox: business days are Monday to Friday; instants are UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

MONTHS_OF_HISTORY = 9


def first_day(as_of: date) -> date:
    """Return the first service day: nine months up to and including the as-of date's month."""
    months = as_of.year * 12 + (as_of.month - 1) - (MONTHS_OF_HISTORY - 1)
    return date(months // 12, months % 12 + 1, 1)


def every_day(start: date, end: date) -> Iterator[date]:
    """Yield each day from start to end, both included."""
    for offset in range((end - start).days + 1):
        yield start + timedelta(days=offset)


def business_days(start: date, end: date) -> list[date]:
    """Return the business days from start to end, both included."""
    return [day for day in every_day(start, end) if day.weekday() < 5]


def add_business_days(day: date, count: int) -> date:
    """Return the day that lies count business days later (0: itself or the next business day)."""
    day = next_weekday(day, (0, 1, 2, 3, 4))
    for _ in range(count):
        day = next_weekday(day + timedelta(days=1), (0, 1, 2, 3, 4))
    return day


def next_weekday(day: date, weekdays: tuple[int, ...]) -> date:
    """Return the first day on or after the given one that is one of the weekdays (Monday 0)."""
    while day.weekday() not in weekdays:
        day += timedelta(days=1)
    return day


def last_business_days_of_months(start: date, end: date) -> list[date]:
    """Return the last business day of every month that ends within start to end."""
    days = business_days(start, end + timedelta(days=7))
    return [day for day, following in pairwise(days) if day <= end and following.month != day.month]


def instant(day: date, hour: int, minute: int = 0) -> datetime:
    """Return an instant of a day in UTC."""
    return datetime.combine(day, time(hour, minute), UTC)


def x12_date(day: date) -> str:
    """Write a date as CCYYMMDD."""
    return f"{day:%Y%m%d}"
