"""`tieout policy check`: every policy file and the posting rules read, and held to each other.

Needs no database. What is wrong between rows is found in billing/governance.
"""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import yaml

from billing.governance.approvals import read_approvals
from billing.governance.group import read_group
from billing.governance.interfaces import read_interfaces
from billing.governance.policy_check import Finding, check_policy
from billing.governance.policy_file import PolicyFileError
from billing.governance.roles import read_roles
from billing.ledger.requests import request_kinds
from billing.ledger.rule_book import read_rules
from billing.ledger.rules import PostingRule, PostingRuleError, read_chart, read_variants
from orchestration.tables import table

ROOT = Path(__file__).parents[1]
GOVERNANCE, SEEDS = ROOT / "governance", ROOT / "dbt_project" / "seeds"
READERS: dict[str, Callable[[str], object]] = {
    "approvals.yaml": read_approvals,
    "entities.yaml": read_group,
    "interfaces.yaml": read_interfaces,
    "roles.yaml": read_roles,
}


def check(today: date, folder: Path = GOVERNANCE, seeds: Path = SEEDS) -> list[Finding]:
    """Return what is wrong with the files of a folder; those that cannot be read come first."""
    found = [one for name in _names(folder) for one in _unreadable(folder / name)]
    is_readable = all(one.where != "entities.yaml" for one in found)
    rules, broken = _rules(folder if is_readable else None, seeds)
    found += broken
    if not found:
        policy = read_approvals((folder / "approvals.yaml").read_text())
        roles = read_roles((folder / "roles.yaml").read_text())
        found = check_policy(policy, roles, rules, today)
    return sorted(found, key=lambda one: (one.severity, one.code, one.where))


def rule_names(seeds: Path = SEEDS) -> set[str]:
    """The rule numbers of the accountants' file. Raises PostingRuleError."""
    chart = read_chart((seeds / "chart_of_accounts.csv").read_text())
    variants = read_variants((seeds / "posting_rules.csv").read_text(), chart)
    return {one.rule for one in variants}


def has_errors(found: Sequence[Finding]) -> bool:
    """Say whether something must be mended."""
    return any(one.severity == "error" for one in found)


def render(found: Sequence[Finding]) -> list[str]:
    """A table of what was found, or one line that says that nothing was."""
    if not found:
        return ["The policy files and the posting rules agree."]
    rows = [(one.severity, one.code, one.where, one.text) for one in found]
    return table(["severity", "code", "where", "what is wrong"], rows, indent=0)


def _names(folder: Path) -> list[str]:
    """The files that must be there, and whatever else lies beside them."""
    return sorted({*READERS, *(path.name for path in folder.glob("*.yaml"))})


def _unreadable(path: Path) -> list[Finding]:
    """Why a file cannot be read; one that has no reader of its own must be YAML at least."""
    try:
        READERS.get(path.name, yaml.safe_load)(path.read_text())
    except (PolicyFileError, OSError, yaml.YAMLError) as problem:
        return [Finding("error", "UNREADABLE", path.name, " ".join(str(problem).split()))]
    except (KeyError, TypeError, AttributeError) as problem:
        text = f"something is missing or misplaced: {problem}"
        return [Finding("error", "UNREADABLE", path.name, text)]
    return []


def _rules(folder: Path | None, seeds: Path) -> tuple[list[PostingRule], list[Finding]]:
    """Every variant of every rule, held to each other and to the entities where they are known."""
    entities = read_group((folder / "entities.yaml").read_text()).entities if folder else ()
    try:
        chart = read_chart((seeds / "chart_of_accounts.csv").read_text())
        text, codes = (seeds / "posting_rules.csv").read_text(), [e.entity_code for e in entities]
        variants = read_rules(text, chart, codes).variants
        request_kinds(variants, chart)
        return list(variants), []
    except (PostingRuleError, OSError, KeyError) as problem:
        return [], [Finding("error", "UNREADABLE", "posting rules", str(problem))]
