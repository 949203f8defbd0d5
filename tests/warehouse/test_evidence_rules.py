"""A pack says which rules and code made its entries and who released them; tampering is found."""

import shutil

import pytest

from tests.fixtures.books import Event, begins, post_and_approve
from tests.fixtures.packs import change, failing, put, seal, table, with_balances
from tests.fixtures.releases import NEW, PAIR, ask, deploy, release

pytestmark = pytest.mark.promise(
    "An evidence pack names rules, code and the people who released them"
)


@begins
def released(books):
    """Entries of before, and one of rules that three people released."""
    deploy(post_and_approve(books))
    release(books)
    books.demand([Event("d", "charge.posted", "70.00")])
    books.propose(books.build(ran=PAIR))
    ask(books, type(NEW)(NEW.rules, {"billing/y.py": "e" * 64}))
    with_balances(books)


@pytest.fixture
def pack(made_once, tmp_path):
    return shutil.copytree(made_once("released"), tmp_path / "pack")


def test_a_pack_names_rules_code_and_the_three_who_released_them(pack):
    assert failing(pack) == set()
    rows = table(pack, "ledger/provenance.csv")
    approvers = {(row["rule_set_hash"], row["code_hash"]): row["approver"] for row in rows}
    assert approvers.pop(PAIR) == "tieout_test_controller"
    assert len(approvers) == 1  # the rules that the database was set up with
    assert len(table(pack, "ledger/entries.csv")) == len(rows)
    states = [row["state"] for row in table(pack, "rules/releases.csv")]
    assert states == ["approved", "open"]


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("ledger/provenance.csv", "rule_set_hash", "0" * 64),
        ("ledger/provenance.csv", "build_id", "another"),
        ("ledger/provenance.csv", "entry_id", "999"),
        ("rules/releases.csv", "approver", "tieout_test_manager"),
        ("rules/releases.csv", "author", "tieout_test_approver"),
        ("rules/releases.csv", "code_hash", "0" * 64),
        ("rules/releases.csv", "deployer", "tieout_test_controller"),
        ("rules/deployments.csv", "deployer", "somebody"),
        ("rules/deployments.csv", "rule_set_hash", "0" * 64),
    ],
)
def test_another_rule_code_or_person_is_found(pack, name, column, value):
    change(pack, name, 0, column, value)
    seal(pack)
    assert failing(pack) == {"rules and code"}


@pytest.mark.parametrize(
    "name", ["ledger/provenance.csv", "rules/releases.csv", "rules/deployments.csv"]
)
def test_a_row_that_is_left_out_is_found(pack, name):
    rows = table(pack, name)
    (pack / name).write_text((pack / name).read_text().splitlines()[0] + "\n")
    if rows[1:]:
        put(pack, name, rows[1:])
    seal(pack)
    assert failing(pack) == {"rules and code"}
