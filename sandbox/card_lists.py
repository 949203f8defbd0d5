"""The processor's lists, newest first, with their places by id, time and filter.

A page costs what is on it, however long the list is. What a request may ask is not known here.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.render_cards import PAYOUT_KEY, Item

FILTERS = {
    "charges": (),
    "refunds": ("charge",),
    "payouts": ("status",),
    "balance_transactions": ("payout", "source", "type"),
}
_STORED = {"payout": PAYOUT_KEY}


@dataclass
class CardList:
    """One list; a place is the index of an item."""

    items: Sequence[Item]
    filters: Sequence[str] = ()
    _place: dict[str, int] = field(init=False)
    _ages: list[int] = field(init=False)
    _chosen: dict[tuple[str, object], list[int]] = field(init=False)

    def __post_init__(self) -> None:
        """Note where everything stands."""
        self._ages = [-item["created"] for item in self.items]
        if self._ages != sorted(self._ages):
            raise ValueError("a list of the processor is not newest first")
        self._place = {item["id"]: place for place, item in enumerate(self.items)}
        self._chosen = defaultdict(list)
        for place, item in enumerate(self.items):
            for name in self.filters:
                self._chosen[name, item.get(_STORED.get(name, name))].append(place)

    def place(self, identifier: str) -> int | None:
        """Return where an item stands."""
        return self._place.get(identifier)

    def within(self, comparison: str, created: int) -> tuple[int, int]:
        """Return the places (from, up to) of the items made before, at or after a time."""
        first = bisect_left(self._ages, -created)
        last = bisect_right(self._ages, -created)
        everything = len(self.items)
        return {
            "gt": (0, first),
            "gte": (0, last),
            "lt": (last, everything),
            "lte": (first, everything),
            "is": (first, last),
        }[comparison]

    def places(self, window: tuple[int, int], wanted: Mapping[str, str]) -> Sequence[int]:
        """Return the places inside a window whose items have what is wanted."""
        first, last = window
        found: Sequence[int] = range(first, max(first, last))
        for number, (name, value) in enumerate(wanted.items()):
            chosen = self._chosen.get((name, value), [])
            if number == 0:
                found = chosen[bisect_left(chosen, first) : bisect_left(chosen, last)]
            else:
                both = set(chosen)
                found = [place for place in found if place in both]
        return found


class FollowedLists(Mapping[str, CardList]):
    """The lists of a folder, read again when their file changes: days go on while it is served."""

    def __init__(self, folder: Path) -> None:
        """Reads nothing yet."""
        self._folder = folder
        self._kept: dict[str, tuple[int, CardList]] = {}

    def __getitem__(self, name: str) -> CardList:
        """Return a list as its file has it now."""
        if name not in FILTERS:
            raise KeyError(name)
        path = self._folder / f"{name}.json"
        changed = path.stat().st_mtime_ns
        if name not in self._kept or self._kept[name][0] != changed:
            items = json.loads(path.read_text("utf-8"))
            self._kept[name] = (changed, CardList(items, FILTERS[name]))
        return self._kept[name][1]

    def __iter__(self) -> Iterator[str]:
        return iter(FILTERS)

    def __len__(self) -> int:
        return len(FILTERS)
