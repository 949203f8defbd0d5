"""What can be asked for: the posting rules whose evidence is a decision, and what each takes from.

The acts of asking and deciding are in the database (`ledger.ask`, `ledger.decide`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from billing.ledger.rules import Account, PostingRule, PostingRuleError

Subject = Literal["account", "claim", "reference", "entry"]
# The sub-ledger key of a chart account, and by what a request names its subject.
SUBJECTS: Mapping[str, Subject] = {"account": "account", "plan": "account", "claim": "claim"}


@dataclass(frozen=True)
class RequestKind:
    """A decided event: `room_account` is the balance that it takes from, as far as there is one.

    `room_sign`: 1 for a debit balance (receivables), -1 for a credit balance (liabilities).
    """

    event: str
    rule: str
    approval_class: str
    subject: Subject
    room_account: str | None
    room_sign: int | None


# An entry on freely chosen accounts: it has lines of its own and no posting rule. Its class is
# given by its amount when it is asked for.
MANUAL_ENTRY = RequestKind("request.entry", "MANUAL", "manual", "entry", None, None)


def request_kind(rule: PostingRule, chart: Mapping[str, Account]) -> RequestKind:
    """Return what a request for this rule is about: the receivable or liability that it lowers."""
    lowered = _lowered(rule, chart)
    named = lowered or rule.debit
    other = chart[rule.credit if named == rule.debit else rule.debit]
    subject = SUBJECTS.get(chart[named].control) or SUBJECTS.get(other.control, "reference")
    sign = None if lowered is None else 1 if chart[lowered].account_type == "asset" else -1
    return RequestKind(rule.event, rule.rule, rule.approval_class, subject, lowered, sign)


def request_kinds(
    variants: Iterable[PostingRule], chart: Mapping[str, Account]
) -> list[RequestKind]:
    """Return what can be asked for, one kind per decided event.

    Raises PostingRuleError where variants of a rule would be asked for in different ways: who asks
    does not know yet which of them will post it.
    """
    kinds: dict[str, RequestKind] = {}
    for rule in variants:
        if rule.is_decided:
            kind = request_kind(rule, chart)
            if kinds.setdefault(rule.event, kind) != kind:
                text = f"{rule.rule}: columns approval, debit, credit: variants ask differently"
                raise PostingRuleError(text)
    return list(kinds.values())


def _lowered(rule: PostingRule, chart: Mapping[str, Account]) -> str | None:
    """A credited receivable, else a debited liability; both are kept by account or claim."""
    credited, debited = chart[rule.credit], chart[rule.debit]
    if credited.account_type == "asset" and credited.control in SUBJECTS:
        return credited.account
    if debited.account_type == "liability" and debited.control in SUBJECTS:
        return debited.account
    return None
