"""The checks of a living ledger, worked out from rows: nothing that the database says of itself.

The rules are those of an evidence pack (verify_*.py) and those over rows that a pack does not have.
What stops a check is its problem, and the other checks go on.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from decimal import Decimal

from billing.evidence.as_audited import check_periods, check_releases, check_restatements
from billing.evidence.contents import (
    check_carried,
    check_estimates,
    check_openings,
    check_policies,
    check_requests,
)
from billing.evidence.digests import check_digests
from billing.evidence.verify_chain import (
    anchor_problem,
    check_head,
    check_links,
    hashes_of,
)
from billing.evidence.verify_entries import (
    check_balance,
    check_content,
    check_entries,
    check_numbers,
    sides,
)
from billing.evidence.verify_pack import Check, Tables, by_entry
from billing.evidence.verify_rules import check_provenance
from billing.evidence.verify_signatures import check_certificates, check_signatures

Look = Callable[[Tables, Check], None]
Words = Callable[[Exception], str]
Source = Callable[[], AbstractContextManager[Tables]]


def check_chain(tables: Tables, check: Check) -> None:
    """The audit chain is whole and ends at its head."""
    last = check_links(tables, check)
    heads = [(int(row["seq"]), row["hash"]) for row in tables.table("audit/head.csv")]
    check.expect(len(heads) == 1, f"the audit has {len(heads)} heads, not one")
    for head in heads:
        check_head(check, last, head)


CHAIN = "audit chain"
CHECKS: tuple[tuple[str, Look], ...] = (
    (CHAIN, check_chain),
    ("entries as audited", check_entries),
    ("content of entries", check_content),
    ("balance", check_balance),
    ("entry numbers", check_numbers),
    ("signatures", check_signatures),
    ("certificates", check_certificates),
    ("policies", check_policies),
    ("requests", check_requests),
    ("periods and corrections", check_periods),
    ("provenance", check_provenance),
    ("releases", check_releases),
    ("restatements", check_restatements),
    ("estimates", check_estimates),
    ("opening lists", check_openings),
    ("carried balances", check_carried),
    ("digests", check_digests),
)


def verify_living(tables: Source, words: Words) -> Iterator[Check]:
    """Every check, each with tables of its own; `words` says what may be said of an exception."""
    for name, look in CHECKS:
        yield run(name, look, tables, words)


def check_places(tables: Tables, check: Check, anchors: Mapping[str, str]) -> None:
    """Anchors are rows of the chain; `anchors` says where each was read."""
    hashes = hashes_of(tables)
    for anchor, place in anchors.items():
        problem = anchor_problem(hashes, anchor)
        check.expect(not problem, f"anchor {anchor[:-52]} of {place}: {problem}")


def recorded_sides(tables: Tables) -> dict[str, tuple[Decimal, Decimal]]:
    """Debits and credits of each entity, over its entries that are not void."""
    lines = by_entry(tables.table("ledger/lines.csv"))
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for entry in tables.table("ledger/entries.csv"):
        if entry["state"] != "void":
            debit, credit = sides(lines.get(entry["entry_id"], []))
            before = sums.get(entry["entity_code"], (Decimal(0), Decimal(0)))
            sums[entry["entity_code"]] = (before[0] + debit, before[1] + credit)
    return sums


def run(
    name: str,
    look: Look,
    tables: Source,
    words: Words,
) -> Check:
    """One check; whatever stops it is its problem."""
    check = Check(name)
    try:
        with tables() as found:
            look(found, check)
    except Exception as problem:  # noqa: BLE001 (it ends as a problem of this check)
        check.problems.append(f"cannot be worked out: {words(problem)}")
    return check
