"""What is expected of each source and when the clock asks, as `interfaces.yaml` has it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from billing.governance.calendar import BusinessCalendar
from billing.governance.policy_file import PolicyFileError

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SCHEDULES = ("daily_close", "weekly_forecast")


@dataclass(frozen=True)
class Expected:
    """What is expected of one source."""

    fresh_business_days: int
    failing: timedelta
    every: timedelta | None = None


@dataclass(frozen=True)
class Freshness:
    """Whether a source brought something lately, and the sentence that says so."""

    is_fresh: bool
    age_business_days: int | None
    words: str


@dataclass(frozen=True)
class Interfaces:
    """The calendar, the local times of the schedules, and what is expected of each source."""

    calendar: BusinessCalendar
    schedules: Mapping[str, time]
    sources: Mapping[str, Expected]

    def freshness(self, source: str, newest_at: datetime | None, now: datetime) -> Freshness:
        """Judge a source by the newest receipt of anything new; whole business days count."""
        limit = self.sources[source].fresh_business_days
        if newest_at is None:
            return Freshness(False, None, f"{source} has not brought anything yet")
        days = map(self.calendar.local_day, (newest_at, now))
        age = self.calendar.business_days_between(*days)
        words = f"newest from {source}: {age} whole business days ago, {limit} are allowed"
        return Freshness(age <= limit, age, words)


def read_interfaces(text: str) -> Interfaces:
    """Read `interfaces.yaml`. Raises PolicyFileError, which names the rule that is broken."""
    document = yaml.safe_load(text)
    try:
        return Interfaces(
            calendar=_calendar(document["calendar"]),
            schedules=MappingProxyType(
                {name: time.fromisoformat(document["schedules"][name]) for name in SCHEDULES}
            ),
            sources=MappingProxyType(
                {name: _expected(item) for name, item in document["sources"].items()}
            ),
        )
    except KeyError as missing:
        raise PolicyFileError(f"interfaces.yaml: {missing.args[0]} is missing or unknown") from None
    except (TypeError, ValueError, ZoneInfoNotFoundError) as wrong:
        raise PolicyFileError(f"interfaces.yaml: {wrong}") from None


def _calendar(item: Mapping[str, Any]) -> BusinessCalendar:
    listed: Mapping[int, list[str]] = item["holidays"]
    days = {date.fromisoformat(f"{year}-{day}") for year, names in listed.items() for day in names}
    closed = frozenset(WEEKDAYS.index(name) for name in item["closed_weekdays"])
    if len(closed) == len(WEEKDAYS):
        raise ValueError("a week needs a business day")
    return BusinessCalendar(ZoneInfo(item["time_zone"]), closed, frozenset(days), tuple(listed))


def _expected(item: Mapping[str, Any]) -> Expected:
    minutes = item.get("every_minutes")
    return Expected(
        fresh_business_days=int(item["fresh_business_days"]),
        failing=timedelta(seconds=int(item["failing_seconds"])),
        every=None if minutes is None else timedelta(minutes=int(minutes)),
    )
