"""Rows that the audit has whole: what is stored equals what was audited, no more and no fewer.

Rows of which the audit has a hash only are in contents.py.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from billing.evidence.stored import Stored, joined, json_text, said, sha256, stored
from billing.evidence.verify_pack import Check, Tables


@dataclass(frozen=True)
class Audited:
    """A table, the action that audits its rows, and its columns of key, time and login."""

    table: str
    action: str
    key: str
    time: str
    login: str


PERIOD_ACT = Audited("period_act", "period act", "act_id", "acted_at", "actor")
WAIVER = Audited("close_waiver", "waive", "waiver_id", "waived_at", "waived_by")
CORRECTION = Audited(
    "correction_decision", "classify correction", "decision_id", "decided_at", "decided_by"
)
DEPLOYMENT = Audited("rule_deployment", "deploy rules", "deployment_id", "deployed_at", "deployer")
RELEASE = Audited("rule_release", "ask for release", "release_id", "asked_at", "author")
RELEASE_ACT = Audited("rule_release_act", "decide on release", "act_id", "acted_at", "actor")
ORDER = Audited("restatement_order", "ask restatement", "order_id", "asked_at", "asked_by")
ORDER_ACT = Audited("restatement_act", "decide restatement", "order_id", "acted_at", "actor")


def check_rows(tables: Tables, check: Check, kind: Audited) -> list[Stored]:
    """Rows of a table are those that its audit has, by the same login; returns the rows."""
    rows = stored(tables, kind.table)
    held = Counter((str(one[kind.key]), one[kind.login], _content(one, kind)) for one in rows)
    in_audit = Counter(
        (str(detail[kind.key]), row["actor"], _content(detail, kind))
        for row, detail in said(tables, kind.action)
    )
    check.looked += len(rows)
    for what, found in (
        ("was never audited", held - in_audit),
        ("is audited, not there", in_audit - held),
    ):
        for number, login, _ in found:
            check.expect(False, f"{kind.table} {number} by {login} {what}")
    return rows


def _content(one: Stored, kind: Audited) -> str:
    """A row without its time, with numbers that are equal written the same."""
    return json_text({name: value for name, value in one.items() if name != kind.time})


def check_periods(tables: Tables, check: Check) -> None:
    """Acts on periods, waivers and corrections are audited; a period has its audited state."""
    acts = {one["act_id"]: one for one in check_rows(tables, check, PERIOD_ACT)}
    for one in acts.values():
        asked = acts.get(one["request_id"])
        is_other = one["request_id"] is None or (asked and asked["actor"] != one["actor"])
        check.expect(bool(is_other), f"act {one['act_id']} on a period: by the one who asked")
    for kind in (WAIVER, CORRECTION):
        check_rows(tables, check, kind)
    known = _period_states(tables)
    for one in stored(tables, "period"):
        expected = known.get((one["entity_code"], one["period_start"]), "open")
        name = f"period {one['period_start']} of {one['entity_code']}"
        is_same = one["own_status"] == expected
        check.expect(is_same, f"{name} is {one['own_status']}, audited as {expected}")


def _period_states(tables: Tables) -> dict[tuple[object, object], str]:
    known = {}
    for row, detail in said(tables, "period act", "set period"):
        if row["action"] == "set period" or detail["step"] == "approve":
            known[detail["entity_code"], detail["period_start"]] = row["to_state"]
    return known


def check_releases(tables: Tables, check: Check) -> None:
    """Deployments, releases and decisions are audited; no author decides on the own release."""
    check_rows(tables, check, DEPLOYMENT)
    authors = {}
    for one in check_rows(tables, check, RELEASE):
        authors[one["release_id"]] = one["author"]
        files = sorted(one["files"].items(), key=lambda item: item[0].encode())
        is_same = sha256("\n".join(f"{k} {v}" for k, v in files)) == one["rule_set_hash"]
        check.expect(is_same, f"release {one['release_id']}: files do not give its hash")
    for act in check_rows(tables, check, RELEASE_ACT):
        is_other = act["act"] == "withdrawn" or authors.get(act["release_id"]) != act["actor"]
        check.expect(is_other, f"release {act['release_id']}: decided by its author")


def check_restatements(tables: Tables, check: Check) -> None:
    """Orders, decisions and the events that were let through are audited, with their hashes."""
    orders = {one["order_id"]: one for one in check_rows(tables, check, ORDER)}
    for number, one in orders.items():
        parts = (one["what_if_hash"], ",".join(one["rules"]), one["reason"], one["asked_by"])
        is_same = sha256(joined("\x1f", parts)) == one["content_hash"]
        check.expect(is_same, f"restatement order {number} does not have its content hash")
    approved = set()
    for act in check_rows(tables, check, ORDER_ACT):
        approved |= {act["order_id"]} if act["act"] == "approved" else set()
        asked = orders.get(act["order_id"])
        is_other = asked is not None and asked["asked_by"] != act["actor"]
        check.expect(is_other, f"restatement order {act['order_id']}: decided by who asked")
    in_audit = {detail["order_id"]: detail["events_hash"] for _, detail in said(tables, "restate")}
    held = _hash_of_events(stored(tables, "restatement_event"))
    for number in sorted({*in_audit, *held}):
        is_same = in_audit.get(number) == held.get(number) and number in approved
        check.expect(is_same, f"restatement order {number}: events are not the audited ones")


def _hash_of_events(events: Iterable[Stored]) -> dict[object, str]:
    lines: dict[object, list[tuple[bytes, object, str]]] = {}
    for one in events:
        parts = ("event_id", "rule", "from_version", "to_version", "after_entry_id")
        text = joined("|", (one[name] for name in parts))
        place = (one["event_id"].encode(), one["after_entry_id"])
        lines.setdefault(one["order_id"], []).append((*place, text))
    return {
        number: sha256("\n".join(text for *_, text in sorted(found)))
        for number, found in lines.items()
    }
