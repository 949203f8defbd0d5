"""What exactly-once costs: entries per second through the outbox, and by a bare client.

Both send the same payloads to the same real Tryton in the same run, in turns, so that whatever
else the machine does falls on both. The bare client creates and posts, and knows nothing else.
"""

import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from billing.ledger.erp import JournalEntry
from orchestration.tables import table
from resources.erp import tryton_server
from resources.erp.tryton import MOVE, TrytonLedger
from resources.erp.tryton_http import BearerKey, plain
from resources.erp.tryton_server import ErpDatabase
from resources.erp.tryton_settings import TrytonSettings
from resources.outbox import Outbox
from resources.warehouse import sending
from tests.conftest import Database, Server
from tests.fixtures.books import Books, Event, open_books

CHART = Path(__file__).parents[2] / "dbt_project" / "seeds" / "chart_of_accounts.csv"
COMPANIES = {"NLH": "Northlake Hospital, Inc."}
ROUNDS, BATCH = 6, 10
FIRST = date(2026, 8, 1)
LIMIT = 3.0  # times the bare client's seconds
RULES = ("charge.posted", "remit.paid", "remit.cas.contractual")
PLACES = (("MAIN", "commercial"), ("MAIN", "medicare"), ("EAST", "commercial"))


def say(text: str) -> None:
    """Show a figure; `make bench` lets output through."""
    sys.stdout.write(f"{text}\n")


@pytest.fixture(scope="module")
def settings(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrytonSettings]:
    """A real Tryton with one company; TIEOUT_TEST_TRYTON keeps its environment."""
    kept = os.environ.get("TIEOUT_TEST_TRYTON")
    home = Path(kept) if kept else tmp_path_factory.mktemp("tryton")
    own = server.settings("erp_rate")
    database = ErpDatabase(
        host=own.host, port=own.port, name=own.name, owner=own.login("erp"),
        owner_password=own.passwords["erp"], admin=own.admin_user,
        admin_password=own.passwords["admin"],
    )  # fmt: skip
    years = tryton_server.Books(COMPANIES, CHART, first_year=2026, last_year=2026)
    access = tryton_server.ensure_database(home, database, years)
    url = tryton_server.start(home, database)
    try:
        yield TrytonSettings(url, access.poster_keys, access.companies)
    finally:
        tryton_server.stop(home)


@dataclass
class Counted(requests.adapters.HTTPAdapter):
    """Counts and times what goes over the wire, by what it is."""

    calls: Counter[str] = field(default_factory=Counter)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def __post_init__(self) -> None:
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> Any:
        """Send as the library does."""
        kind = "post" if (request.path_url or "").split("?")[0].endswith("/post") else "create"
        kind = kind if request.method == "POST" else "read back"
        self.calls[kind] += 1
        begun = time.perf_counter()
        try:
            return super().send(request, *args, **more)
        finally:
            self.seconds[kind] += time.perf_counter() - begun


@dataclass
class Bare:
    """Create and post, as a script would: no lookup, no reading back, no state of its own."""

    settings: TrytonSettings
    erp: TrytonLedger

    def __post_init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.auth = BearerKey(self.settings.key("NLH"))
        self.models = f"{self.settings.url}/rest/model/{MOVE}"

    def payload(self, entry: JournalEntry) -> Any:
        """Return what the adapter would send for the entry, under another key."""
        return plain(self.erp._values(replace(entry, key=f"bare {entry.key}"[:60])))

    def send(self, payload: Any) -> None:
        """Have one more posted document."""
        made = self.session.post(self.models, params={"f": "id"}, json=payload, timeout=60)
        made.raise_for_status()
        place = f"{self.models}/{made.json()['id']}/post"
        self.session.post(place, params={"f": "id"}, json={}, timeout=60).raise_for_status()


def _day(number: int) -> list[Event]:
    day = FIRST + timedelta(days=number)
    return [
        Event(f"d{number}-{rule}-{place}-{n}", rule, f"{10 + n}.{number % 90 + 10}", day,
              facility=place[0], payer_class=place[1])
        for rule in RULES for place in PLACES for n in range(3)
    ]  # fmt: skip


@dataclass
class Race:
    """Rounds of the same entries, first by one way and then by the other."""

    books: Books
    settings: TrytonSettings
    erp: TrytonLedger
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    wire: Counted = field(default_factory=Counted)

    def round(self, number: int) -> None:
        """Send one batch by each way, whoever's turn it is first."""
        days = range(number * BATCH, (number + 1) * BATCH)
        self.events = [*getattr(self, "events", []), *(e for day in days for e in _day(day))]
        self.books.demand(self.events)
        self.books.propose()
        assert self.books.approve() == BATCH
        batch = self.books.sendable()
        acts = {"outbox": self._by_outbox, "bare": lambda: self._bare(batch)}
        for name in sorted(acts, reverse=bool(number % 2)):
            acts[name]()

    def _by_outbox(self) -> None:
        with self.books.database.connect("poster", autocommit=False) as connection:
            begun = time.perf_counter()
            sent = Outbox(connection, self.erp, "NLH").run()
            self.seconds["outbox"] += time.perf_counter() - begun
        assert (sent.posted, sent.differing) == (BATCH, 0)

    def _bare(self, batch: list[int]) -> None:
        bare = Bare(self.settings, self.erp)
        entries = [sending.journal_entry(self.books.by("poster"), one) for one in batch]
        payloads = [bare.payload(replace(one, entry_no=one.entry_no or 1)) for one in entries]
        begun = time.perf_counter()
        for payload in payloads:
            bare.send(payload)
        self.seconds["bare"] += time.perf_counter() - begun


def test_the_outbox_beside_a_bare_client(database: Database, settings: TrytonSettings) -> None:
    erp = TrytonLedger(settings)
    race = Race(open_books(database, date(2026, 1, 1), date(2026, 12, 31)), settings, erp)
    erp.periods("NLH")
    erp._client("NLH")._session.mount("http://", race.wire)
    for number in range(ROUNDS):
        race.round(number)
        if number == 0:  # whatever is read once, on either side, is not of an entry
            race.seconds.clear()
            race.wire.calls.clear()
            race.wire.seconds.clear()
    _tell(race)
    assert race.seconds["outbox"] / race.seconds["bare"] < LIMIT


def _tell(race: Race) -> None:
    sent = (ROUNDS - 1) * BATCH
    lines = race.books.one("auditor", "select avg(line_count)::int from ledger.entry")[0]
    rows = [(name, f"{seconds / sent * 1000:.0f}", f"{sent / seconds:.1f}")
            for name, seconds in race.seconds.items()]  # fmt: skip
    say("\n" + "\n".join(table(["way", "ms per entry", "entries per second"], rows)))
    wire = race.wire.seconds
    parts = [
        (f"{name} ({count / sent:.2f} calls)", f"{wire[name] / sent * 1000:.0f}")
        for name, count in sorted(race.wire.calls.items())
    ]
    own = race.seconds["outbox"] - sum(wire.values())
    parts.append(("our own database and code", f"{own / sent * 1000:.0f}"))
    say("\n" + "\n".join(table(["of the outbox", "ms per entry"], parts)))
    ratio = race.seconds["outbox"] / race.seconds["bare"]
    say(
        f"  {sent} entries of {lines} lines each way; outbox against bare:"
        f" {ratio:.2f} times the seconds"
    )
