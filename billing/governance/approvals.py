"""Who may approve what, and up to which amounts, as `approvals.yaml` has it.

The decision itself is made in the database (`ledger.approve`); this is its input. What holds
between rows and files is looked at in `policy_check.py`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import yaml

from billing.governance.close_policy import ChangePolicy, CorrectionPolicy, PeriodPolicy
from billing.governance.policy_file import PolicyFileError, exact
from billing.governance.request_policy import RequestPolicy, read_requests, request_document

Basis = Literal["policy", "person"]
LIMIT_NAMES = ("event_amount", "entry_amount", "account_day_amount")
CORRECTION_CLASSES = ("new_information", "change_of_estimate", "error", "change_of_principle")


@dataclass(frozen=True)
class ApprovalClass:
    """How entries of a class are approved: by policy, or by so many different people.

    One of them, at least, holds the role `includes_role`, where there is one.
    """

    approval_class: str
    basis: Basis
    signatures: int
    includes_role: str | None = None


@dataclass(frozen=True)
class ApprovalLimit:
    """The largest amounts, in US dollars, that a role or a person may approve; None is no limit.

    `approval_classes` None is every class; `effective_to` None is until changed.
    """

    limit_id: str
    role: str | None
    person: str | None
    approval_classes: tuple[str, ...] | None
    effective_from: date
    effective_to: date | None
    event_amount: Decimal | None
    entry_amount: Decimal | None
    account_day_amount: Decimal | None

    def covers(self, approval_class: str) -> bool:
        """Say whether the limit is about a class."""
        return self.approval_classes is None or approval_class in self.approval_classes

    def stands_on(self, day: date) -> bool:
        """Say whether the limit is in effect on a day."""
        return self.effective_from <= day <= (self.effective_to or date.max)


@dataclass(frozen=True)
class Delegation:
    """One login signs with the limits of another, for these classes, both days included."""

    delegation_id: str
    from_login: str
    to_login: str
    approval_classes: tuple[str, ...]
    effective_from: date
    effective_to: date


@dataclass(frozen=True)
class ApprovalPolicy:
    """The whole policy; `version` is the SHA-256 of the file, `entry_lines` the most of one entry.

    `roles` gives the logins of each role; `conflicts` are pairs that no signer holds both of;
    `release_required` holds entries whose rules and code nobody released.
    """

    version: str
    classes: tuple[ApprovalClass, ...]
    roles: Mapping[str, tuple[str, ...]]
    conflicts: tuple[tuple[str, str], ...]
    limits: tuple[ApprovalLimit, ...]
    delegation_days: int
    delegations: tuple[Delegation, ...]
    periods: PeriodPolicy
    corrections: CorrectionPolicy
    changes: ChangePolicy
    requests: RequestPolicy
    entry_lines: int
    release_required: bool = False


def read_approvals(text: str) -> ApprovalPolicy:
    """Read `approvals.yaml`. Raises PolicyFileError, which names the rule that is broken."""
    document = yaml.safe_load(text)
    try:
        return _policy(text, document)
    except (KeyError, TypeError, AttributeError) as problem:
        raise _broken(f"something is missing or misplaced: {problem}") from None


def _policy(text: str, document: Mapping[str, Any]) -> ApprovalPolicy:
    policy = ApprovalPolicy(
        version=hashlib.sha256(text.encode()).hexdigest(),
        classes=tuple(_approval_class(name, item) for name, item in document["classes"].items()),
        roles={role: _names(logins, "logins") for role, logins in document["roles"].items()},
        conflicts=tuple(_pair(item) for item in document["conflicts"]),
        limits=tuple(_limit(item) for item in document["limits"]),
        delegation_days=_whole(document, "delegation_days", 0),
        delegations=tuple(_delegation(item) for item in document["delegations"]),
        periods=_periods(document["periods"]),
        corrections=_corrections(document["corrections"]),
        changes=_changes(document["changes"]),
        requests=read_requests(document["requests"]),
        entry_lines=_whole(document, "entry_lines", 2),
        release_required=_flag(document, "release_required"),
    )
    _only_once("limit", [one.limit_id for one in policy.limits])
    _only_once("delegation", [one.delegation_id for one in policy.delegations])
    if "policy" in policy.roles or "approver" in policy.roles:
        raise _broken("policy and approver are given by the database, not listed as roles")
    return policy


def as_document(policy: ApprovalPolicy) -> dict[str, Any]:
    """Return the policy as `ledger.load_policy` takes it; amounts and dates as text."""
    settings = {
        **asdict(policy.periods),
        "delegation_days": policy.delegation_days,
        "error_amount": policy.corrections.error_amount,
        "error_role": policy.corrections.error_role,
        "change_amount": policy.changes.amount,
        "change_days": policy.changes.days,
    }
    roles = [{"role": r, "login": login} for r, names in policy.roles.items() for login in names]
    rules = policy.corrections.rules.items()
    return {
        "settings": settings,
        "classes": [asdict(one) for one in policy.classes],
        "roles": roles,
        "conflicts": [{"role": one, "other_role": other} for one, other in policy.conflicts],
        "limits": [asdict(one) for one in policy.limits],
        "delegations": [asdict(one) for one in policy.delegations],
        "corrections": [{"rule": rule, "correction_class": name} for rule, name in rules],
        **request_document(policy.requests),
    }


def _approval_class(name: str, item: Mapping[str, Any]) -> ApprovalClass:
    basis, signatures = _basis(item["by"]), item["signatures"]
    if not isinstance(signatures, int) or signatures < 1:
        raise _broken("a class needs one signature or more")
    if basis == "policy" and signatures != 1:
        raise _broken("policy signs once")
    if basis == "policy" and "includes" in item:
        raise _broken("a class that policy signs includes no role")
    return ApprovalClass(name, basis, signatures, item.get("includes"))


def _limit(item: Mapping[str, Any]) -> ApprovalLimit:
    role, person = item.get("role"), item.get("person")
    if (role is None) == (person is None):
        raise _broken("a limit names a role or a person")
    first, last = _days(item)
    classes = None if item["classes"] == "all" else _names(item["classes"], "classes")
    amounts = {key: _amount(item[key]) for key in LIMIT_NAMES}
    return ApprovalLimit(_name(item["id"]), role, person, classes, first, last, **amounts)


def _delegation(item: Mapping[str, Any]) -> Delegation:
    first, last = _days(item)
    if last is None:
        raise _broken("a delegation ends on a day")
    giver, taker = _name(item["from"]), _name(item["to"])
    classes = _names(item["classes"], "classes")
    return Delegation(_name(item["id"]), giver, taker, classes, first, last)


def _periods(item: Mapping[str, Any]) -> PeriodPolicy:
    return PeriodPolicy(
        soft_classes=_names(item["soft_close_classes"], "classes"),
        soft_role=_name(item["soft_close_signature"]),
        period_role=_name(item["decided_by"]),
        waiver_role=_name(item["waived_by"]),
        refused_tolerance=_tolerance(item["refused_tolerance"]),
    )


def _corrections(item: Mapping[str, Any]) -> CorrectionPolicy:
    rules = dict(item["rules"])
    if not set(rules.values()) <= set(CORRECTION_CLASSES):
        raise _broken(f"a correction is one of {', '.join(CORRECTION_CLASSES)}")
    return CorrectionPolicy(_tolerance(item["error_amount"]), _name(item["error_signature"]), rules)


def _changes(item: Mapping[str, Any]) -> ChangePolicy:
    return ChangePolicy(_tolerance(item["amount"]), _whole(item, "days", 1))


def _days(item: Mapping[str, Any]) -> tuple[date, date | None]:
    first, last = item["effective_from"], item["effective_to"]
    if type(first) is not date or (last is not None and type(last) is not date):
        raise _broken("a day is written like 2026-10-31")
    if last is not None and last < first:
        raise _broken("the last day comes before the first one")
    return first, last


def _basis(name: str) -> Basis:
    if name == "policy":
        return "policy"
    if name == "person":
        return "person"
    raise _broken("the basis of an approval is policy or person")


def _amount(value: object) -> Decimal | None:
    if value is None:
        return None
    amount = _tolerance(value)
    if amount == 0:
        raise _broken("an amount is above zero and in whole cents")
    return amount


def _tolerance(value: object) -> Decimal:
    try:
        return exact(value)
    except ValueError as broken:
        raise _broken(str(broken)) from None


def _whole(document: Mapping[str, Any], name: str, least: int) -> int:
    value = document[name]
    if type(value) is not int or value < least:
        raise _broken(f"{name} must be a whole number of at least {least}")
    return value


def _flag(document: Mapping[str, Any], name: str) -> bool:
    value = document.get(name, False)
    if type(value) is not bool:
        raise _broken(f"{name} is true or false")
    return value


def _pair(item: object) -> tuple[str, str]:
    names = _names(item, "roles")
    if len(set(names)) != 2:
        raise _broken("a conflict names two different roles")
    return names[0], names[1]


def _names(value: object, what: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _broken(f"{what} are a list")
    return tuple(_name(one) for one in value)


def _name(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _broken("a name must be a text")
    return value


def _only_once(what: str, names: Iterable[str]) -> None:
    names = list(names)
    if len(names) != len(set(names)):
        raise _broken(f"a {what} is listed twice")


def _broken(rule: str) -> PolicyFileError:
    return PolicyFileError(f"approvals.yaml: {rule}")
