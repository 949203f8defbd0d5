"""`tieout policy what-if`: the journal that changed files would ask for, before anyone approves it.

The files of this checkout (posting rules, code classes, maps, limits) are applied to the archived
evidence in a database of its own; the difference to what is demanded today is shown and hashed.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

from billing.governance.approvals import ApprovalLimit, read_approvals
from orchestration.prove_watch import Watch
from orchestration.rebuild import ROOT, built_anew
from orchestration.status import rows
from orchestration.tables import table
from resources.settings import DatabaseSettings, Settings
from resources.warehouse.database import connect
from resources.warehouse.restatements import Difference, difference_hash

SUMS = """
select entity_code, account, to_char(original_date, 'YYYY-MM') as period, event,
       sum(signed_amount) as amount
from marts.fct_ledger_line where reaches_erp group by 1, 2, 3, 4
"""
# Entries that policy signed or may sign, with what limits look at.
ENTRIES = """
select e.entry_id, e.approval_class, e.gross_amount,
       (select max(abs(v.signed_amount)) from ledger.entry_event v where v.entry_id = e.entry_id)
           as event_amount
from ledger.entry e join ledger.approval_class c using (approval_class)
where e.state not in ('void', 'rejected') and c.basis = 'policy'
"""
Key = tuple[str, str, str, str]


def gather(settings: Settings, watch: Watch | None = None) -> dict[str, Any]:
    """The difference per entity, account, period and event, its hash, and who would sign."""
    today = sums(settings.database)
    with built_anew(settings, watch or Watch()) as anew:
        changed = differences(today, sums(anew))
    return {
        "differences": changed,
        "difference_hash": hash_of(changed),
        "signatures": _signatures(settings.database, ROOT / "governance" / "approvals.yaml"),
    }


def sums(database: DatabaseSettings) -> dict[Key, Decimal]:
    """What is demanded today per entity, account, period and event; US dollars, debit positive."""
    with closing(connect(database, "transform")) as connection:
        found = rows(connection, SUMS)
    return {
        (row["entity_code"], row["account"], row["period"], row["event"]): row["amount"]
        for row in found
    }


def differences(today: Mapping[Key, Decimal], then: Mapping[Key, Decimal]) -> list[dict[str, Any]]:
    """The sums that differ, both of them, and by how much."""
    nothing = Decimal(0)
    return [
        {"entity_code": k[0], "account": k[1], "period": k[2], "event": k[3],
         "today": today.get(k, nothing), "then": then.get(k, nothing),
         "difference": then.get(k, nothing) - today.get(k, nothing)}
        for k in sorted({*today, *then}) if today.get(k, nothing) != then.get(k, nothing)
    ]  # fmt: skip


def hash_of(changed: Iterable[dict[str, Any]]) -> str:
    """The hash that an order to restate carries."""
    columns = ("entity_code", "account", "period", "event", "difference")
    return difference_hash(Difference(*(row[name] for name in columns)) for row in changed)


def render(found: dict[str, Any]) -> list[str]:
    """The same content as text."""
    columns = ["entity", "account", "period", "event", "today", "then", "difference"]
    listed = [tuple(one.values()) for one in found["differences"]]
    lines = table(columns, listed) if listed else ["No journal line would differ."]
    signing = [tuple(one.values()) for one in found["signatures"]]
    return [
        *lines, "", f"hash of this difference: {found['difference_hash']}", "",
        "Entries that policy signs today, under the limits of this checkout",
        *table(["class", "entries", "would wait for a person", "debits that wait"], signing),
    ]  # fmt: skip


def _signatures(database: DatabaseSettings, file: Path) -> list[dict[str, Any]]:
    """Per class: entries under policy today, and those that the file's limits leave to a person."""
    policy = read_approvals(file.read_text())
    with closing(connect(database, "auditor")) as connection:
        entries = rows(connection, ENTRIES)
    by_policy = {one.approval_class for one in policy.classes if one.basis == "policy"}
    limits = [one for one in policy.limits if one.role == "policy"]
    found = []
    for name in sorted({entry["approval_class"] for entry in entries}):
        own = [entry for entry in entries if entry["approval_class"] == name]
        left = [one for one in own if name not in by_policy or not _allowed(one, limits)]
        waits = sum((one["gross_amount"] for one in left), Decimal(0))
        found.append({"class": name, "entries": len(own), "wait": len(left), "gross": waits})
    return found


def _allowed(entry: dict[str, Any], limits: Sequence[ApprovalLimit]) -> bool:
    """Whether one limit takes the entry: its largest event, and its debits."""
    return any(
        limit.covers(entry["approval_class"])
        and (limit.event_amount is None or entry["event_amount"] <= limit.event_amount)
        and (limit.entry_amount is None or entry["gross_amount"] <= limit.entry_amount)
        for limit in limits
    )
