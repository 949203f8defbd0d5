"""`tieout policy check`: what is shipped is sound, and each thing that can be wrong is named."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration import policy
from orchestration.cli import app

pytestmark = pytest.mark.promise(
    "The shipped policy is sound, and `tieout policy check` names each thing that is wrong"
)

TODAY = date(2026, 11, 27)
DELEGATION = (
    "{{id: {id}, from: {giver}, to: {taker}, classes: [{name}],"
    " effective_from: {first}, effective_to: {last}}}"
)


@pytest.fixture
def folder(tmp_path):
    """Return a copy of the policy files that a test may change."""
    return Path(shutil.copytree(policy.GOVERNANCE, tmp_path / "governance"))


def codes(folder):
    return {(one.severity, one.code) for one in policy.check(TODAY, folder)}


def change(folder, old, new, name="approvals.yaml"):
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))


def delegation(giver="controller", taker="approver", name="controller", **days):
    row = {"id": f"{giver}-{taker}", "first": "2026-11-20", "last": "2026-12-01", **days}
    return DELEGATION.format(giver=giver, taker=taker, name=name, **row)


def test_what_is_shipped_is_sound():
    assert policy.check(TODAY) == []


def test_the_command_says_so_and_a_broken_folder_fails_it(folder, monkeypatch):
    assert CliRunner().invoke(app, ["policy", "check"]).exit_code == 0
    (folder / "approvals.yaml").write_text("classes: {}")
    monkeypatch.setattr(policy.check, "__defaults__", (folder, policy.SEEDS))
    broken = CliRunner().invoke(app, ["policy", "check"])
    assert broken.exit_code == 1
    assert "UNREADABLE" in broken.output


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("  threshold: {by: person, signatures: 1}\n", "", "UNKNOWN_CLASS"),
        ("classes: [none, policy]", "classes: [none, policy, nothing]", "UNKNOWN_CLASS"),
        ("classes: [none, policy]", "classes: [policy]", "NO_LIMIT"),
        ("effective_to: null", "effective_to: 2026-11-26", "NO_LIMIT"),
        ("role: approver", "role: controller", "OVERLAP"),
        ("controller: [controller]", "controller: [preparer]", "CONFLICT"),
        ("controller: [controller]", "controller: []", "UNHELD_ROLE"),
        ("JR45:", "JR999:", "UNKNOWN_RULE"),
        ("events: [request.entry]", "events: [remit.paid]", "UNKNOWN_RULE"),
        ("class_above: manual+controller", "class_above: nothing", "UNKNOWN_CLASS"),
        ("other_tender: controller", "other_tender: treasurer", "UNHELD_ROLE"),
    ],
)
def test_a_policy_that_does_not_hold_together_is_found(folder, old, new, code):
    change(folder, old, new)
    assert ("error", code) in codes(folder)


def test_a_login_of_the_database_with_conflicting_roles_is_found(folder):
    change(folder, "    purpose: proposes entries and records cut-offs\n",
           "    purpose: proposes\n    member_of: [approver]\n", "roles.yaml")  # fmt: skip
    assert ("error", "CONFLICT") in codes(folder)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([delegation()], set()),
        ([delegation(last="2026-11-26")], {("warning", "EXPIRED")}),
        ([delegation(last="2026-12-20")], {("error", "TOO_LONG")}),
        ([delegation(taker="preparer")], {("error", "CONFLICT")}),
        ([delegation(taker="poster")], {("error", "CONFLICT")}),
        ([delegation(name="nothing")], {("error", "UNKNOWN_CLASS")}),
        ([delegation(), delegation("approver", "third")], {("error", "CHAIN")}),
        ([delegation(), delegation("approver", "controller")], {("error", "CYCLE")}),
    ],
)
def test_each_wrong_delegation_is_found(folder, rows, found):
    change(folder, "delegations: []", f"delegations: [{', '.join(rows)}]")
    assert codes(folder) == found


def test_a_file_without_a_reader_must_be_yaml_at_least(folder):
    (folder / "other.yaml").write_text("a: [")
    (one,) = policy.check(TODAY, folder)
    assert (one.code, one.where) == ("UNREADABLE", "other.yaml")


def test_an_expired_delegation_alone_is_no_failure(folder):
    row = delegation(last="2026-11-26")
    change(folder, "delegations: []", f"delegations: [{row}]")
    found = policy.check(TODAY, folder)
    assert found
    assert not policy.has_errors(found)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (",,ASC606,,", ",,ASC606,,2026-09-30", "JR49 has no variant from 2026-10-01 on"),
        (",,GASB,,", ",NHL,GASB,,", "names NHL, which is no entity"),
        (",,GASB,,", ",,ASC606,,", "JR49 stands twice on one day"),
    ],
    ids=["a day without", "unknown entity", "two of one day"],
)
def test_variants_that_lose_or_double_events_are_found_with_rule_and_column(
    tmp_path, old, new, words
):
    seeds = Path(shutil.copytree(policy.SEEDS, tmp_path / "seeds"))
    rules = seeds / "posting_rules.csv"
    assert rules.read_text().count(old) == 1
    rules.write_text(rules.read_text().replace(old, new))
    (one,) = policy.check(TODAY, policy.GOVERNANCE, seeds)
    assert (one.severity, one.code, one.where) == ("error", "UNREADABLE", "posting rules")
    assert words in one.text
    assert "column" in one.text
