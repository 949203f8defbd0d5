"""The card processor: its lists, a calendar month at a time, as bytes that are the same again.

Plain HTTP on the list shapes instead of the vendor's SDK: the SDK hands out objects of its own
(not the document that was sent), does not repeat a 429 and reports its use to the vendor.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from resources.http import HttpClient
from resources.receipt import Marks, NoMarks, Receipt, SourceError
from resources.settings import CardSettings

SOURCE = "payments"
LISTS = ("charges", "refunds", "payouts", "balance_transactions")
PAGE_SIZE = 100
# The processor may still add to a month for two weeks; after that its list is final.
SETTLED_AFTER = timedelta(days=14)
# A movement is paid out within days; payouts of this long after the month are looked through.
LATEST_PAYOUT = timedelta(days=10)

Element = Mapping[str, Any]


class ListError(SourceError):
    """The processor's list does not have the shape that it documents; names the list only."""

    code = "SOURCE_ANSWER"


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month in UTC, the window of one document."""

    first: date

    @classmethod
    def of(cls, seconds: int) -> Month:
        """Return the month of a Unix time."""
        return cls(datetime.fromtimestamp(seconds, UTC).date().replace(day=1))

    @property
    def begin(self) -> int:
        """Return the Unix time at which the month begins."""
        return int(datetime(self.first.year, self.first.month, 1, tzinfo=UTC).timestamp())

    @property
    def end(self) -> int:
        """Return the Unix time at which the next month begins."""
        following = (self.first + timedelta(days=31)).replace(day=1)
        return int(datetime(following.year, following.month, 1, tzinfo=UTC).timestamp())

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True)
class CardLists:
    """The lists of one processor."""

    settings: CardSettings
    client: HttpClient
    marks: Marks
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _settled: dict[str, list[str]] = field(default_factory=dict)  # movements by payout

    def receipts(self) -> Iterator[Receipt]:
        """Yield one document per list and month that is not final yet, newest month first.

        One that was final is fetched again where its newest element is not the one of that time.
        """
        for name in LISTS:
            for month, newest in self._months(name):
                mark, final = f"{name} {month}", f"final {newest}"
                if self.marks.get(mark) == final:
                    continue
                fetched_at = self.now()
                yield self._document(name, month)
                if fetched_at > datetime.fromtimestamp(month.end, UTC) + SETTLED_AFTER:
                    self.marks.put(mark, final)

    def newest(self, name: str) -> datetime | None:
        """Return when the newest element of a list was made. Raises HttpError, ListError."""
        page = self.page(name, {"limit": "1"})
        if not page["data"]:
            return None
        return datetime.fromtimestamp(_created(name, page["data"][0]), UTC)

    def _months(self, name: str) -> Iterator[tuple[Month, int]]:
        """Walk back through the months that hold anything, each with its newest element's time.

        The list is newest first.
        """
        before: int | None = None
        while True:
            page = self.page(name, {"limit": "1"} | _window(None, before))
            if not page["data"]:
                return
            newest = _created(name, page["data"][0])
            month = Month.of(newest)
            if before is not None and month.begin >= before:
                raise ListError(f"the list {name} does not honour created[lt]")
            yield month, newest
            before = month.begin

    def _document(self, name: str, month: Month) -> Receipt:
        elements = list(self._elements(name, _window(month.begin, month.end)))
        if name == "balance_transactions":
            payouts = self._payout_of_movements(month)
            elements = [{**one, "payout": payouts.get(one["id"])} for one in elements]
        elements.sort(key=lambda one: (_created(name, one), str(one["id"])))
        newest = datetime.fromtimestamp(_created(name, elements[-1]), UTC) if elements else None
        page = {"object": "list", "url": f"/v1/{name}", "has_more": False, "data": elements}
        return Receipt(SOURCE, f"/v1/{name}", f"{name}-{month}.json", canonical(page), newest)

    def _payout_of_movements(self, month: Month) -> dict[str, str]:
        """Return which payout settled each movement; a movement itself does not say."""
        until = month.end + int(LATEST_PAYOUT.total_seconds())
        return {
            movement: payout["id"]
            for payout in self._elements("payouts", _window(month.begin, until))
            for movement in self._movements(payout["id"])
        }

    def _movements(self, payout: str) -> list[str]:
        """Return the movements that a payout settled, asked for once: months overlap here."""
        if payout not in self._settled:
            found = self._elements("balance_transactions", {"payout": payout})
            self._settled[payout] = [movement["id"] for movement in found]
        return self._settled[payout]

    def _elements(self, name: str, params: Mapping[str, str]) -> Iterator[Element]:
        """Yield every element of a list, page by page."""
        cursor: dict[str, str] = {}
        while True:
            page = self.page(name, {"limit": str(PAGE_SIZE), **params, **cursor})
            yield from page["data"]
            if not page.get("has_more") or not page["data"]:
                return
            following = {"starting_after": page["data"][-1]["id"]}
            if following == cursor:
                raise ListError(f"the list {name} does not honour starting_after")
            cursor = following

    def page(self, name: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        """Return one page of a list. Raises HttpError, ListError."""
        headers = {"Authorization": f"Bearer {self.settings.key}", "Accept": "application/json"}
        url = f"{self.settings.url.rstrip('/').removesuffix('/v1')}/v1/{name}"
        return _list(name, self.client.get(url, headers=headers, params=params).body)


def receipts(settings: CardSettings, marks: Marks | None = None) -> Iterator[Receipt]:
    """Yield the documents of all lists; nothing where no processor is configured.

    A month is marked final only when its document has been consumed.
    """
    if settings.is_configured:
        with HttpClient(settings.url) as client:
            known = NoMarks() if marks is None else marks
            yield from CardLists(settings, client, known).receipts()


def check(settings: CardSettings) -> None:
    """Ask for the newest charge. Raises HttpError, ListError."""
    with HttpClient(settings.url, attempts=1) as client:
        CardLists(settings, client, NoMarks()).page("charges", {"limit": "1"})


def canonical(page: Mapping[str, Any]) -> bytes:
    """Write JSON so that equal content has equal bytes."""
    text = json.dumps(page, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass") + b"\n"


def _window(begin: int | None, end: int | None) -> dict[str, str]:
    window = {"created[gte]": begin, "created[lt]": end}
    return {name: str(value) for name, value in window.items() if value is not None}


def _list(name: str, body: bytes) -> Mapping[str, Any]:
    try:
        page = json.loads(body)
    except ValueError:
        raise ListError(f"a page of the list {name} is no JSON") from None
    data = page.get("data") if isinstance(page, dict) else None
    if not isinstance(data, list) or not all(_is_element(one) for one in data):
        raise ListError(f"a page of the list {name} has another shape")
    return dict(page)


def _is_element(one: object) -> bool:
    return isinstance(one, dict) and isinstance(one.get("id"), str)


def _created(name: str, one: Element) -> int:
    seconds = one.get("created")
    if not isinstance(seconds, int):
        raise ListError(f"an element of the list {name} has no time of creation")
    return seconds
