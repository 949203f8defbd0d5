"""Variants of posting rules and the source of charges, over the small world in a real database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from orchestration import what_if
from resources.settings import DatabaseSettings
from resources.warehouse.database import connect
from tests.fixtures.books import Books, open_periods

ONE_VARIANT = "an_event_meets_one_variant"
OF_CHARGES = (
    "exceptions_have_no_ledger_lines", "posted_records_have_ledger_lines", ONE_VARIANT
)  # fmt: skip
NAMED_TESTS = ("--indirect-selection", "empty")
AGAIN = (
    "--select", "int_posting_rule", "int_event_patient_credit", "fct_billing_event",
    "fct_ledger_line", ONE_VARIANT, *NAMED_TESTS,
)  # fmt: skip
PAID = """
select entity_code, original_date, account, sum(signed_amount) from marts.fct_ledger_line
where event = 'remit.paid' and signed_amount > 0 group by 1, 2, 3 order by 1, 2, 3
"""
GROSS = """
select sum(abs(signed_amount)) from marts.fct_ledger_line
where event = 'remit.paid' and account = '1050'
"""
RESTATED = """
select sum(gross_amount) from ledger.entry
where state = 'proposed' and approval_class = 'restatement'
"""
ROW = (
    "insert into seeds.posting_rules (rule, event, debit, credit, amount, evidence, approval,"
    " accounting_date, auto_reverse, erp, entity_code, basis, effective_from, effective_to)"
    " select rule, event, %s, credit, amount, evidence, approval, accounting_date, auto_reverse,"
    " erp, %s, %s, %s, %s from seeds.posting_rules where rule = 'JR05' limit 1"
)


pytestmark = pytest.mark.xdist_group("small_world")


@pytest.fixture(scope="module")
def world(copy_small_world: Any) -> Any:
    """A copy of the small world, with its cut-offs."""
    return copy_small_world("rules")


@pytest.fixture
def rules(world: Any) -> Iterator[Any]:
    """Change rows of the posting rules; they are put back afterwards."""
    world.connection.execute("create table public.kept as table seeds.posting_rules")
    yield lambda query, *values: world.connection.execute(query, values)
    world.connection.execute("truncate seeds.posting_rules")
    world.connection.execute("insert into seeds.posting_rules table public.kept")
    world.connection.execute("drop table public.kept")


def passes(world: Any) -> bool:
    """Build the ledger again with the test; say whether it passes."""
    outcome = world.runner.run(list(AGAIN))
    assert outcome.broken == ()
    (test,) = (one for one in outcome.tests if one.name == ONE_VARIANT)
    return test.has_passed


def events(world: Any) -> Any:
    return world.rows("select count(*), sum(amount) from marts.fct_billing_event")


@pytest.mark.promise("An event posts by the variant of its own date and accounting basis")
def test_each_event_posts_by_the_variant_of_its_own_date_and_none_is_lost(world, rules):
    before, all_events = world.rows(PAID), events(world)
    middle = before[len(before) // 2][1]
    rules("update seeds.posting_rules set effective_to = %s - 1 where rule = 'JR05'", middle)
    rules(ROW, "1057", None, None, middle, None)
    assert passes(world)
    after = world.rows(PAID)
    assert after == [
        (entity, day, "1050" if day < middle else "1057", amount)
        for entity, day, _, amount in before
    ]
    assert {account for _, _, account, _ in after} == {"1050", "1057"}
    assert events(world) == all_events


@pytest.mark.promise("An event posts by the variant of its own date and accounting basis")
def test_an_entity_of_the_other_basis_posts_by_its_own_row(world, rules):
    before = world.rows(PAID)
    entity = before[0][0]
    rules(ROW, "1057", None, "GASB", None, None)
    rules("update ops.entity set accounting_basis = 'GASB' where entity_code = %s", entity)
    assert passes(world)
    accounts = {(one[0], one[2]) for one in world.rows(PAID)}
    rules("update ops.entity set accounting_basis = 'ASC606'")
    assert (entity, "1057") in accounts
    assert all((account == "1057") == (one == entity) for one, account in accounts)


@pytest.mark.promise("Overlapping and missing variants of a rule are found, and double nothing")
def test_a_second_row_of_the_same_days_is_found_and_doubles_nothing(world, rules):
    all_events = events(world)
    rules(ROW, "1057", None, None, None, None)
    assert not passes(world)
    assert events(world) == all_events


@pytest.mark.promise("Overlapping and missing variants of a rule are found, and double nothing")
def test_a_day_without_a_row_is_found(world, rules):
    all_events = events(world)
    rules("update seeds.posting_rules set effective_to = '2026-01-01' where rule = 'JR05'")
    assert not passes(world)
    assert events(world) < all_events


def charges(world: Any, source: str) -> dict[str, Decimal]:
    """Build with a source of charges for every entity; gross charges by source of the record."""
    world.connection.execute("update ops.entity set charge_source = %s", [source])
    relations = ("+fct_ledger_line", "+int_record_outcome")
    unchanged = ("resource_type:seed", "config.materialized:view")
    outcome = world.build(
        "--select", *relations, *OF_CHARGES, "--exclude", *unchanged, *NAMED_TESTS
    )
    assert outcome.broken == ()
    assert [test.name for test in outcome.tests if not test.has_passed] == []
    assert {test.name for test in outcome.tests} >= set(OF_CHARGES)
    found = world.rows(
        "select file.kind, sum(line.signed_amount) from marts.fct_ledger_line as line"
        " join ops.received_file as file using (file_id)"
        " where starts_with(line.event, 'charge.posted') and line.signed_amount > 0 group by 1"
    )
    return dict(found)


@pytest.mark.promise("Charges come from the configured source only; the other source is a memo")
def test_charges_come_from_the_configured_source_and_from_it_alone(world):
    fed = charges(world, "charge_feed")
    assert memos(world) == set()
    claimed = charges(world, "claims")
    assert memos(world) == {("memo", "CLAIMS_ARE_CHARGES")}
    left_open = charges(world, "auto")
    assert "x12" not in fed
    assert set(claimed) == {"x12"}
    assert claimed["x12"] > left_open.get("x12", 0) > 0


def memos(world: Any) -> set[tuple[str, str]]:
    """How charges of the feed end that another source takes the place of."""
    return set(
        world.rows(
            "select outcome, reason_code from intermediate.int_charge_version"
            " where reason_code = 'CLAIMS_ARE_CHARGES'"
        )
    )


@dataclass
class OwnDatabase:
    """What books ask of a test's database."""

    settings: DatabaseSettings

    def connect(self, role: str) -> Any:
        return connect(self.settings, role, autocommit=True)

    def admin(self) -> Any:
        return psycopg.connect(self.settings.url("admin"), autocommit=True)


@pytest.mark.promise("A what-if run states the hash of the restatement that the rule change needs")
def test_what_if_foretells_the_hash_of_what_waits_when_the_row_is_changed_in_place(world, rules):
    """JR05 in place from 1050 to 1057: every dollar of it that is recorded waits, nothing else."""
    assert passes(world)
    books = Books(OwnDatabase(world.settings))
    open_periods(books, date(2025, 1, 1), date(2026, 12, 31))
    books.propose()
    assert books.approve() > 0
    today = what_if.sums(world.settings)
    (paid,) = world.rows(GROSS)
    rules("update seeds.posting_rules set debit = '1057' where rule = 'JR05'")
    assert passes(world)
    then = what_if.differences(today, what_if.sums(world.settings))
    assert {one["account"] for one in then} == {"1050", "1057"}
    waiting = len(books.entries("proposed"))
    assert books.propose() == (0, 0, waiting)
    (held,) = books.one("auditor", "select ledger.restatement_hash('{JR05}')")
    assert held == what_if.hash_of(then)
    books.order_restatement("JR05")
    assert books.propose()[0] > 0
    restated = books.ask("auditor", RESTATED)
    for connection in books.roles.values():
        connection.close()
    assert restated == [paid]
