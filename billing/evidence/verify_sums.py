"""Sums of a pack: ERP documents, sub-ledger and balances, exceptions, tie-outs, inputs, the sample.

Part of the stand-alone verifier: standard library only, Python 3.9 and later.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

from billing.evidence.verify_pack import Check, Pack, Row, by_entry, money

Sums = dict[Any, list[Decimal]]
NOTHING_YET = Decimal(0)


def check_documents(pack: Pack, check: Check) -> None:
    """Each posted entry has one ERP document, whose lines are its own, one by one."""
    documents = {row["entry_id"]: row for row in pack.table("erp/documents.csv")}
    theirs = by_entry(pack.table("erp/document_lines.csv"))
    ours = by_entry(pack.table("ledger/lines.csv"))
    entries = {row["entry_id"]: row for row in pack.table("ledger/entries.csv")}
    for entry_id, entry in entries.items():
        if entry["state"] == "posted":
            check.expect(entry_id in documents, f"entry {entry_id} is posted without a document")
    for entry_id, document in documents.items():
        check.expect(entry_id in entries, f"document of entry {entry_id}: the entry is not there")
        is_same = _plain(ours.get(entry_id, [])) == _plain(theirs.get(entry_id, []))
        name = f"entry {entry_id}, document {document['document_number']}"
        check.expect(is_same, f"{name}: the lines differ")
        is_said = (document["matches"] == "true") == is_same
        check.expect(is_said, f"{name}: it is recorded as {document['matches']} that they match")
    for row in pack.table("erp/second_documents.csv"):
        check.expect(False, f"entry {row['entry_id']} has a second document")


def _plain(lines: list[Row]) -> list[tuple[Any, ...]]:
    return sorted(
        (int(one["line_no"]), one["account"], money(one["debit_amount"]),
         money(one["credit_amount"])) for one in lines
    )  # fmt: skip


def check_movements(pack: Pack, check: Check) -> None:
    """Movements of the pack's months are the sums of its lines, account by account."""
    asked = pack.manifest["parameters"]
    entries = {row["entry_id"]: row for row in pack.table("ledger/entries.csv")}
    ours: Sums = {}
    for line in pack.table("ledger/lines.csv"):
        entry = entries.get(line["entry_id"])
        if entry and entry["state"] != "void":
            month = f"{entry['accounting_date'][:7]}-01"
            key = (entry["entity_code"], line["account"], month, entry["state"])
            _add(ours, key, line)
    said: Sums = {}
    for row in pack.table("sums/movements.csv"):
        if asked["period_start"] <= row["accounting_month"] <= asked["period_end"]:
            key = (row["entity_code"], row["account"], row["accounting_month"], row["state"])
            _add(said, key, row)
    for key in sorted({*ours, *said}):
        check.expect(ours.get(key) == said.get(key), f"{' '.join(key)}: not the sum of its lines")


def _add(sums: Sums, key: Any, row: Row) -> None:
    debit, credit = sums.get(key, [NOTHING_YET, NOTHING_YET])
    sums[key] = [debit + money(row["debit_amount"]), credit + money(row["credit_amount"])]


def check_subledger(pack: Pack, check: Check) -> None:
    """What the evidence demands, less what waits, is the balance that the ERP reports.

    What others entered in the ERP counts when a person explained it, and what the ERP held before
    our first month, as in the tie-out.
    """
    waiting: dict[Any, Decimal] = {}
    for row in pack.table("sums/movements.csv"):
        key = (row["entity_code"], row["account"])
        amount = money(row["debit_amount"]) - money(row["credit_amount"])
        is_waiting = row["state"] != "posted"
        waiting[key] = waiting.get(key, NOTHING_YET) + (amount if is_waiting else NOTHING_YET)
    as_of = pack.manifest["parameters"]["as_of_date"]
    for row in pack.table("erp/foreign_lines.csv"):
        if row["state"] == "accepted" and row["accounting_date"] <= as_of:
            key = (row["entity_code"], row["account"])
            waiting[key] = waiting.get(key, NOTHING_YET) - money(row["foreign_amount"])
    for row in pack.table("erp/carried.csv"):
        key = (row["entity_code"], row["account"])
        waiting[key] = waiting.get(key, NOTHING_YET) - money(row["balance_amount"])
    balances = {
        (row["entity_code"], row["account"]): money(row["balance_amount"])
        for row in pack.table("erp/balances.csv")
    }
    demanded = {
        (row["entity_code"], row["account"]): money(row["demanded_amount"])
        for row in pack.table("sums/subledger.csv")
    }
    for key in sorted({*demanded, *balances, *waiting}):
        left = demanded.get(key, NOTHING_YET) - waiting.get(key, NOTHING_YET)
        right = balances.get(key, NOTHING_YET)
        check.expect(
            left == right, f"{'/'.join(key)}: sub-ledger less waiting {left}, ERP balance {right}"
        )


def check_exceptions(pack: Pack, check: Check) -> None:
    """Counts and dollars of the exceptions are those of the list."""
    ours: dict[Any, tuple[int, Decimal]] = {}
    for row in pack.table("exceptions/exceptions.csv"):
        key = (row["origin"], row["code"], row["severity"], str(row["closed_at"] is None).lower())
        count, amount = ours.get(key, (0, NOTHING_YET))
        ours[key] = (count + 1, amount + money(row["waiting_amount"]))
    said = {
        (row["origin"], row["code"], row["severity"], row["is_open"]):
        (int(row["exceptions"]), money(row["waiting_amount"]))
        for row in pack.table("exceptions/totals.csv")
    }  # fmt: skip
    for key in sorted({*ours, *said}):
        check.expect(ours.get(key) == said.get(key), f"{' '.join(key)}: not the sum of its list")


def check_tie_outs(pack: Pack, check: Check) -> None:
    """Each tie-out that was worked out when the pack was made holds."""
    for row in pack.table("tie_outs/tie_outs.csv"):
        difference = money(row["left_amount"]) - money(row["right_amount"])
        holds = difference == 0 and int(row["breaks"]) == 0
        name = f"{row['id']} {row['scope']}"
        is_said = (row["holds"] == "true", money(row["difference_amount"])) == (holds, difference)
        check.expect(is_said, f"{name}: the outcome is not what its sides say")
        check.expect(holds, f"{name}: {row['left_amount']} and {row['right_amount']}, "
                            f"{row['breaks']} breaks")  # fmt: skip
    check.expect(check.looked > 0, "there is no tie-out")


def check_inputs(pack: Pack, check: Check) -> None:
    """Each event's file is listed; files that are in the pack have the hash of their receipt."""
    listed = {row["file_id"]: row["sha256"] for row in pack.table("inputs/files.csv")}
    for file_id, sha256 in listed.items():
        is_same = file_id.replace("-", "") == sha256[:32]
        check.expect(is_same, f"file {file_id} is not named after its hash")
    wanted = {row["file_id"] for row in pack.table("ledger/events.csv")} - {None}
    for file_id in sorted(wanted - set(listed)):
        check.expect(False, f"file {file_id} is behind an event and not listed")
    given = {name.rpartition("/")[2] for name in pack.names() if name.startswith("inputs/archive/")}
    if pack.manifest["parameters"]["with_files"]:
        missing = set(listed.values()) - given
        check.expect(not missing, f"archived files are not in the pack: {sorted(missing)[:3]}")
    for sha256 in sorted(given):
        with pack.open(f"inputs/archive/{sha256}") as content:
            is_same = hashlib.sha256(content.read()).hexdigest() == sha256
        check.expect(is_same, f"archived file {sha256} does not have its hash")


def check_sample(pack: Pack, check: Check) -> None:
    """The sample is the one that its seed draws from the posted entries."""
    asked = pack.manifest["parameters"]["sample"]
    if asked is None:
        return
    posted = [row for row in pack.table("ledger/entries.csv") if row["state"] == "posted"]
    check.expect(asked["population"] == len(posted), "the population is not the posted entries")
    tickets = sorted(
        (_ticket(asked["seed"], row), row["entry_id"]) for row in posted
    )[: asked["size"]]  # fmt: skip
    said = [(row["ticket"], row["entry_id"]) for row in pack.table("sample/entries.csv")]
    check.expect(tickets == said, "the sample is not the one that its seed draws")


def _ticket(seed: str, row: Row) -> str:
    text = f"{seed}|{row['entry_id']}|{row['content_hash']}"
    return hashlib.sha256(text.encode()).hexdigest()
