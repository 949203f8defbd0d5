"""Which rules and code made the entries of a pack, and who released those, against the audit.

Part of the stand-alone verifier: standard library only, Python 3.9 and later.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from billing.evidence.verify_chain import audited
from billing.evidence.verify_pack import Check, Pack, Row, Tables

HASHES = ("rule_set_hash", "code_hash")
RULE_FOLDERS = (("rules/seeds/", "dbt_project/seeds/"), ("rules/governance/", "governance/"))


def check_rules(pack: Pack, check: Check) -> None:
    """Provenance and releases are the audited ones; three logins released what is released."""
    check_provenance(pack, check)
    _check_releases(pack, check)
    _check_deployments(pack, check)
    _check_rule_set(pack, check)


def check_provenance(tables: Tables, check: Check) -> None:
    """An entry has the hashes of the build that proposed it, wherever that build said any."""
    said = {
        detail["build_id"]: tuple(detail[name] for name in HASHES)
        for _, detail in audited(tables, "provenance")
    }
    builds = {row["entry_id"]: detail["build_id"] for row, detail in audited(tables, "propose")}
    stated = {row["entry_id"]: row for row in tables.table("ledger/provenance.csv")}
    for entry in tables.table("ledger/entries.csv"):
        entry_id = entry["entry_id"]
        row = stated.pop(entry_id, None)
        found = (row["build_id"], row["rule_set_hash"], row["code_hash"]) if row else None
        build = builds.get(entry_id)
        expected = (build, *said[build]) if build in said else None
        check.expect(found == expected, f"entry {entry_id}: rules or code are not the audited ones")
    for entry_id in stated:
        check.expect(False, f"entry {entry_id} has rules and is not there")


def _check_releases(pack: Pack, check: Check) -> None:
    """Each release is the audited one, and none is left out; no login acted twice on one."""
    asked = {str(d["release_id"]): (row, d) for row, d in audited(pack, "ask for release")}
    approved = {
        str(detail["release_id"]): row["actor"]
        for row, detail in audited(pack, "decide on release") if detail["act"] == "approved"
    }  # fmt: skip
    for row in pack.table("rules/releases.csv"):
        number = row["release_id"] or ""
        is_same = _is_audited(row, asked.pop(number, None), "author")
        is_same = is_same and approved.get(number) == row["approver"]
        check.expect(is_same, f"release {number} is not the audited one")
        people = [row[name] for name in ("author", "approver", "deployer") if row[name]]
        check.expect(len(set(people)) == len(people), f"release {number}: one login acted twice")
    for number in asked:
        check.expect(False, f"release {number} is audited and left out")


def _check_deployments(pack: Pack, check: Check) -> None:
    """Each deployment is the audited one, and none is left out."""
    loaded = {str(d["deployment_id"]): (row, d) for row, d in audited(pack, "deploy rules")}
    for row in pack.table("rules/deployments.csv"):
        number = row["deployment_id"] or ""
        is_same = _is_audited(row, loaded.pop(number, None), "deployer")
        check.expect(is_same, f"deployment {number} is not the audited one")
    for number in loaded:
        check.expect(False, f"deployment {number} is audited and left out")


def _is_audited(row: Row, audit: tuple[Row, dict[str, Any]] | None, who: str) -> bool:
    if audit is None or audit[0]["actor"] != row[who]:
        return False
    return all(audit[1][name] == row[name] for name in HASHES)


def _check_rule_set(pack: Pack, check: Check) -> None:
    """The files of the pack give the hash of the rule set that the pack says it was made with."""
    if "rules/code.json" not in pack.names():
        return
    with pack.open("rules/code.json") as content:
        said = json.load(content).get("rule_set_hash")
    found = {}
    for one in pack.manifest["files"]:
        for folder, place in RULE_FOLDERS:
            if one["path"].startswith(folder):
                found[place + one["path"][len(folder) :]] = one["sha256"]
    text = "\n".join(f"{path} {found[path]}" for path in sorted(found))
    is_same = hashlib.sha256(text.encode()).hexdigest() == said
    check.expect(is_same, "the rules of the pack do not give the hash of their rule set")
