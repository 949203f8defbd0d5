"""The posting rules against what internal audit wrote apart from them: effects and scenarios."""

import csv
import dataclasses
import io
import json
import sys
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from billing.ledger.rule_book import read_rules
from billing.ledger.rules import BASES, Account, PostingRule, PostingRuleError, read_chart

pytestmark = pytest.mark.promise(
    "Every posting rule does to each account what internal audit wrote apart from it",
    "A wrong account, side, sign or variant of a posting rule does not go unseen",
    "Both sides of every posting rule balance, whatever the sign",
)

ROOT = Path(__file__).parents[2]
SEEDS = ROOT / "dbt_project" / "seeds"
FIXTURES = ROOT / "tests" / "fixtures" / "posting"
CHART = read_chart((SEEDS / "chart_of_accounts.csv").read_text())
BOOK = read_rules((SEEDS / "posting_rules.csv").read_text(), CHART)
DAY = date(2026, 10, 31)
RULES = BOOK.in_force(DAY, "ASC606")
HUNDRED = Decimal("100.00")


def csv_rows(name: str) -> list[dict[str, str]]:
    with (FIXTURES / name).open(newline="") as handle:
        return list(csv.DictReader(handle))


EFFECTS = {row["event"]: row for row in csv_rows("effects.csv")}
# What a variant does where it does something else than the rule that audit wrote about.
VARIANT_EFFECTS = {
    (row.pop("entity_code"), row.pop("basis"), row["event"]): row
    for row in csv_rows("effects_variants.csv")
}
TRANSFERS = {row["event"]: (row["from"], row["to"]) for row in csv_rows("transfers.csv")}
CLASSES = (
    "ar", "cash", "clearing", "other_asset", "liability", "net_revenue", "other_income", "offset",
)  # fmt: skip


BY_ACCOUNT = {"1010": "cash", "1050": "clearing", "1055": "clearing", "1057": "clearing"}
BY_TYPE = {
    "asset": "other_asset", "contra_asset": "other_asset", "liability": "liability",
    "revenue": "net_revenue", "contra_revenue": "net_revenue", "other_income": "other_income",
    "expense": "other_income", "offset": "offset", "suspense": "offset",
}  # fmt: skip
DEBIT_RAISES = {"ar", "cash", "clearing", "other_asset", "offset"}


def class_of(account: Account) -> str:
    if account.account.startswith("11"):
        return "ar"
    return BY_ACCOUNT.get(account.account) or BY_TYPE[account.account_type]


def effect_of(rule: PostingRule) -> dict[str, str]:
    """Assets and offset rise with debits; liabilities, revenue and income with credits."""
    change: dict[str, Decimal] = dict.fromkeys(CLASSES, Decimal(0))
    accounts = set()
    for account, amount in rule.lines(HUNDRED):
        accounts.add(account)
        name = class_of(CHART[account])
        change[name] += amount if name in DEBIT_RAISES else -amount
    signs = {name: "+" if v > 0 else "-" if v < 0 else "0" for name, v in change.items()}
    return {"event": rule.event, "accounts": " ".join(sorted(accounts)), **signs}


def agrees(rule: PostingRule) -> bool:
    variant = (rule.entity_code, rule.basis, rule.event)
    if effect_of(rule) != VARIANT_EFFECTS.get(variant, EFFECTS[rule.event]):
        return False
    if rule.event not in TRANSFERS:
        return True
    source, target = TRANSFERS[rule.event]
    amounts = dict(rule.lines(HUNDRED))
    return is_raised(target, amounts) and not is_raised(source, amounts)


def is_raised(account: str, amounts: dict[str, Decimal]) -> bool:
    """Whether the balance of the account, as it is read, moves up (a liability by a credit)."""
    is_liability = CHART[account].account_type == "liability"
    return (amounts[account] < 0) if is_liability else (amounts[account] > 0)


def mutants(rule: PostingRule) -> list[PostingRule]:
    """Sides swapped, dropped, sign turned, and each side redirected to each other account."""
    turned = {"-plb": "plb"}.get(rule.amount, "-plb")
    changes = [{"debit": rule.credit, "credit": rule.debit}, {"debit": "", "credit": ""},
               {"amount": turned}]  # fmt: skip
    others = [number for number in CHART if number not in {rule.debit, rule.credit}]
    changes += [{side: number} for side in ("debit", "credit") for number in others]
    return [dataclasses.replace(rule, **change) for change in changes]


def test_a_rule_does_to_each_class_of_account_what_audit_wrote() -> None:
    assert [event for event in RULES if not agrees(RULES[event])] == []


def test_rules_and_effects_name_the_same_96_events() -> None:
    assert set(RULES) == set(EFFECTS)
    assert len(RULES) == 96
    assert len(CHART) == 50


def test_each_variant_does_to_each_class_of_account_what_is_stated_for_it() -> None:
    wrong = [f"{rule.rule} {rule.basis}" for rule in BOOK.variants if not agrees(rule)]
    assert wrong == []


def test_every_stated_effect_of_a_variant_has_its_row() -> None:
    assert set(VARIANT_EFFECTS) <= {(r.entity_code, r.basis, r.event) for r in BOOK.variants}


def test_no_mutant_of_a_rule_agrees_with_what_audit_wrote(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`make mutants` prints the score."""
    tried = [one for rule in BOOK.variants if rule.debit for one in mutants(rule)]
    alive = [one for one in tried if agrees(one)]
    killed = len(tried) - len(alive)
    share = Decimal(100 * killed) / len(tried)
    with capsys.disabled():
        sys.stdout.write(f"\nmutants {len(tried):,} killed {killed:,} ({share.normalize():f} %)\n")
    assert len(tried) > 9000
    assert alive == []


def choice_mutants() -> list[list[PostingRule]]:
    """The book with one row gone, put to another basis, begun late, or with another's accounts."""
    made = []
    rows = list(BOOK.variants)
    for at, row in enumerate(rows):
        family = [one for one in rows if one.rule == row.rule and one is not row]
        changes = [{"effective_from": DAY}, {"effective_to": DAY}]
        changes += [{"basis": basis} for basis in BASES if row.basis not in {"", basis}]
        changes += [{"debit": one.debit, "credit": one.credit} for one in family]
        made += [[*rows[:at], *rows[at + 1 :]]] if family else []
        made += [
            [*rows[:at], dataclasses.replace(row, **change), *rows[at + 1 :]] for change in changes
        ]
    return made


def as_file(rows: list[PostingRule]) -> str:
    """Write rows as the accountants' file has them."""
    names = {"approval_class": "approval", "is_auto_reversed": "auto_reverse", "reaches_erp": "erp"}
    words = {None: "", True: "yes", False: "no"}
    listed = [{names.get(k, k): words.get(v, v) for k, v in vars(row).items()} for row in rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(listed[0]))
    writer.writeheader()
    writer.writerows(listed)
    return text.getvalue()


def test_a_variant_that_is_chosen_wrongly_is_refused_or_seen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tried = choice_mutants()
    alive = [rows for rows in tried if not is_killed(rows)]
    with capsys.disabled():
        sys.stdout.write(
            f"\nmutants of the choice {len(tried):,} killed {len(tried) - len(alive):,}\n"
        )
    assert len(tried) > 190
    assert alive == []


def is_killed(rows: list[PostingRule]) -> bool:
    try:
        book = read_rules(as_file(rows), CHART, ("NLH",))
    except PostingRuleError:
        return True
    for basis in BASES:
        for event, rule in book.in_force(DAY, basis, "NLH").items():
            stated = VARIANT_EFFECTS.get(("", basis, event), EFFECTS[event])
            if effect_of(rule) != stated:
                return True
    return False


def test_both_sides_of_every_rule_balance_whatever_the_sign() -> None:
    for rule in RULES.values():
        for amount in (HUNDRED, -HUNDRED, Decimal("0.01")):
            assert sum(value for _, value in rule.lines(amount)) == 0


def test_a_negative_amount_flips_the_entry() -> None:
    rule = RULES["remit.paid"]
    assert rule.lines(-HUNDRED) == (("1050", -HUNDRED), ("1110", HUNDRED))


SCENARIOS = json.loads((FIXTURES / "scenarios.json").read_text())


def left_by(scenario: dict) -> dict[str, str]:
    """Return the balances that the events of a story leave."""
    balances: dict[str, Decimal] = defaultdict(Decimal)
    for event, amount in scenario["events"]:
        for account, value in RULES[event].lines(Decimal(amount)):
            balances[account] += value
    return {account: str(value) for account, value in balances.items() if value}


def test_a_story_from_charge_to_cash_leaves_the_balances_that_must_remain() -> None:
    left = {one["scenario"]: left_by(one) for one in SCENARIOS}
    assert left == {one["scenario"]: one["balances"] for one in SCENARIOS}


def test_there_are_17_stories() -> None:
    assert len(SCENARIOS) == 17


def test_a_rule_with_an_account_outside_the_chart_is_refused() -> None:
    text = (SEEDS / "posting_rules.csv").read_text().replace("JR01,charge.posted,1110", "JR01,x,7")
    with pytest.raises(PostingRuleError, match="JR01 needs two different accounts"):
        read_rules(text, CHART)


def test_a_rule_listed_twice_is_refused() -> None:
    text = (SEEDS / "posting_rules.csv").read_text()
    with pytest.raises(PostingRuleError, match="twice"):
        read_rules(text + text.splitlines()[1] + "\n", CHART)


def test_a_rule_with_one_side_is_refused() -> None:
    text = (SEEDS / "posting_rules.csv").read_text().replace(",1110,4010,", ",,4010,", 1)
    with pytest.raises(PostingRuleError, match="one side"):
        read_rules(text, CHART)
