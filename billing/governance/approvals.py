"""Who may approve what, and up to which amounts, as `approvals.yaml` has it.

The decision itself is made in the database (`ledger.approve_by_policy`); this is its input.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import yaml

from billing.governance.policy_file import PolicyFileError

Basis = Literal["policy", "person"]
LIMIT_NAMES = ("event_amount", "entry_amount", "account_day_amount")


@dataclass(frozen=True)
class ApprovalClass:
    """How entries of a class are approved: by policy, or by so many different people."""

    approval_class: str
    basis: Basis
    signatures: int


@dataclass(frozen=True)
class ApprovalLimit:
    """The largest amounts, in US dollars, that a basis may approve; None is no limit."""

    basis: Basis
    event_amount: Decimal | None
    entry_amount: Decimal | None
    account_day_amount: Decimal | None


@dataclass(frozen=True)
class ApprovalPolicy:
    """The whole policy; `entry_lines` is the most lines of one ERP document."""

    classes: tuple[ApprovalClass, ...]
    limits: tuple[ApprovalLimit, ...]
    entry_lines: int


def read_approvals(text: str) -> ApprovalPolicy:
    """Read `approvals.yaml`. Raises PolicyFileError, which names the rule that is broken."""
    document = yaml.safe_load(text)
    classes = tuple(_approval_class(name, item) for name, item in document["classes"].items())
    limits = tuple(_limit(name, item) for name, item in document["limits"].items())
    if {limit.basis for limit in limits} != {"policy", "person"}:
        raise PolicyFileError("approvals.yaml: limits must name policy and person")
    entry_lines = document["entry_lines"]
    if not isinstance(entry_lines, int) or entry_lines < 2:
        raise PolicyFileError("approvals.yaml: entry_lines must be a whole number above 1")
    return ApprovalPolicy(classes, limits, entry_lines)


def _approval_class(name: str, item: Mapping[str, Any]) -> ApprovalClass:
    basis, signatures = _basis(item["by"]), item["signatures"]
    if not isinstance(signatures, int) or signatures < 1:
        raise PolicyFileError("approvals.yaml: a class needs one signature or more")
    if basis == "policy" and signatures != 1:
        raise PolicyFileError("approvals.yaml: policy signs once")
    return ApprovalClass(name, basis, signatures)


def _limit(name: str, item: Mapping[str, Any]) -> ApprovalLimit:
    amounts = {key: _amount(item[key]) for key in LIMIT_NAMES}
    return ApprovalLimit(_basis(name), **amounts)


def _basis(name: str) -> Basis:
    if name == "policy":
        return "policy"
    if name == "person":
        return "person"
    raise PolicyFileError("approvals.yaml: the basis of an approval is policy or person")


def _amount(value: object) -> Decimal | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise PolicyFileError("approvals.yaml: an amount must be a text in quotes, or null")
    amount = Decimal(value)
    if amount <= 0 or amount != amount.quantize(Decimal("0.01")):
        raise PolicyFileError("approvals.yaml: an amount is above zero and in whole cents")
    return amount
