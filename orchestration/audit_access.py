"""`tieout audit access`: who can do what, what of it conflicts, who should be gone, and what was
done above the rules; with the hash that a reviewer signs.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg

from billing.governance.conflicts import read_conflicts
from billing.governance.roles import read_roles
from orchestration.status import rows
from orchestration.tables import plain, table
from resources.warehouse import access, reviews

GOVERNANCE = Path(__file__).parents[1] / "governance"
SUBJECT = "access"
NO_LOGIN = frozenset({"dagster", "erp"})  # logins of the databases beside this one
SIGNED = """
select reviewer, reviewed_at, content_hash, note from ledger.review
where subject = %s order by review_id desc limit 5
"""


def gather(connection: psycopg.Connection[Any], role_prefix: str) -> dict[str, Any]:
    """Matrix, conflicts, logins outside the policy and what is above it; hash; newest reviews."""
    policy = read_conflicts((GOVERNANCE / "conflicts.yaml").read_text())
    roles = read_roles((GOVERNANCE / "roles.yaml").read_text()).roles
    prefix, known = f"{role_prefix}_", {role.name for role in roles} | policy.people
    held = access.rights(connection, prefix)
    there = access.logins(connection, prefix)
    seen = {
        "matrix": {login: sorted(functions) for login, functions in sorted(held.items())},
        "conflicts": [asdict(one) for one in policy.findings(held)],
        "not_in_policy": sorted(set(there) - known),
        "policy_without_login": sorted(known - set(there) - NO_LOGIN),
        "above_the_rules": [
            asdict(one) for one in access.above_the_rules(connection, prefix, known)
        ],
    }
    return {**seen, "content_hash": _hash(seen), "reviews": _signed(connection)}


def _signed(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """The newest reviews; none where their table cannot be read, which the list itself says."""
    try:
        with connection.transaction():
            return rows(connection, SIGNED, SUBJECT)
    except psycopg.Error:
        return []


def _hash(seen: dict[str, Any]) -> str:
    text = json.dumps(plain(seen), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def sign(connection: psycopg.Connection[Any], found: dict[str, Any], note: str) -> int:
    """Sign that this list was looked at, as the login of the connection."""
    return reviews.sign_review(connection, SUBJECT, found["content_hash"], note)


def render(found: dict[str, Any]) -> list[str]:
    """The same content as text."""
    conflicts = [
        (one["login"], one["conflict"], one["risk"], one["because"] or "OPEN")
        for one in found["conflicts"]
    ]
    above = [tuple(one.values()) for one in found["above_the_rules"]]
    open_ = sum(1 for one in found["conflicts"] if not one["because"])
    return [
        f"{len(found['matrix'])} logins, {open_} conflicts open, content {found['content_hash']}",
        "", "Functions by login",
        *table(("login", "functions"), [(k, len(v)) for k, v in found["matrix"].items()]),
        "", "Conflicts", *table(("login", "conflict", "risk", "accepted because"), conflicts),
        "", f"Logins outside the policy: {', '.join(found['not_in_policy']) or 'none'}",
        f"Of the policy without a login: {', '.join(found['policy_without_login']) or 'none'}",
        "", "Above the rules", *table(("kind", "who", "what", "times"), above),
        "", *_reviews(found),
    ]  # fmt: skip


def _reviews(found: dict[str, Any]) -> list[str]:
    if not found["reviews"]:
        return ["never reviewed"]
    lines = [
        (one["reviewer"], one["reviewed_at"], one["content_hash"] == found["content_hash"],
         one["note"])
        for one in found["reviews"]
    ]  # fmt: skip
    return ["Reviews", *table(("reviewer", "at", "of this list", "note"), lines)]
