"""A ledger to work on: demanded lines as a plain table, builds, open periods, an obliging ERP."""

import hashlib
import itertools
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from billing.ledger.rules import read_chart, read_rules

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
CHART = read_chart((SEEDS / "chart_of_accounts.csv").read_text())
RULES = read_rules((SEEDS / "posting_rules.csv").read_text(), CHART)
AS_OF = date(2026, 10, 31)
FACT = """
create table marts.fct_ledger_line (
    line_id text, event_id text, event text, rule text, rule_version text, account text,
    signed_amount numeric(14, 2), entity_code text, facility_code text, payer_class text,
    claim_key text, account_key text, control_key text, approval_class text, original_date date,
    reaches_erp boolean, evidence_hash text, file_id uuid, segment int, known_at timestamptz)
"""


@dataclass(frozen=True)
class Event:
    """An accounting event as the evidence demands it; `amount` in US dollars, source sign."""

    event_id: str
    event: str
    amount: str
    day: date = date(2026, 9, 15)
    entity: str = "NLH"
    facility: str | None = "MAIN"
    payer_class: str | None = "commercial"
    version: str = "v1"
    accounts: tuple[str, str] | None = None

    def rows(self) -> list[tuple[object, ...]]:
        """Return its ledger lines as the dbt model would."""
        rule = RULES[self.event]
        lines = rule.lines(Decimal(self.amount))
        if self.accounts:
            lines = tuple((a, v) for a, (_, v) in zip(self.accounts, lines, strict=True))
        evidence = hashlib.sha256(f"{self.event_id}{self.amount}".encode()).hexdigest()
        return [
            (f"{self.event_id}-{side}", self.event_id, self.event, rule.rule, self.version,
             account, amount, self.entity, self.facility, self.payer_class, "claim", "account",
             None, rule.approval_class, self.day, rule.reaches_erp, evidence, None, 7, None)
            for side, (account, amount) in enumerate(lines)
        ]  # fmt: skip


@dataclass
class Books:
    """The ledger of one test database, driven as the pipeline drives it, each act by its role."""

    database: Any
    roles: dict[str, psycopg.Connection[Any]] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def by(self, role: str) -> psycopg.Connection[Any]:
        """Return the connection of a role; each statement commits by itself."""
        if role not in self.roles:
            self.roles[role] = self.database.connect(role)
        return self.roles[role]

    def ask(self, role: str, query: str, *values: object) -> Any:
        """Return all rows of a query of a role."""
        return self.by(role).execute(query, values or None).fetchall()

    def one(self, role: str, query: str, *values: object) -> Any:
        """Return the first row of a query of a role."""
        return self.by(role).execute(query, values or None).fetchone()

    def demand(self, events: Iterable[Event]) -> None:
        """Replace what the evidence demands."""
        rows = [row for event in events for row in event.rows()]
        with self.by("transform").transaction(), self.by("transform").cursor() as cursor:
            cursor.execute("truncate marts.fct_ledger_line")
            with cursor.copy("copy marts.fct_ledger_line from stdin") as copy:
                for row in rows:
                    copy.write_row(row)

    def build(self, *, passes: bool = True, as_of: date = AS_OF) -> str:
        """Open a build with one blocking check and issue its certificate."""
        build_id = f"build-{next(self.numbers)}"
        run = self.by("transform").execute
        run("insert into ops.build (build_id, as_of_date, started_at) values (%s, %s, now())",
            [build_id, as_of])  # fmt: skip
        run("insert into ops.expected_check values ('T0', 'tie_out', 'error', true)"
            " on conflict do nothing")  # fmt: skip
        result = (
            "insert into ops.check_result (build_id, check_id, kind, severity, is_blocking,"
            " has_passed) values (%s, 'T0', 'tie_out', 'error', true, %s)"
        )
        run(result, [build_id, passes])
        run("select ops.issue_certificate(%s)", [build_id])
        return build_id

    def propose(self, build_id: str | None = None) -> tuple[int, int, int]:
        """Propose for a build, a fresh good one unless given: (proposed, voided, unchanged)."""
        return self.one("preparer", "select * from ledger.propose(%s)", build_id or self.build())

    def approve(self) -> int:
        """Have policy approve for the newest build; return how many."""
        (build_id,) = self.one(
            "transform", "select build_id from ops.build order by started_at desc limit 1"
        )
        return self.one("policy", "select * from ledger.approve_by_policy(%s)", build_id)[0]

    def send(self, entry_id: int) -> int:
        """Mark an entry as being sent; return its number."""
        return self.one("poster", "select entry_no from ledger.begin_sending(%s)", entry_id)[0]

    def sendable(self) -> list[int]:
        """Return what may be sent."""
        return [row[0] for row in self.ask("poster", "select * from ledger.sendable(100000)")]

    def lines_of(self, entry_id: int) -> str:
        """Return the entry's lines as the ERP would give them back."""
        rows = self.ask(
            "poster",
            "select line_no, account, debit_amount::text, credit_amount::text"
            " from ledger.entry_line where entry_id = %s order by line_no",
            entry_id,
        )
        names = ("line_no", "account", "debit", "credit")
        return json.dumps([dict(zip(names, row, strict=True)) for row in rows])

    def record_posted(self, entry_id: int, lines: str | None = None) -> bool:
        """Record the ERP's document of an entry that is being sent."""
        query = "select ledger.record_posted(%s, %s, %s, %s)"
        found = lines or self.lines_of(entry_id)
        return self.one("poster", query, entry_id, f"ref-{entry_id}", f"no-{entry_id}", found)[0]

    def post_all(self) -> list[int]:
        """Send and post everything that may go."""
        ready = self.sendable()
        for entry_id in ready:
            self.send(entry_id)
            self.record_posted(entry_id)
        return ready

    def run(self, events: Iterable[Event]) -> list[int]:
        """Demand, build, propose, approve and post; return the posted entries."""
        self.demand(events)
        self.propose()
        self.approve()
        return self.post_all()

    def as_owner(self) -> psycopg.Connection[Any]:
        """Return a superuser who acts as the owner of the tables; triggers stay on."""
        admin = self.database.admin()
        admin.execute(f"set role {self.database.settings.role_prefix}_owner")
        return admin

    def entry_in(self, state: str) -> tuple[int, str]:
        """Return (entry_id, content_hash) of the only entry in a state."""
        ((entry_id, *_, content),) = self.entries(state)
        return entry_id, content

    def entries(self, *states: str) -> list[Any]:
        """Return (entry_id, entity, date, class, generation, part, state, hash), oldest first."""
        return self.ask(
            "auditor",
            "select entry_id, entity_code, accounting_date, approval_class, generation, part,"
            " state, content_hash from ledger.entry"
            " where %s or state = any(%s) order by entry_id",
            not states, list(states),
        )  # fmt: skip

    def holds(self, entry_id: int) -> set[str]:
        """Return the codes that hold an entry."""
        query = "select code from ledger.hold_reasons(%s)"
        return {row[0] for row in self.ask("auditor", query, entry_id)}

    def recorded(self, *states: str) -> dict[tuple[object, ...], Decimal]:
        """Return what is recorded per entity, account, dimensions and original period."""
        rows = self.ask(
            "auditor",
            "select entity_code, account, facility_code, payer_class, original_period,"
            " sum(debit_amount - credit_amount) from ledger.entry join ledger.entry_line"
            " using (entry_id) where state = any(%s) group by 1, 2, 3, 4, 5",
            list(states or ("approved", "sending", "unknown", "posted")),
        )
        return {tuple(row[:-1]): row[-1] for row in rows if row[-1]}


def demanded(events: Iterable[Event]) -> dict[tuple[object, ...], Decimal]:
    """Return what events demand, in the shape of `Books.recorded`; no database takes part."""
    sums: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    for event in events:
        for row in event.rows():
            if row[15]:
                period = event.day.replace(day=1)
                sums[(event.entity, row[5], event.facility, event.payer_class, period)] += row[6]
    return {key: amount for key, amount in sums.items() if amount}


@pytest.fixture(scope="session")
def demand_of() -> Any:
    """The function `demanded`, for tests that cannot import this file."""
    return demanded


@pytest.fixture(scope="session")
def ledger_line() -> type[Event]:
    """The class of demanded events, for tests that cannot import this file."""
    return Event


@pytest.fixture
def books(database: Any) -> Books:
    """An empty ledger with the months of 2026 open for both entities."""
    made = Books(database)
    made.by("transform").execute(FACT)
    for entity in ("NLH", "NPG"):
        for month in range(1, 13):
            made.by("poster").execute(
                "select ledger.mirror_period(%s, %s::date,"
                " (%s::date + interval '1 month - 1 day')::date, %s, 'open')",
                [entity, date(2026, month, 1), date(2026, month, 1), f"{entity}-{month}"],
            )
    return made


@pytest.fixture
def posted(books: Books) -> Books:
    """A ledger with one posted entry, one approved, and one that waits for a person."""
    first = Event("a", "charge.posted", "100.00")
    books.run([first])
    second = Event("b", "remit.paid", "60.00", day=date(2026, 9, 20))
    books.demand([first, second, Event("c", "credit.reclass.patient", "20.00", date(2026, 9, 21))])
    books.propose()
    books.approve()
    return books


@pytest.fixture(scope="session")
def refused() -> Any:
    """A function that expects the database to refuse a statement with a code of ours."""

    def expect(connection: Any, query: str, *values: object, code: str) -> None:
        with pytest.raises(psycopg.errors.RaiseException, match=f"^TIEOUT {code}"):
            connection.execute(query, values or None)

    return expect
