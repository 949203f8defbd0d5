"""A file that has just come is looked at once more soon, so that few looks are enough."""

from datetime import UTC, datetime

import pytest

from resources.receipt import SightingKey
from sensors.sources import SETTLING_SECONDS, SourceState, decide, marks_of, settled

pytestmark = pytest.mark.promise("A dropped file is asked for within about 15 seconds")
NOW = datetime(2026, 10, 31, 12, tzinfo=UTC)
FILE = SightingKey("/in", "a.835", 100, NOW)


class Source:
    """A folder whose content is another at each look; remembers how it was looked at."""

    def __init__(self, *listings: list[SightingKey]) -> None:
        self.listings = list(listings)
        self.waits: list[float] = []

    def look(self, cursor: str) -> SourceState:
        """The next listing, beside what the look before has seen."""
        return SourceState(self.listings.pop(0), frozenset(cursor.split(",")))

    def settled(self, cursor: str = "") -> SourceState:
        """Look at it as the sensor does."""
        return settled(self.look, cursor, self.waits.append)


def test_file_that_has_just_come_is_asked_for_at_the_same_tick():
    source = Source([FILE], [FILE])
    assert decide(source.settled(), NOW).should_build
    assert source.waits == [SETTLING_SECONDS]


def test_file_that_grows_between_the_looks_waits_for_the_next_tick():
    grown = FILE._replace(size_bytes=101)
    source = Source([FILE], [grown], [grown])
    state = source.settled()
    assert not decide(state, NOW).should_build
    assert decide(source.settled(marks_of(state)), NOW).should_build
    assert len(source.waits) == 1


def test_source_without_anything_new_is_looked_at_once():
    source = Source([])
    assert not decide(source.settled(), NOW).should_build
    assert source.waits == []
