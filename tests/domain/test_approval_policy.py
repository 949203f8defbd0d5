"""The policy files: what the product ships is sound, and a broken file is refused by its rule."""

from decimal import Decimal
from pathlib import Path

import pytest

from billing.governance.approvals import read_approvals
from billing.governance.group import is_valid_npi, read_group
from billing.governance.policy_file import PolicyFileError
from billing.governance.roles import read_roles
from billing.ledger.rule_book import read_rules
from billing.ledger.rules import read_chart

pytestmark = pytest.mark.promise(
    "A broken approval, group or role policy is refused by file and rule",
    "No shipped role both makes and signs, or both signs and sends",
)

ROOT = Path(__file__).parents[2]
GOVERNANCE = ROOT / "governance"
APPROVALS = (GOVERNANCE / "approvals.yaml").read_text()
GROUP = (GOVERNANCE / "entities.yaml").read_text()
SEEDS = ROOT / "dbt_project" / "seeds"


def test_every_approval_class_of_the_rules_has_a_policy():
    chart = read_chart((SEEDS / "chart_of_accounts.csv").read_text())
    rules = read_rules((SEEDS / "posting_rules.csv").read_text(), chart)
    used = {rule.approval_class for rule in rules.variants}
    assert used <= {one.approval_class for one in read_approvals(APPROVALS).classes}


def test_policy_signs_only_what_needs_no_person():
    by_policy = [c.approval_class for c in read_approvals(APPROVALS).classes if c.basis == "policy"]
    assert sorted(by_policy) == ["none", "policy"]


def test_two_signatures_are_asked_where_a_rule_names_two_people():
    two = {c.approval_class for c in read_approvals(APPROVALS).classes if c.signatures == 2}
    assert two == {"controller+approver", "close-preparer+approver", "restatement"}


def test_limits_are_exact_amounts():
    (policy,) = [one for one in read_approvals(APPROVALS).limits if one.role == "policy"]
    assert isinstance(policy.event_amount, Decimal)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('event_amount: "2500000.00"', "event_amount: 2500000.00", "text in quotes"),
        ('event_amount: "2500000.00"', 'event_amount: "0.001"', "whole cents"),
        ('event_amount: "2500000.00"', 'event_amount: "-1"', "from 0 to 9"),
        ("none: {by: policy, signatures: 1}", "none: {by: policy, signatures: 2}", "signs once"),
        ("none: {by: policy,", "none: {by: nobody,", "policy or person"),
        ("threshold: {by: person, signatures: 1}", "threshold: {by: person, signatures: 0}",
         "one signature"),
        ("role: policy\n", "role: policy\n    person: controller\n", "a role or a person"),
        ("id: approver-any", "id: controller-any", "listed twice"),
        ("effective_from: 2020-01-01", "effective_from: soon", "like 2026-10-31"),
        ("effective_to: null", "effective_to: 2019-12-31", "before the first"),
        ("controller: [controller]", "approver: [somebody]", "given by the database"),
        ("JR45: change_of_estimate", "JR45: mistake", "a correction is one of"),
        ('refused_tolerance: "25.00"', 'refused_tolerance: "NaN"', "whole cents"),
        ('refused_tolerance: "25.00"', "tolerance: 1", "missing"),
        ("\n  days: 30", "\n  days: 0", "whole number of at least 1"),
        ('above: "5000.00"', "above: 5000.00", "text in quotes"),
        ("id: manual-approver", "id: ask-approver", "listed twice"),
        ("[ACCRUAL, RECLASS, CORRECTION, SETTLEMENT, BANK_FEE, BANK_CORRECTION, OTHER]", "[]",
         "reason codes"),
        ("other_tender: controller", "another_tender: controller", "missing"),
        ("[preparer, approver]", "[preparer, preparer]", "two different roles"),
        ("delegation_days: 30", "delegation_days: -1", "whole number"),
        ("entry_lines: 10000", "entry_lines: 1", "whole number"),
    ],
)  # fmt: skip
def test_a_broken_approval_policy_is_refused_by_its_rule(old, new, rule):
    assert old in APPROVALS
    with pytest.raises(PolicyFileError, match=rule):
        read_approvals(APPROVALS.replace(old, new, 1))


def test_the_group_has_two_entities_with_valid_provider_numbers():
    group = read_group(GROUP)
    assert [entity.entity_code for entity in group.entities] == ["NLH", "NPG"]
    assert [f.facility_code for e in group.entities for f in e.facilities] == [
        "MAIN", "EAST", "CLIN", "IMAG",
    ]  # fmt: skip


def test_an_entity_that_says_nothing_keeps_asc606_and_takes_the_source_that_there_is():
    named = {
        "    basis: ASC606\n",
        "    charge_source: auto\n",
        "    reserve_method: rate_by_age\n",
    }
    silent = "".join(line for line in GROUP.splitlines(keepends=True) if line not in named)
    assert silent != GROUP
    assert read_group(silent) == read_group(GROUP)


@pytest.mark.parametrize(
    ("number", "is_valid"),
    [("1234567893", True), ("1234567890", False), ("123456789", False), ("12345678a3", False)],
)
def test_a_provider_number_has_a_check_digit(number, is_valid):
    assert is_valid_npi(number) is is_valid


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("1234567893", "1234567894", "check digit"),
        ("4410001002", "4410001001", "bank_accounts is listed twice"),
        ("entity_code: NPG", "entity_code: NLH", "entity_code is listed twice"),
        ("default_entity: NLH", "default_entity: XXX", "not one of the entities"),
        ('tin: "841112223"', "tin: 841112223", "text in quotes"),
        ("    basis: ASC606", "    basis: IFRS", "basis of NLH is one of ASC606, GASB"),
        ("charge_source: auto", "charge_source: both", "auto, charge_feed, claims"),
        ("reserve_method: rate_by_age", "reserve_method: none", "rate_by_age, expected_yield"),
    ],
)
def test_a_broken_group_is_refused_by_its_rule(old, new, rule):
    assert old in GROUP
    with pytest.raises(PolicyFileError, match=rule):
        read_group(GROUP.replace(old, new, 1))


def test_no_role_of_the_pipeline_both_makes_and_signs_or_both_signs_and_sends():
    acts = {
        "makes": "ledger.propose", "signs for policy": "ledger.approve_by_policy",
        "signs": "ledger.approve", "sends": "ledger.begin_sending",
    }  # fmt: skip
    for role in read_roles((GOVERNANCE / "roles.yaml").read_text()).roles:
        assert len([name for name, call in acts.items() if call in role.functions]) <= 1


def test_a_role_without_a_purpose_is_refused():
    with pytest.raises(PolicyFileError, match="purpose"):
        read_roles("roles: {x: {tables: {}, functions: []}}\nbuilt_zones: {}")
