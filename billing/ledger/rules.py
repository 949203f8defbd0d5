"""The posting rules and the chart of accounts as typed objects, and what a rule posts.

The files are the accountants': `posting_rules.csv`, `chart_of_accounts.csv`. dbt applies the same
rules in SQL; this is the reading of them that tests and reports use.
"""

import csv
import io
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

NEGATED = "-plb"  # PLB: a negative amount increases the payment
ABSOLUTE = "abs(charge)"
DECIDED = "decided_date"


class PostingRuleError(Exception):
    """A rule or account of the files breaks a rule of its own; the text names it."""


@dataclass(frozen=True)
class Account:
    """A natural account; `control` is the key of its sub-ledger, empty where it has none."""

    account: str
    name: str
    account_type: str
    normal_side: Literal["D", "C"]
    control: str
    zero_at_close: str


@dataclass(frozen=True)
class PostingRule:
    """An event and the accounts it touches; a rule without accounts is a memo."""

    rule: str
    event: str
    debit: str
    credit: str
    amount: str
    evidence: str
    approval_class: str
    accounting_date: str
    is_auto_reversed: bool
    reaches_erp: bool

    @property
    def is_decided(self) -> bool:
        """Whether a person's decision is the evidence, and not a received record."""
        return self.accounting_date == DECIDED and self.reaches_erp

    def lines(self, source_amount: Decimal) -> tuple[tuple[str, Decimal], ...]:
        """Return (account, signed amount) of both sides, debit positive; none for a memo.

        A negative amount flips the entry; `-plb` negates the source first.
        """
        if not self.debit or source_amount == 0:
            return ()
        amount = self.posted_amount(source_amount)
        return ((self.debit, amount), (self.credit, -amount))

    def posted_amount(self, source_amount: Decimal) -> Decimal:
        """Return the amount that the debit side gets for an amount of the source."""
        if self.amount == NEGATED:
            return -source_amount
        return abs(source_amount) if self.amount == ABSOLUTE else source_amount


def read_chart(text: str) -> dict[str, Account]:
    """Read the chart of accounts, by account. Raises PostingRuleError."""
    chart: dict[str, Account] = {}
    for row in csv.DictReader(io.StringIO(text)):
        if row["account"] in chart:
            raise PostingRuleError(f"account {row['account']} is listed twice")
        chart[row["account"]] = Account(
            row["account"], row["name"], row["type"], _side(row["normal"]),
            row["control"], row["zero_at_close"],
        )  # fmt: skip
    return chart


def read_rules(text: str, chart: dict[str, Account]) -> dict[str, PostingRule]:
    """Read the posting rules, by event. Raises PostingRuleError."""
    rules: dict[str, PostingRule] = {}
    for row in csv.DictReader(io.StringIO(text)):
        rule = PostingRule(
            rule=row["rule"], event=row["event"], debit=row["debit"], credit=row["credit"],
            amount=row["amount"], evidence=row["evidence"], approval_class=row["approval"],
            accounting_date=row["accounting_date"], is_auto_reversed=row["auto_reverse"] == "yes",
            reaches_erp=row["erp"] == "yes",
        )  # fmt: skip
        _check(rule, rules, chart)
        rules[rule.event] = rule
    return rules


def _check(rule: PostingRule, known: dict[str, PostingRule], chart: dict[str, Account]) -> None:
    if rule.event in known or any(rule.rule == other.rule for other in known.values()):
        raise PostingRuleError(f"{rule.rule} or its event is listed twice")
    if bool(rule.debit) != bool(rule.credit):
        raise PostingRuleError(f"{rule.rule} has one side only")
    if rule.debit and (rule.debit == rule.credit or not {rule.debit, rule.credit} <= set(chart)):
        raise PostingRuleError(f"{rule.rule} needs two different accounts of the chart")


def _side(text: str) -> Literal["D", "C"]:
    if text == "D":
        return "D"
    if text == "C":
        return "C"
    raise PostingRuleError("the normal side of an account is D or C")
