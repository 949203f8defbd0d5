"""The names of accounts and dimensions in the ERP: ours is whole, a broken file is refused."""

import csv
import re
from pathlib import Path

import pytest

from billing.governance.erp_segments import read_erp_segments
from billing.governance.group import read_group
from billing.governance.policy_file import PolicyFileError
from billing.ledger.rules import read_chart
from billing.ledger.segments import UnmappedSegmentError

pytestmark = pytest.mark.promise(
    "Every account and dimension has a name in the ERP that leads back to ours"
)

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "governance" / "erp_segments.yaml").read_text()
GROUP = read_group((ROOT / "governance" / "entities.yaml").read_text())
SEEDS = ROOT / "dbt_project" / "seeds"
CHART = read_chart((SEEDS / "chart_of_accounts.csv").read_text())
MODELS = sorted((ROOT / "dbt_project" / "models" / "intermediate").rglob("*.sql"))
ENTITIES = [entity.entity_code for entity in GROUP.entities]
SHIPPED = read_erp_segments(TEXT, GROUP, CHART)


def words_for(column):
    """Find the words that models give to a column themselves: `'self_pay' ... as payer_class`."""
    given = re.compile(rf"(case\b(?:(?!\bcase\b).)*?\bend|coalesce\([^()]*\)) as {column}\b", re.S)
    word = re.compile(r"(?:then|else|,)\s*(?:coalesce\([\w.]+, )?'(\w+)'")
    texts = (re.sub(r"--.*", "", path.read_text()) for path in MODELS)
    return {found for text in texts for one in given.findall(text) for found in word.findall(one)}


def test_the_words_of_the_models_are_found():
    assert words_for("payer_class") == {"self_pay", "unknown", "none"}
    assert words_for("facility_code") == {"NONE"}


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_payer_class_of_seeds_and_models_has_a_segment(entity):
    with (SEEDS / "payers.csv").open(newline="") as seed:
        classes = {row["payer_class"] for row in csv.DictReader(seed)}
    assert set(SHIPPED.entities[entity].payer_class) == classes | words_for("payer_class")


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_facility_and_every_word_of_the_models_for_one_has_a_segment(entity):
    facilities = {one.facility_code for each in GROUP.entities for one in each.facilities}
    needed = facilities | {GROUP.default_facility} | words_for("facility_code")
    assert set(SHIPPED.entities[entity].facility) == needed


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_segment_leads_back_to_our_value(entity):
    for _, dimension, ours, theirs in (row for row in SHIPPED.expected() if row[0] == entity):
        assert SHIPPED.segment(entity, dimension, ours) == theirs
        assert SHIPPED.own_value(entity, dimension, theirs) == ours


def test_an_account_that_is_not_listed_keeps_its_number():
    assert [SHIPPED.account("NLH", account) for account in CHART] == list(CHART)


def test_a_value_that_nobody_listed_is_unmapped():
    with pytest.raises(UnmappedSegmentError):
        SHIPPED.segment("NLH", "facility", "MOON")


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("entities:", "entity:", "entity is unknown in the file"),
        ("entities:", "version: 2\nentities:", "version is unknown in the file"),
        ("  NPG:", "  MOON:", "MOON is unknown in entities"),
        ("  NPG:", "  NLH:", "NLH is listed twice"),
        ("    accounts: {}\n", "", "accounts is missing in NLH"),
        ("    accounts: {}\n", "    accounts: {}\n    account: {}\n", "account is unknown in NLH"),
        ("    accounts: {}\n", "    accounts: {}\n    accounts: {}\n", "accounts is listed twice"),
        ("    accounts: {}\n", "    accounts: []\n", "accounts of NLH must list"),
        ("accounts: {}", 'accounts: {"7777": "1"}', "7777 of NLH is no account of the chart"),
        ("accounts: {}", 'accounts: {"1110": "4010"}', "4010 of NLH is an account of its own"),
        ("accounts: {}", 'accounts: {"1110": "X", "1120": "X"}', "accounts of NLH uses X twice"),
        ("accounts: {}", 'accounts: {1110: "11100"}', "no text in quotes"),
        ('EAST: "200"', 'EAST: "100"', "facility of NLH uses 100 twice"),
        ('EAST: "200"', "EAST: 200", "no text in quotes"),
        ('EAST: "200"', 'EAST: ""', "no text in quotes"),
        ('EAST: "200"', 'EAST: " 200"', "no text in quotes"),
        ('EAST: "200"', 'MAIN: "200"', "MAIN is listed twice"),
        ('      EAST: "200"\n', "", "facility EAST is missing in NLH"),
        ('      UNMAPPED: "900"\n', "", "facility UNMAPPED is missing in NLH"),
        ('      NONE: "000"\n', "", "facility NONE is missing in NLH"),
        ('EAST: "200"', 'EAST: "200"\n      MOON: "500"', "MOON is no facility of the group"),
        ('other: "OT"', 'other: "CO"', "payer_class of NLH uses CO twice"),
        ("payer_class: *payer_classes", "payer_class: {}", "payer_class of NPG lists nothing"),
        ("payer_class: *payer_classes", "payer_class: *nobody", "no YAML"),
    ],
)
def test_a_broken_file_is_refused_by_its_rule(old, new, rule):
    assert old in TEXT
    with pytest.raises(PolicyFileError, match=rule):
        read_erp_segments(TEXT.replace(old, new, 1), GROUP, CHART)


@pytest.mark.parametrize("text", ["", "[]", "entities:", "entities: []", "a: [", "entities: {}"])
def test_a_file_of_another_shape_is_refused(text):
    with pytest.raises(PolicyFileError):
        read_erp_segments(text, GROUP, CHART)


def test_an_entity_that_the_file_forgets_is_named():
    head = TEXT.partition("  NPG:")[0]
    with pytest.raises(PolicyFileError, match="NPG is missing in entities"):
        read_erp_segments(head, GROUP, CHART)


def test_two_accounts_may_change_places():
    swapped = TEXT.replace("accounts: {}", 'accounts: {"1110": "4010", "4010": "1110"}', 1)
    names = read_erp_segments(swapped, GROUP, CHART)
    assert [names.account("NLH", account) for account in ("1110", "4010")] == ["4010", "1110"]
    assert names.own_account("NLH", "4010") == "1110"
