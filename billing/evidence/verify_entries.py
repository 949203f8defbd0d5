"""The entries of a pack: their content, evidence, balance, numbers and states against the audit.

Part of the stand-alone verifier: standard library only, Python 3.9 and later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby
from typing import Any

from billing.evidence.verify_chain import UNIT, audited
from billing.evidence.verify_pack import (
    Check,
    Pack,
    Row,
    Tables,
    by_entry,
    in_order,
    money,
)

NOTHING, GROUP, RECORD = "\x1e", "\x1d", "\x1c"
LINE = ("line_no", "rule", "account", "facility_code", "payer_class", "original_period",
        "debit_amount", "credit_amount", "correction_class")  # fmt: skip
EVENT = ("line_no", "line_id", "event_id", "event", "rule", "rule_version", "account",
         "signed_amount", "entity_code", "facility_code", "payer_class", "claim_key",
         "account_key", "control_key", "original_date", "evidence_hash", "file_id",
         "segment")  # fmt: skip


def row_text(row: Row, columns: Iterable[str]) -> str:
    """One line or event as ledger.line_text and ledger.event_text write it."""
    return UNIT.join(NOTHING if row[name] is None else row[name] for name in columns)


def content_hash(entry: Row, lines: Iterable[Row], events: Iterable[Row]) -> str:
    """The content hash of an entry, over the same text as ledger.entry_hash in the database."""
    by_line = sorted(lines, key=lambda row: int(row["line_no"]))
    evidence = sorted(
        events,
        key=lambda row: (int(row["line_no"]), row["line_id"].encode(), money(row["signed_amount"])),
    )
    parts = [
        entry["entity_code"], entry["accounting_date"], entry["approval_class"], entry["part"],
        RECORD.join(row_text(row, LINE) for row in by_line),
        RECORD.join(row_text(row, EVENT) for row in evidence),
    ]  # fmt: skip
    return hashlib.sha256(GROUP.join(parts).encode()).hexdigest()


def check_content(tables: Tables, check: Check) -> None:
    """Each entry has the hash of its lines and events, and is what was audited when proposed."""
    entries = {row["entry_id"]: row for row in tables.table("ledger/entries.csv")}
    lines = by_entry(tables.table("ledger/lines.csv"))
    seen = set()
    for entry_id, group in groupby(tables.table("ledger/events.csv"), lambda row: row["entry_id"]):
        events = list(group)
        check.expect(entry_id not in seen, f"entry {entry_id}: its events are not in order")
        check.expect(entry_id in entries, f"entry {entry_id} has events and is not there")
        seen.add(entry_id)
        if entry_id in entries:
            entry, held = entries[entry_id], lines.get(entry_id, [])
            is_same = content_hash(entry, held, events) == entry["content_hash"]
            check.expect(is_same, f"entry {entry_id} does not have its content hash")
            _check_evidence(check, entry, held, events)
    for entry_id in entries:
        check.expect(entry_id in seen, f"entry {entry_id} has no events")
    for entry_id in lines:
        check.expect(entry_id in entries, f"entry {entry_id} has lines and is not there")


def _check_evidence(check: Check, entry: Row, lines: list[Row], events: list[Row]) -> None:
    """Each line is the sum of its events, which share its rule, account and dimensions."""
    sums: dict[tuple[Any, ...], Decimal] = {}
    for one in events:
        month = f"{one['original_date'][:7]}-01"
        key = (one["line_no"], one["rule"], one["account"], one["facility_code"],
               one["payer_class"], month, one["entity_code"])  # fmt: skip
        sums[key] = sums.get(key, Decimal(0)) + money(one["signed_amount"])
    ours = {
        (one["line_no"], one["rule"], one["account"], one["facility_code"], one["payer_class"],
         one["original_period"], entry["entity_code"]):
        money(one["debit_amount"]) - money(one["credit_amount"])
        for one in lines
    }  # fmt: skip
    check.expect(sums == ours, f"entry {entry['entry_id']}: lines are not the sum of their events")


def sides(lines: Iterable[Row]) -> tuple[Decimal, Decimal]:
    """The sums of debits and credits."""
    debit = credit = Decimal(0)
    for one in lines:
        debit += money(one["debit_amount"])
        credit += money(one["credit_amount"])
    return debit, credit


def check_balance(tables: Tables, check: Check) -> None:
    """Debits equal credits in each entry and each entity; totals are the entry's own."""
    lines = by_entry(tables.table("ledger/lines.csv"))
    entities: dict[str, Decimal] = {}
    for entry in tables.table("ledger/entries.csv"):
        held = lines.get(entry["entry_id"], [])
        debit, credit = sides(held)
        name = f"entry {entry['entry_id']}"
        check.expect(debit == credit, f"{name}: debits {debit}, credits {credit}")
        is_total = (len(held), debit) == (int(entry["line_count"]), money(entry["gross_amount"]))
        check.expect(is_total, f"{name}: lines and debits are not {entry['line_count']} lines "
                               f"and {entry['gross_amount']}")  # fmt: skip
        code = entry["entity_code"]
        entities[code] = entities.get(code, Decimal(0)) + debit - credit
    for code, difference in sorted(entities.items()):
        check.expect(difference == 0, f"entity {code} is off balance by {difference}")


def check_numbers(tables: Tables, check: Check) -> None:
    """Entry numbers of each entity run from 1 without a gap or a double."""
    numbers: dict[str, list[int]] = {}
    for row in tables.table("ledger/index.csv"):
        if row["entry_no"] is not None:
            numbers.setdefault(row["entity_code"], []).append(int(row["entry_no"]))
    for entity, found in sorted(numbers.items()):
        missing = sorted(set(range(1, max(found) + 1)) - set(found))
        check.expect(not missing, f"entity {entity} lacks the numbers {missing[:5]}")
        check.expect(len(found) == len(set(found)), f"entity {entity} has a number twice")


def check_audited(pack: Pack, check: Check) -> None:
    """Entries, states and numbers are those of the audit chain, and nothing audited is left out."""
    index, known = _check_index(pack, check)
    _check_scope(pack, check, index)
    _check_made(pack, check, known)


def check_entries(tables: Tables, check: Check) -> None:
    """As `check_audited`, of all entries of a ledger."""
    _, known = _check_index(tables, check)
    _check_made(tables, check, known)


def _check_index(tables: Tables, check: Check) -> tuple[dict[str, Row], dict[str, dict[str, Any]]]:
    index = {row["entry_id"]: row for row in tables.table("ledger/index.csv")}
    known = _from_chain(tables)
    for entry_id in sorted({*index, *known}, key=in_order):
        row, said = index.get(entry_id), known.get(entry_id)
        check.expect(row is not None, f"entry {entry_id} was audited and is not there")
        check.expect(said is not None, f"entry {entry_id} was never audited")
        if row and said:
            for what in ("content_hash", "state", "entry_no"):
                check.expect(
                    row[what] == said.get(what),
                    f"entry {entry_id}: {what.replace('_', ' ')} is not the audited one",
                )
    return index, known


def _from_chain(tables: Tables) -> dict[str, dict[str, Any]]:
    known: dict[str, dict[str, Any]] = {}
    for row, detail in audited(tables, "propose", "step"):
        said = known.setdefault(row["entry_id"], {})
        said["state"] = row["to_state"]
        if row["action"] == "propose":
            said.update(content_hash=detail["content_hash"], erp_key=detail["erp_key"],
                        gross_amount=detail["gross_amount"], proposed_by=row["actor"])  # fmt: skip
        if "entry_no" in detail:
            said["entry_no"] = str(detail["entry_no"])
    return known


def _check_scope(pack: Pack, check: Check, index: dict[str, Row]) -> None:
    """Every entry of the period and its entities is in the pack, and is the audited one."""
    asked = pack.manifest["parameters"]
    inside = {
        entry_id
        for entry_id, row in index.items()
        if row["entity_code"] in asked["entities"]
        and asked["period_start"] <= row["accounting_date"] <= asked["period_end"]
    }
    entries = {row["entry_id"]: row for row in pack.table("ledger/entries.csv")}
    for entry_id in sorted(inside ^ set(entries), key=in_order):
        check.expect(False, f"entry {entry_id}: the index and the entries differ")
    for entry_id, row in entries.items():
        is_same = all(row[name] == value for name, value in index.get(entry_id, {}).items())
        check.expect(is_same, f"entry {entry_id} is not what the index says")


def _check_made(tables: Tables, check: Check, known: dict[str, dict[str, Any]]) -> None:
    """Key, amount and preparer of an entry are the audited ones."""
    for row in tables.table("ledger/entries.csv"):
        said = known.get(row["entry_id"], {})
        name = f"entry {row['entry_id']}"
        is_same = (row["erp_key"], money(row["gross_amount"])) == (
            said.get("erp_key"), said.get("gross_amount"),
        )  # fmt: skip
        check.expect(is_same, f"{name}: key and amount are not the audited ones")
        is_maker = row["proposed_by"] == said.get("proposed_by")
        check.expect(is_maker, f"{name}: its preparer is not the audited one")
