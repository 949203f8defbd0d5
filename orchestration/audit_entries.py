"""`tieout audit entries`: journal entries by test, with all that it takes to run a list again."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg

from billing.governance.entry_tests import EntryTest, read_entry_tests
from orchestration.errors import ExpectedError
from orchestration.tables import show, table
from resources.warehouse.entry_tests import Listing, run_tests

POLICY = Path(__file__).parents[1] / "governance" / "entry_tests.yaml"
COLUMNS = ("entry", "entity", "date", "class", "state", "document", "maker", "rules", "code",
           "released", "gross", "why")  # fmt: skip


def chosen(names: Iterable[str], policy: Path = POLICY) -> list[EntryTest]:
    """Return the tests of these names, all without one. Raises ExpectedError for another."""
    known = {test.name: test for test in read_entry_tests(policy.read_text())}
    asked = list(names) or list(known)
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise ExpectedError(f"no such test: {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(asked)]


def gather(connection: psycopg.Connection[Any], tests: Sequence[EntryTest]) -> dict[str, Any]:
    """Source, population and each test's list, all of one moment."""
    source, population, listings = run_tests(connection, tests)
    return {
        "source": asdict(source),
        "population": asdict(population),
        "tests": [_facts(listing) for listing in listings],
    }


def _facts(listing: Listing) -> dict[str, Any]:
    return {
        "name": listing.test.name,
        "title": listing.test.title,
        "function": f"ledger.{listing.test.function}",
        "parameters": dict(listing.test.parameters),
        "entry_count": listing.entries,
        "row_count": len(listing.found),
        "gross_amount": listing.gross_amount,
        "entries": [asdict(one) for one in listing.found],
    }


def render(found: dict[str, Any]) -> list[str]:
    """The same content as text."""
    source, population = found["source"], found["population"]
    return [
        f"build {source['build_id']} as of {source['as_of_date']}; audit chain up to "
        f"{source['audit_seq']} {source['audit_hash'][:12]}",
        f"tested: {population['entries']:,} recorded entries, {population['lines']:,} lines, "
        f"{show(population['gross_amount'])} gross",
        *(line for test in found["tests"] for line in _test(test)),
    ]


def _test(test: dict[str, Any]) -> list[str]:
    parameters = ", ".join(f"{name} {value}" for name, value in test["parameters"].items())
    rows = [
        (str(one["entry_id"]), one["entity_code"], one["accounting_date"], one["approval_class"],
         one["state"], one["document_number"], one["proposed_by"],
         (one["rule_set_hash"] or "")[:8], (one["code_hash"] or "")[:8], one["is_released"],
         one["gross_amount"], one["detail"])
        for one in test["entries"]
    ]  # fmt: skip
    return [
        "",
        f"{test['name']}: {test['title']} ({test['function']}; {parameters})",
        f"  {test['entry_count']:,} entries in {test['row_count']:,} rows, "
        f"{show(test['gross_amount'])} gross",
        *(table(COLUMNS, rows) if rows else []),
    ]
