"""Requests of a pack: who asked and who decided, as audited, within limits, and lines that balance.

Part of the stand-alone verifier: standard library only, Python 3.9 and later.
"""

from __future__ import annotations

from decimal import Decimal

from billing.evidence.verify_chain import audited
from billing.evidence.verify_pack import Check, Pack, Row, Tables, money

ACTS = ("request approved", "request refused", "request withdrawn")


def check_requests(pack: Pack, check: Check) -> None:
    """Requests and acts are those of the audit chain; nobody decided on what he asked for."""
    requests = {row["request_id"]: row for row in pack.table("ledger/requests.csv")}
    acts = list(pack.table("ledger/request_acts.csv"))
    check_asked(pack, check, requests)
    check_acts(pack, check, requests, acts)
    _check_lines(pack, check, requests)
    for number, one in requests.items():
        approvals = {row["actor"] for row in acts
                     if row["request_id"] == number and row["act"] == "approved"}  # fmt: skip
        is_enough = one["state"] != "approved" or len(approvals) >= int(one["needed"])
        check.expect(is_enough, f"request {number} counts as approved with too few approvals")


def check_asked(tables: Tables, check: Check, requests: dict[str, Row]) -> None:
    """Each request has the content and the login that were audited."""
    asked = {
        str(detail["request_id"]): (row["actor"], detail["content_hash"])
        for row, detail in audited(tables, "request")
    }
    for number, one in requests.items():
        is_same = asked.get(number) == (one["requested_by"], one["content_hash"])
        check.expect(is_same, f"request {number} is not the audited one")


def check_acts(tables: Tables, check: Check, requests: dict[str, Row], acts: list[Row]) -> None:
    """Acts on requests are the audited ones, of another login, and within their limits."""
    said = {
        (str(detail["request_id"]), row["action"], row["actor"], detail["content_hash"],
         detail["limit_id"], detail["account_amount"], detail["day_amount"])
        for row, detail in audited(tables, *ACTS)
        if str(detail["request_id"]) in requests
    }  # fmt: skip
    found = {
        (one["request_id"], f"request {one['act']}", one["actor"], one["content_hash"],
         one["limit_id"], *(_measure(one, what) for what in ("account", "day")))
        for one in acts
    }  # fmt: skip
    for number, action, actor, *_ in sorted(said ^ found, key=str):
        check.expect(False, f"{action} {number} by {actor} is not as audited")
    limits = {
        (row["policy_id"], row["limit_id"]): row
        for row in tables.table("rules/policy_request_limits.csv")
    }
    for one in acts:
        name = f"{one['act']} of request {one['request_id']}"
        asked = requests.get(one["request_id"])
        check.expect(asked is not None, f"{name}: the request is not there")
        own = asked is not None and asked["requested_by"] == one["actor"]
        is_other = own == (one["act"] == "withdrawn")
        check.expect(is_other, f"{name}: by the one who asked, or withdrawn by another")
        if one["limit_id"] is not None:
            _check_limit(check, name, one, limits.get((one["policy_id"], one["limit_id"])))


def _measure(one: Row, what: str) -> Decimal | None:
    measure = one[f"{what}_measure"]
    return None if measure is None else money(measure)


def _check_limit(check: Check, name: str, one: Row, limit: Row | None) -> None:
    check.expect(limit is not None, f"{name}: its limit is not there")
    for what in ("account", "day"):
        allowed = limit[f"{what}_limit"] if limit else None
        is_within = allowed is None or money(one[f"{what}_measure"]) <= money(allowed)
        check.expect(is_within, f"{name}: beyond its {what} limit")


def _check_lines(pack: Pack, check: Check, requests: dict[str, Row]) -> None:
    sums: dict[str, list[Decimal]] = {}
    for line in pack.table("ledger/request_lines.csv"):
        amount = money(line["signed_amount"])
        total = sums.setdefault(line["request_id"], [Decimal(0), Decimal(0)])
        total[0] += amount
        total[1] += max(amount, Decimal(0))
    for number, (rest, debits) in sums.items():
        is_whole = rest == 0 and debits == money(requests[number]["request_amount"])
        check.expect(is_whole, f"lines of request {number} do not balance to its amount")
