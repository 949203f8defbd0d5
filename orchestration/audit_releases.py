"""`tieout audit releases`: which rules and which code made the entries, and who stands behind them.

What was never released by three people is a finding, also where policy asks for no release.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import psycopg

from orchestration.tables import table
from resources.warehouse import releases

COLUMNS = ("rules", "code", "entries", "gross", "from", "to", "author", "approver", "deployer",
           "finding")  # fmt: skip
UNRELEASED, UNKNOWN = "UNRELEASED", "NOT_STATED"


def gather(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """What is in force, and living entries by the rules and code that proposed them. Auditor."""
    force = releases.in_force(connection)
    made = [{**asdict(one), "finding": _finding(one)} for one in releases.made(connection)]
    return {"in_force": asdict(force) if force else None, "made": made}


def _finding(one: releases.Made) -> str:
    if not one.rule_set_hash:
        return UNKNOWN
    return "" if one.is_released else UNRELEASED


def render(found: dict[str, Any]) -> list[str]:
    """The same content as text."""
    lines = [_in_force(found["in_force"])]
    rows = [_row(one) for one in found["made"]]
    if not rows:
        return [*lines, "No entry was proposed yet."]
    open_ = [one for one in found["made"] if one["finding"]]
    count = sum(one["entries"] for one in open_)
    verdict = f"{count:,} entries of rules that nobody released" if open_ else "nothing is open"
    return [*lines, verdict, *table(COLUMNS, rows)]


def _row(one: dict[str, Any]) -> Sequence[Any]:
    return (
        one["rule_set_hash"][:12] or "not stated", one["code_hash"][:12], one["entries"],
        one["gross_amount"], one["first_at"].date(), one["last_at"].date(), one["author"],
        one["approver"], one["deployer"], one["finding"],
    )  # fmt: skip


def _in_force(force: dict[str, Any] | None) -> str:
    if force is None:
        return "Nothing says which rules are in force: `tieout run` loads and records them."
    word = "released" if force["is_released"] else f"{UNRELEASED}: see `tieout policy release`"
    asked = "entries wait for a release" if force["release_required"] else "no release is required"
    return (
        f"in force: rules {force['rule_set_hash'][:12]}, code {force['code_hash'][:12]}, deployed "
        f"by {force['deployer']} on {force['deployed_at']:%Y-%m-%d}; {word}; {asked}"
    )
