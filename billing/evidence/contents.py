"""Rows of which the audit has a hash: policies, requests, estimates, opening lists, carried sums.

Rows that the audit has whole are in as_audited.py, entries in verify_entries.py.
"""

from collections.abc import Callable, Iterable, Sequence

from billing.evidence.stored import (
    PART,
    UNIT,
    Stored,
    joined,
    json_text,
    said,
    sha256,
    stored,
    without_nulls,
)
from billing.evidence.verify_pack import Check, Tables
from billing.evidence.verify_requests import check_acts, check_asked

POLICY_PARTS = {
    "policy_class": "class", "policy_role": "role", "policy_conflict": "conflict",
    "policy_limit": "limit", "policy_delegation": "delegation", "policy_request": "requests",
    "policy_request_limit": "request limit", "policy_request_ceiling": "request ceiling",
    "policy_correction": "correction",
}  # fmt: skip
OF_REQUEST = (
    "reason_code", "attachment_size", "attachment_type", "payee", "other_tender_reason",
    "account_key", "accounting_date", "is_auto_reversed", "reverses_request_id",
    "approval_class", "lines",
)  # fmt: skip
RUN = ("run_id", "entity_code", "cutoff_date", "rule", "method", "parameters", "code_version",
       "build_id", "line_count", "balance_amount", "required_amount", "prepared_by")  # fmt: skip
RUN_LINE = ("line_no", "facility_code", "payer_class", "age_bucket", "balance_amount", "rate",
            "rate_level", "observation_count", "lost_amount", "exposed_amount",
            "required_amount")  # fmt: skip
RUN_USE = ("facility_code", "payer_class", "used_amount")
LIST = ("list_id", "file_name", "file_sha256", "line_count", "gross_amount", "loaded_by")
LIST_LINE = ("line_no", "entity_code", "account_kind", "subject_key", "payer_class",
             "facility_code", "amount", "cutover_date")  # fmt: skip
LIST_BALANCE = ("entity_code", "account", "stated_amount")
Made = tuple[object, object]  # the login that made a row, and its content hash


def check_policies(tables: Tables, check: Check) -> None:
    """Each version of the approval policy has the content that was audited when it was loaded."""
    lines: dict[object, list[str]] = {}
    for one in stored(tables, "policy"):
        kept = {name: value for name, value in one.items() if name != "loaded_at"}
        lines[one["policy_id"]] = [f"policy{json_text(kept)}"]
    for table, word in POLICY_PARTS.items():
        for one in stored(tables, table):
            lines.setdefault(one["policy_id"], []).append(f"{word}{json_text(one)}")
    in_audit = {
        detail["policy_id"]: detail["content_hash"] for _, detail in said(tables, "load policy")
    }
    for number in sorted({*lines, *in_audit}, key=str):
        found = sha256("\x1c".join(sorted(lines.get(number, []), key=str.encode)))
        check.expect(found == in_audit.get(number), f"policy {number} is not the audited one")


def check_requests(tables: Tables, check: Check) -> None:
    """Requests have their content, and they and the acts on them are the audited ones."""
    rows = stored(tables, "request")
    for one in rows:
        is_same = request_hash(one) == one["content_hash"]
        check.expect(is_same, f"request {one['request_id']} does not have its content hash")
    requests = {
        str(one["request_id"]): {name: one[name] for name in ("requested_by", "content_hash")}
        for one in rows
    }
    check_asked(tables, check, requests)
    check_acts(tables, check, requests, list(tables.table("ledger/request_acts.csv")))


def request_hash(one: Stored) -> str:
    """The content hash of a request, over the same text as ledger.request_hash."""
    more = json_text(without_nulls({name: one[name] for name in OF_REQUEST}))
    return sha256(
        joined(UNIT, [
            one["event"], one["entity_code"], one["subject_key"], one["amount"], one["reason"],
            one["attachment_sha256"] or "", one["tender"] or "", one["requested_by"],
            None if more == "{}" else more,
        ])
    )  # fmt: skip


def check_estimates(tables: Tables, check: Check) -> None:
    """Runs of estimates have their content, as audited; withdrawals are audited."""
    lines = _of_each(stored(tables, "model_run_line"), "run_id", "line_no", RUN_LINE)
    used = _of_each(stored(tables, "model_run_use"), "run_id", "facility_code", RUN_USE)
    in_audit = {detail["run_id"]: (row["actor"], detail["content_hash"])
            for row, detail in said(tables, "prepare estimate")}  # fmt: skip
    for one in stored(tables, "model_run"):
        number = one["run_id"]
        head = [json_text(one[name]) if name == "parameters" else one[name] for name in RUN]
        found = sha256(joined(UNIT, [*head, lines.get(number), used.get(number)]))
        made = (one["prepared_by"], one["content_hash"])
        _check_made(check, f"estimate {number}", found, made, in_audit.get(number))
    acts = {(detail["run_id"], row["actor"]) for row, detail in said(tables, "withdraw estimate")}
    for act in stored(tables, "model_run_act"):
        is_audited = (act["run_id"], act["actor"]) in acts
        check.expect(is_audited, f"estimate {act['run_id']}: {act['act']} is not as audited")


def check_openings(tables: Tables, check: Check) -> None:
    """Opening lists have their content, as audited; decisions on them are audited."""
    lines = _of_each(stored(tables, "opening_line"), "list_id", "line_no", LIST_LINE)
    stated = _of_each(stored(tables, "opening_balance"), "list_id", "entity_code", LIST_BALANCE)
    in_audit = {detail["list_id"]: (row["actor"], detail["content_hash"])
            for row, detail in said(tables, "load opening")}  # fmt: skip
    for one in stored(tables, "opening_list"):
        number = one["list_id"]
        parts = [*(one[name] for name in LIST), lines.get(number), stated.get(number)]
        found = sha256(joined(UNIT, parts))
        made = (one["loaded_by"], one["content_hash"])
        _check_made(check, f"opening list {number}", found, made, in_audit.get(number))
    acts = {
        (row["action"], row["actor"], detail["list_id"], detail["is_last"])
        for row, detail in said(tables, "opening approved", "opening refused", "opening withdrawn")
    }
    for act in stored(tables, "opening_act"):
        is_audited = (f"opening {act['act']}", act["actor"], act["list_id"], act["is_last"]) in acts
        check.expect(is_audited, f"opening list {act['list_id']}: {act['act']} is not as audited")


def check_carried(tables: Tables, check: Check) -> None:
    """What was carried in from the ERP, entity by entity, is what was audited then."""
    held: dict[str, dict[str, str | None]] = {}
    for line in stored(tables, "carried_balance"):
        amount = format(line["balance_amount"], "f")
        held.setdefault(line["entity_code"], {})[line["account"]] = amount
    kept = {}
    for one in stored(tables, "carry"):
        facts = {name: one[name] for name in ("entity_code", "last_day", "erp")}
        kept[one["entity_code"]] = {**facts, "balances": held.get(one["entity_code"], {})}
    in_audit = {detail["entity_code"]: dict(detail) for _, detail in said(tables, "carry")}
    for entity in sorted({*kept, *in_audit, *held}, key=str):
        is_same = entity in kept and kept[entity] == in_audit.get(entity)
        check.expect(is_same, f"carried balances of {entity} are not the audited ones")


def _check_made(check: Check, name: str, found: str, made: Made, in_audit: Made | None) -> None:
    check.expect(found == made[1], f"{name} does not have its content hash")
    check.expect(in_audit == made, f"{name} is not the audited one")


def _of_each(
    rows: Iterable[Stored], owner: str, order: str, columns: Sequence[str]
) -> dict[object, str]:
    """The texts of the rows of each owner, in order, as the database puts them together."""
    place = _place(columns if order != "line_no" else ("line_no",))
    found: dict[object, list[str]] = {}
    for one in sorted(rows, key=place):
        parts = (one[name] for name in columns)
        found.setdefault(one[owner], []).append(joined("|", parts))
    return {number: PART.join(texts) for number, texts in found.items()}


def _place(columns: Sequence[str]) -> Callable[[Stored], list[object]]:
    """Order by columns: numbers as such, texts by their bytes, nulls last."""

    def place(one: Stored) -> list[object]:
        values = (one[name] for name in columns)
        return [(value is None, value.encode() if isinstance(value, str) else value or 0)
                for value in values]  # fmt: skip

    return place
