"""The posting rules and the chart of accounts as typed objects, and what a rule posts.

The files are the accountants': `posting_rules.csv`, `chart_of_accounts.csv`. dbt applies the same
rules in SQL; this is the reading of them that tests and reports use. Which of several variants of
a rule stands on a day, and what is wrong between them, is in `rule_book.py`.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

NEGATED = "-plb"  # PLB: a negative amount increases the payment
ABSOLUTE = "abs(charge)"
DECIDED = "decided_date"
BASES = ("ASC606", "GASB")


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
    """An event and the accounts it touches; a rule without accounts is a memo.

    A variant of a rule: for one entity (empty: every), one accounting basis (empty: both), from
    one day to another, both included (None: open).
    """

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
    entity_code: str = ""
    basis: str = ""
    effective_from: date | None = None
    effective_to: date | None = None

    @property
    def is_decided(self) -> bool:
        """Whether a person's decision is the evidence, and not a received record."""
        return self.accounting_date == DECIDED and self.reaches_erp

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day on which the variant is in force."""
        return self.effective_from or date.min, self.effective_to or date.max

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


def read_variants(text: str, chart: Mapping[str, Account]) -> tuple[PostingRule, ...]:
    """Read every row of the posting rules, each right by itself. Raises PostingRuleError."""
    return tuple(_variant(row, chart) for row in csv.DictReader(io.StringIO(text)))


def _variant(row: Mapping[str, str], chart: Mapping[str, Account]) -> PostingRule:
    rule = PostingRule(
        rule=row["rule"], event=row["event"], debit=row["debit"], credit=row["credit"],
        amount=row["amount"], evidence=row["evidence"], approval_class=row["approval"],
        accounting_date=row["accounting_date"], is_auto_reversed=row["auto_reverse"] == "yes",
        reaches_erp=row["erp"] == "yes", entity_code=row["entity_code"], basis=row["basis"],
        effective_from=_day(row, "effective_from"), effective_to=_day(row, "effective_to"),
    )  # fmt: skip
    _check(rule, chart)
    return rule


def _check(rule: PostingRule, chart: Mapping[str, Account]) -> None:
    if bool(rule.debit) != bool(rule.credit):
        raise PostingRuleError(f"{rule.rule} has one side only: columns debit, credit")
    if rule.debit and (rule.debit == rule.credit or not {rule.debit, rule.credit} <= set(chart)):
        raise PostingRuleError(f"{rule.rule} needs two different accounts of the chart")
    if rule.basis and rule.basis not in BASES:
        raise PostingRuleError(f"{rule.rule}: column basis is {rule.basis}, not ASC606 or GASB")
    if rule.days[1] < rule.days[0]:
        raise PostingRuleError(f"{rule.rule}: column effective_to is before effective_from")


def _day(row: Mapping[str, str], column: str) -> date | None:
    try:
        return date.fromisoformat(row[column]) if row[column] else None
    except ValueError:
        text = f"{row['rule']}: column {column} is not a date like 2026-10-31"
        raise PostingRuleError(text) from None


def _side(text: str) -> Literal["D", "C"]:
    if text == "D":
        return "D"
    if text == "C":
        return "C"
    raise PostingRuleError("the normal side of an account is D or C")
