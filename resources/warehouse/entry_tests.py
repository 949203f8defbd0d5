"""Runs the auditor's tests of journal entries: each a function of the database, all on one state.

Which tests there are and their parameters come from governance; nothing is judged here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from billing.governance.entry_tests import EntryTest

Connection = psycopg.Connection[Any]
POPULATION = """
select count(*)::int as entries, coalesce(sum(line_count), 0)::int as lines,
       coalesce(sum(gross_amount), 0) as gross_amount from ledger.tested_entry
"""
SOURCE = """
select (select build_id from ops.build where status = 'succeeded'
        order by started_at desc limit 1) as build_id,
       (select as_of_date from ops.build where status = 'succeeded'
        order by started_at desc limit 1) as as_of_date,
       head.seq::int as audit_seq, head.hash as audit_hash
from ledger.audit_head as head
"""
FOUND = """
select entry.entry_id, entry.entity_code, entry.accounting_date, entry.approval_class, entry.state,
       entry.entry_no, document.document_number, entry.proposed_by, entry.build_id,
       found.amount as gross_amount, found.detail, made.rule_set_hash, made.code_hash,
       made.is_released
from ledger.{function}({arguments}) as found
join ledger.entry as entry using (entry_id)
join ledger.entry_release as made using (entry_id)
left join ledger.erp_document as document using (entry_id)
order by found.amount desc, entry.entry_id, found.detail
"""


@dataclass(frozen=True)
class Source:
    """The state that was looked at: newest good build, and how far the audit chain reached."""

    build_id: str | None
    as_of_date: date | None
    audit_seq: int
    audit_hash: str


@dataclass(frozen=True)
class Population:
    """What the tests ran over; `gross_amount` in US dollars is the sum of the entries' debits."""

    entries: int
    lines: int
    gross_amount: Decimal


@dataclass(frozen=True)
class FoundEntry:
    """An entry that a test lists, and why; `gross_amount` in US dollars.

    The hashes are of the rules and the code that proposed it; None where nothing said so.
    """

    entry_id: int
    entity_code: str
    accounting_date: date
    approval_class: str
    state: str
    entry_no: int | None
    document_number: str | None
    proposed_by: str
    build_id: str
    gross_amount: Decimal
    detail: str
    rule_set_hash: str | None
    code_hash: str | None
    is_released: bool


@dataclass(frozen=True)
class Listing:
    """What one test found."""

    test: EntryTest
    found: tuple[FoundEntry, ...]

    @property
    def entries(self) -> int:
        """Return how many entries are listed; one may be listed for two reasons."""
        return len({one.entry_id for one in self.found})

    @property
    def gross_amount(self) -> Decimal:
        """Return the sum over the listed entries, each counted once, in US dollars."""
        amounts = {one.entry_id: one.gross_amount for one in self.found}
        return sum(amounts.values(), Decimal(0))


def run_tests(
    connection: Connection, tests: Iterable[EntryTest]
) -> tuple[Source, Population, list[Listing]]:
    """Run tests over one snapshot. `connection` (role auditor) must not be in a transaction."""
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        with connection.cursor(row_factory=class_row(Source)) as cursor:
            (source,) = cursor.execute(SOURCE.encode()).fetchall()
        with connection.cursor(row_factory=class_row(Population)) as cursor:
            (population,) = cursor.execute(POPULATION.encode()).fetchall()
        return source, population, [_run(connection, test) for test in tests]


def _run(connection: Connection, test: EntryTest) -> Listing:
    arguments = [
        sql.SQL("{} => {}::{}").format(
            sql.Identifier(f"p_{name}"), sql.Literal(value), sql.SQL(test.types[name])
        )
        for name, value in test.parameters.items()
    ]
    query = sql.SQL(FOUND).format(
        function=sql.Identifier(test.function), arguments=sql.SQL(", ").join(arguments)
    )
    with connection.cursor(row_factory=class_row(FoundEntry)) as cursor:
        return Listing(test, tuple(cursor.execute(query).fetchall()))
