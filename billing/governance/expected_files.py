"""What each feed is expected to bring, as `expected_files.yaml` has it, and the days it left out.

Pure: which days something came is read elsewhere.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import yaml

from billing.governance.calendar import BusinessCalendar
from billing.governance.policy_file import PolicyFileError

FEEDS = ("bank_statement", "ehr_charge", "interchange")


@dataclass(frozen=True)
class Gap:
    """Business days in a row on which a feed brought nothing."""

    first: date
    last: date
    business_days: int


@dataclass(frozen=True)
class ExpectedFiles:
    """How many business days in a row without anything are a gap, per feed; and age limits."""

    looked_back: timedelta
    feeds: Mapping[str, int]
    age_buckets: tuple[int, ...]

    def gaps(
        self, feed: str, came: Collection[date], as_of: date, calendar: BusinessCalendar
    ) -> Iterator[Gap]:
        """Yield the gaps of a feed from its first day to the day before `as_of`.

        A feed that never brought anything is one gap over the whole time looked back.
        """
        begin = as_of - self.looked_back
        inside = [day for day in came if begin <= day < as_of]
        first = min(inside) if inside else begin
        run: list[date] = []
        for day in (first + timedelta(days=n) for n in range((as_of - first).days + 1)):
            is_end = day in inside or day == as_of
            if is_end and len(run) >= self.feeds[feed]:
                yield Gap(run[0], run[-1], len(run))
            if is_end:
                run = []
            elif calendar.is_business_day(day):
                run.append(day)


def read_expected_files(text: str) -> ExpectedFiles:
    """Read `expected_files.yaml`. Raises PolicyFileError: an unknown feed or no whole days."""
    document = yaml.safe_load(text)
    feeds, buckets = document["feeds"], document["age_buckets"]
    days = [document["looked_back_days"], *feeds.values(), *buckets]
    if set(feeds) != set(FEEDS):
        raise PolicyFileError(f"expected_files.yaml: the feeds are {', '.join(FEEDS)}")
    if not all(isinstance(one, int) and one > 0 for one in days) or buckets != sorted(buckets):
        raise PolicyFileError("expected_files.yaml: days are whole, above zero and rising")
    return ExpectedFiles(timedelta(days=days[0]), feeds, tuple(buckets))
