"""What is wrong between the rows of the policy files, and between them and the posting rules.

Pure: takes what was read. A file that cannot be read at all is its reader's business.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Literal

from billing.governance.approvals import ApprovalLimit, ApprovalPolicy, Delegation
from billing.governance.roles import RolePolicy
from billing.ledger.requests import MANUAL_ENTRY
from billing.ledger.rules import PostingRule

BY_DATABASE = ("policy", "approver")  # roles that nobody is listed for
MAKERS = "preparer"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: an error must be mended, a warning should be known."""

    severity: Literal["error", "warning"]
    code: str
    where: str
    text: str


def check_policy(
    policy: ApprovalPolicy, roles: RolePolicy, rules: Iterable[PostingRule], today: date
) -> list[Finding]:
    """Return everything that is wrong with the policy on a day; nothing, normally."""
    kept = list(rules)
    return [
        *_unknown_classes(policy, kept),
        *_uncovered(policy, kept, today),
        *_overlaps(policy),
        *_conflicts(policy, roles),
        *_unheld(policy),
        *_delegations(policy, roles, today),
        *_corrections(policy, kept),
        *_requests(policy, kept),
    ]


def _error(code: str, where: str, text: str) -> Finding:
    return Finding("error", code, where, text)


def _unknown_classes(policy: ApprovalPolicy, rules: Iterable[PostingRule]) -> Iterator[Finding]:
    known = {one.approval_class for one in policy.classes}
    named = [(f"rule {one.rule}", one.approval_class) for one in rules]
    for limit in policy.limits:
        named += [(f"limit {limit.limit_id}", name) for name in limit.approval_classes or ()]
    for given in policy.delegations:
        named += [(f"delegation {given.delegation_id}", name) for name in given.approval_classes]
    named += [("soft close", name) for name in policy.periods.soft_classes]
    manual = (policy.requests.manual_class, policy.requests.manual_class_above)
    named += [("manual entries", name) for name in manual]
    for where, name in named:
        if name not in known:
            yield _error("UNKNOWN_CLASS", where, f"the approval class {name} is not listed")


def _uncovered(
    policy: ApprovalPolicy, rules: Iterable[PostingRule], today: date
) -> Iterator[Finding]:
    """Yield classes that rules use and that nobody, or not the role asked for, may approve."""
    used = {rule.approval_class for rule in rules}
    used |= {policy.requests.manual_class, policy.requests.manual_class_above}
    for one in policy.classes:
        standing = [
            limit for limit in policy.limits
            if limit.covers(one.approval_class) and limit.stands_on(today)
            and (limit.role == "policy") == (one.basis == "policy")
        ]  # fmt: skip
        where = f"class {one.approval_class}"
        if not standing and one.approval_class in used:
            yield _error("NO_LIMIT", where, "rules name the class and no limit covers it today")
        elif one.includes_role and not any(_is_of(policy, x, one.includes_role) for x in standing):
            text = f"no limit lets a {one.includes_role} sign what needs one"
            yield _error("NO_LIMIT", where, text)


def _is_of(policy: ApprovalPolicy, limit: ApprovalLimit, role: str) -> bool:
    return limit.role == role or limit.person in policy.roles.get(role, ())


def _overlaps(policy: ApprovalPolicy) -> Iterator[Finding]:
    for one, other in combinations(policy.limits, 2):
        is_same_holder = (one.role, one.person) == (other.role, other.person)
        if is_same_holder and _share_class(one, other) and _share_day(one, other):
            text = f"is in effect on the same days as {other.limit_id}, for the same holder"
            yield _error("OVERLAP", f"limit {one.limit_id}", text)


def _share_class(one: ApprovalLimit, other: ApprovalLimit) -> bool:
    if one.approval_classes is None or other.approval_classes is None:
        return True
    return bool(set(one.approval_classes) & set(other.approval_classes))


def _share_day(one: ApprovalLimit, other: ApprovalLimit) -> bool:
    first = max(one.effective_from, other.effective_from)
    return first <= min(one.effective_to or date.max, other.effective_to or date.max)


def _roles_of(policy: ApprovalPolicy, roles: RolePolicy, login: str) -> set[str]:
    """Return what a login is: its name, roles of the file, and groups of `roles.yaml`."""
    listed = {role for role, logins in policy.roles.items() if login in logins}
    groups = {name for one in roles.roles if one.name == login for name in one.member_of}
    return {login, *listed, *groups}


def _collision(policy: ApprovalPolicy, held: set[str]) -> str | None:
    for one, other in policy.conflicts:
        if {one, other} <= held:
            return f"{one} and {other}"
    return None


def _conflicts(policy: ApprovalPolicy, roles: RolePolicy) -> Iterator[Finding]:
    logins = {login for names in policy.roles.values() for login in names}
    for login in sorted(logins | {one.name for one in roles.roles}):
        if both := _collision(policy, _roles_of(policy, roles, login)):
            yield _error("CONFLICT", f"login {login}", f"holds both {both}")


def _unheld(policy: ApprovalPolicy) -> Iterator[Finding]:
    wanted = {
        "soft close": policy.periods.soft_role,
        "closing and reopening": policy.periods.period_role,
        "waivers": policy.periods.waiver_role,
        "errors": policy.corrections.error_role,
        **{f"class {one.approval_class}": one.includes_role or "" for one in policy.classes},
        **{f"limit {one.limit_id}": one.role or "" for one in policy.limits},
        **policy.requests.roles,
    }
    for where, role in wanted.items():
        if role and role not in BY_DATABASE and not policy.roles.get(role):
            yield _error("UNHELD_ROLE", where, f"nobody holds the role {role}")


def _delegations(policy: ApprovalPolicy, roles: RolePolicy, today: date) -> Iterator[Finding]:
    takers = {one.to_login for one in policy.delegations}
    for one in policy.delegations:
        where = f"delegation {one.delegation_id}"
        taken = _roles_of(policy, roles, one.to_login)
        both = _collision(policy, taken | _roles_of(policy, roles, one.from_login))
        if (one.effective_to - one.effective_from).days >= policy.delegation_days:
            yield _error("TOO_LONG", where, f"lasts over {policy.delegation_days} days")
        if _is_cycle(policy, one):
            yield _error("CYCLE", where, "comes back to the one who gave it")
        elif one.from_login in takers:
            yield _error("CHAIN", where, "hands on what was received")
        if MAKERS in taken:
            yield _error("CONFLICT", where, "goes to a preparer")
        elif both:
            yield _error("CONFLICT", where, f"would bring {both} into one hand")
        if one.effective_to < today:
            text = f"ended on {one.effective_to}"
            yield Finding("warning", "EXPIRED", where, text)


def _is_cycle(policy: ApprovalPolicy, first: Delegation) -> bool:
    seen, waiting = set[str](), [first.to_login]
    while waiting:
        login = waiting.pop()
        if login == first.from_login:
            return True
        if login not in seen:
            seen.add(login)
            waiting += [x.to_login for x in policy.delegations if x.from_login == login]
    return False


def _corrections(policy: ApprovalPolicy, rules: Iterable[PostingRule]) -> Iterator[Finding]:
    known = {one.rule for one in rules}
    for rule in policy.corrections.rules:
        if rule not in known:
            yield _error("UNKNOWN_RULE", "corrections", f"there is no posting rule {rule}")


def _requests(policy: ApprovalPolicy, rules: Iterable[PostingRule]) -> Iterator[Finding]:
    """Yield limits on events that nobody can ask for, and events that nobody may decide on."""
    known = {one.event for one in rules if one.is_decided} | {MANUAL_ENTRY.event}
    named = [(limit, event) for limit in policy.requests.limits for event in limit.events or ()]
    for limit, event in named:
        if event not in known:
            where = f"request limit {limit.limit_id}"
            yield _error("UNKNOWN_RULE", where, f"nobody asks for {event}")
    covered = known if any(one.events is None for one in policy.requests.limits) else set()
    for event in sorted(known - covered - {event for _, event in named}):
        yield _error("NO_LIMIT", f"requests of {event}", "no limit lets anybody decide")
