"""Variants of posting rules: which one stands on a day, and which files are refused."""

from datetime import date
from decimal import Decimal

import pytest

from billing.ledger.requests import request_kinds
from billing.ledger.rule_book import RuleBook, read_rules
from billing.ledger.rules import PostingRuleError, read_chart

pytestmark = pytest.mark.promise(
    "One variant of a rule holds on each day for each entity; a gap or overlap is refused"
)

HEAD = (
    "rule,event,debit,credit,amount,evidence,approval,accounting_date,auto_reverse,erp,"
    "entity_code,basis,effective_from,effective_to"
)
CHART = read_chart(
    "account,name,type,normal,control,zero_at_close\n"
    "1110,Receivable,asset,D,claim,\n1120,Receivable,asset,D,account,\n"
    "1193,Allowance,contra_asset,C,portfolio,\n2010,Payable,liability,C,voucher,\n"
    "4010,Revenue,revenue,C,claim,\n4570,Contra,contra_revenue,D,payer,\n"
    "6110,Expense,expense,D,payer,\n"
)
BOTH = ("NLH", "NPG")
SUMMER, AUTUMN = date(2026, 9, 30), date(2026, 10, 1)


def row(  # noqa: PLR0917 (the columns of the file that tests vary)
    accounts: str = "6110,1193",
    entity: str = "",
    basis: str = "",
    first: str = "",
    last: str = "",
    rule: str = "JR49,loss",
    day: str = "cutoff_date",
    approval: str = "controller",
) -> str:
    return f"{rule},{accounts},delta,a memo,{approval},{day},no,yes,{entity},{basis},{first},{last}"


def book(*rows: str, entities: tuple[str, ...] = BOTH) -> RuleBook:
    return read_rules("\n".join((HEAD, *rows)) + "\n", CHART, entities)


def debit(rules: RuleBook, day: date = AUTUMN, basis: str = "ASC606", entity: str = "NLH") -> str:
    return rules.choose("loss", day, basis, entity).debit


def test_a_rule_of_one_row_stands_for_everybody_on_every_day():
    rules = book(row())
    assert {debit(rules, day, basis, entity) for day in (date.min, AUTUMN, date.max)
            for basis in ("ASC606", "GASB") for entity in BOTH} == {"6110"}  # fmt: skip


def test_the_variant_of_the_events_own_date_is_taken_both_days_included():
    rules = book(row(last="2026-09-30"), row("4570,1193", first="2026-10-01"))
    assert (debit(rules, SUMMER), debit(rules, AUTUMN)) == ("6110", "4570")


def test_the_row_of_a_basis_comes_before_that_of_both():
    rules = book(row(), row("4570,1193", basis="GASB"))
    assert (debit(rules, basis="ASC606"), debit(rules, basis="GASB")) == ("6110", "4570")


def test_the_row_of_an_entity_comes_before_the_general_one_and_before_that_of_a_basis():
    rules = book(row(), row("4570,1193", basis="GASB"), row("4010,1193", entity="NLH"))
    assert debit(rules, basis="GASB", entity="NLH") == "4010"
    assert debit(rules, basis="GASB", entity="NPG") == "4570"


def test_of_two_rows_of_an_entity_the_one_for_the_basis_comes_first():
    rules = book(row(), row("4010,1193", entity="NLH"), row("4570,1193", "NLH", "GASB"))
    assert debit(rules, basis="GASB") == "4570"
    assert debit(rules, basis="ASC606") == "4010"


def test_an_override_of_some_days_leaves_the_others_to_the_general_row():
    rules = book(row(), row("4570,1193", "NLH", first="2026-10-01", last="2026-10-31"))
    days = (SUMMER, AUTUMN, date(2026, 10, 31), date(2026, 11, 1))
    assert [debit(rules, day) for day in days] == ["6110", "4570", "4570", "6110"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((row(), row("4570,1193")), "JR49 stands twice on one day"),
        ((row(last="2026-10-01"), row(first="2026-10-01")), "columns effective_from, effective_to"),
        ((row(), row(entity="NLH"), row(entity="NLH", first="2026-01-01")), "for NLH, both bases"),
        ((row(last="2026-09-29"), row(first="2026-10-01")),
         "JR49 has no variant on 2026-09-30 .*: column effective_from"),
        ((row(first="2026-01-01"),), "no variant on 0001-01-01 .*: column effective_from"),
        ((row(last="2026-09-30"),), "no variant from 2026-10-01 on .*: column effective_to"),
        ((row(basis="GASB"),), "JR49 has no variant for NLH, ASC606: column basis"),
        ((row(entity="NLH"),), "JR49 has no variant for NPG, ASC606: column entity_code"),
        ((row(), row(entity="NHL")), "JR49: column entity_code names NHL, which is no entity"),
        ((row(basis="IFRS"),), "JR49: column basis is IFRS"),
        ((row(first="2026-10-02", last="2026-10-01"),), "effective_to is before effective_from"),
        ((row(first="10/01/2026"),), "column effective_from is not a date like"),
        ((row(), row(entity="NLH", day="decided_date")), "column accounting_date differs"),
        ((row(), row(entity="NLH", rule="JR49,gain")), "column event differs"),
        ((row(), row(rule="JR50,loss")), "JR50: column event is listed twice, with JR49 too"),
    ],
    ids=["same row", "one day shared", "entity twice", "day without", "begins late", "ends",
         "other basis", "other entity", "unknown entity", "unknown basis", "backwards", "no date",
         "other date field", "other event", "two rules"],
)  # fmt: skip
def test_what_would_lose_or_double_an_event_is_refused_by_rule_and_column(rows, words):
    with pytest.raises(PostingRuleError, match=words):
        book(*rows)


def test_entities_that_cover_every_entity_need_no_general_row():
    rules = book(row(entity="NLH"), row("4570,1193", entity="NPG"))
    assert (debit(rules), debit(rules, entity="NPG")) == ("6110", "4570")


def test_variants_of_a_decided_rule_are_asked_for_in_one_way():
    one = row("4570,1120", rule="JR41,charity", day="decided_date", approval="threshold")
    same = row("4010,1120", "NLH", rule="JR41,charity", day="decided_date", approval="threshold")
    other = row("4570,1110", "NLH", rule="JR41,charity", day="decided_date", approval="threshold")
    assert len(request_kinds(book(one, same).variants, CHART)) == 1
    with pytest.raises(PostingRuleError, match="JR41: columns approval, debit, credit"):
        request_kinds(book(one, other).variants, CHART)


def test_both_sides_of_a_chosen_variant_balance():
    rules = book(row(), row("4570,1193", basis="GASB"))
    lines = rules.choose("loss", AUTUMN, "GASB", "NLH").lines(Decimal("12.50"))
    assert lines == (("4570", Decimal("12.50")), ("1193", Decimal("-12.50")))
