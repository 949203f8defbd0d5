"""The release of rules: three logins, what an entry says made it, and whoever goes round it."""

import json

import psycopg
import pytest

from billing.governance.release import files_hash
from resources.code_identity import identity
from resources.warehouse import releases
from resources.warehouse.ledger import LedgerRefusedError
from resources.warehouse.tie_outs import TIE_OUTS
from tests.fixtures.releases import (
    FILES,
    NEW,
    OTHER,
    PAIR,
    REASON,
    ask,
    decide,
    deploy,
    is_released,
    propose,
    release,
)

pytestmark = pytest.mark.promise(
    "Author, approver and deployer of rules are three people",
    "What goes around the release of rules is refused or found",
)

READERS = ("transform", "preparer", "approver", "poster", "auditor")
TABLES = ("rule_deployment", "rule_release", "rule_release_act", "entry_provenance")


@pytest.fixture
def refuses():
    """A function that expects a call to be refused with a code of ours."""

    def expect(code, call, *arguments, **options):
        with pytest.raises(LedgerRefusedError) as caught:
            call(*arguments, **options)
        assert caught.value.code == code

    return expect


def test_three_logins_release_rules_and_the_ledger_names_them(books):
    deploy(books)
    assert not is_released(books)
    number = ask(books)
    assert not is_released(books)
    decide(books, number)
    assert is_released(books)
    (found,) = releases.releases(books.by("auditor"))
    prefix = books.database.settings.role_prefix
    assert (found.author, found.approver) == (f"{prefix}_manager", f"{prefix}_controller")
    assert found.deployer == books.database.settings.admin_user
    assert dict(found.files) == FILES


def test_rules_that_nobody_deployed_are_not_released_although_two_agreed(books):
    release(books)
    assert not is_released(books)
    deploy(books)
    assert is_released(books)


def test_the_author_never_approves_and_nobody_decides_twice(books, refuses):
    number = ask(books)
    refuses("SELF_APPROVAL", decide, books, number, by="manager")
    refuses("SELF_APPROVAL", decide, books, number, "refused", by="manager", reason="no")
    refuses("NOT_YOURS", decide, books, number, "withdrawn")
    refuses("REASON", decide, books, number, "refused", reason="  ")
    decide(books, number)
    refuses("STATE", decide, books, number, "refused", reason="late", by="approver")
    refuses("STATE", decide, books, number, "withdrawn", by="manager")
    refuses("DUPLICATE", ask, books, by="controller")


def test_a_refused_or_withdrawn_release_may_be_asked_for_again(books):
    decide(books, ask(books), "refused", reason="the class is wrong")
    decide(books, ask(books), "withdrawn", by="manager")
    release(books)
    deploy(books)
    assert is_released(books)


def test_what_is_approved_is_what_was_seen_and_its_files_give_its_hash(books, refused):
    number = ask(books)
    query = "select ledger.decide_on_release(%s, 'approved', %s, %s, '')"
    controller = books.by("controller")
    refused(controller, query, number, OTHER.rule_set_hash, NEW.code_hash, code="CONTENT")
    refused(controller, query, number, NEW.rule_set_hash, "e" * 64, code="CONTENT")
    refused(controller, query, number + 1, *PAIR, code="NO_RELEASE")
    asking = "select ledger.ask_for_release(%s, %s, %s::jsonb, %s)"
    refused(controller, asking, OTHER.rule_set_hash, "e" * 64, json.dumps(FILES), REASON,
            code="CONTENT")  # fmt: skip
    refused(controller, asking, files_hash({}), "e" * 64, "{}", REASON, code="CONTENT")


def test_neither_policy_nor_a_machine_nor_the_biller_writes_or_approves_rules(books, refuses):
    refuses("NOT_A_PERSON", ask, books, by="policy")
    number = ask(books)
    refuses("NOT_A_PERSON", decide, books, number, by="policy")
    for role in ("preparer", "poster", "transform", "auditor", "biller", "ingest", "bi_reader"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(books, OTHER, by=role)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            books.by(role).execute("select ledger.deploy_rules(%s, %s, false)", [*PAIR])


def test_the_author_does_not_deploy_even_with_the_owners_rights(books, owning, refused):
    ask(books)
    query = "select ledger.deploy_rules(%s, %s, false)"
    refused(owning("manager"), query, *PAIR, code="SELF_DEPLOYMENT")
    decide(books, 1)
    refused(owning("controller"), query, *PAIR, code="SELF_DEPLOYMENT")
    assert not is_released(books)


def test_the_deployer_neither_asks_nor_approves(books, owning):
    deploy(books, by=owning("manager"))
    with pytest.raises(LedgerRefusedError, match="SELF_DEPLOYMENT"):
        ask(books)
    number = ask(books, by="approver")
    with pytest.raises(LedgerRefusedError, match="SELF_DEPLOYMENT"):
        decide(books, number, by="manager")
    decide(books, number)
    assert is_released(books)


def test_the_owner_of_the_tables_signs_for_nobody(books, owning, refused):
    number = ask(books)
    owner = owning("manager")
    refused(
        owner,
        "insert into ledger.rule_release_act (release_id, act, rule_set_hash, code_hash, actor,"
        " acted_at) values (%s, 'approved', %s, %s, 'tieout_test_controller', now())",
        number, *PAIR, code="SELF_APPROVAL",
    )  # fmt: skip
    made = owner.execute(
        "insert into ledger.rule_release (rule_set_hash, code_hash, files, reason, author,"
        " asked_at) values (%s, %s, %s, %s, 'tieout_test_controller', now()) returning author",
        [OTHER.rule_set_hash, OTHER.code_hash, json.dumps(OTHER.rules), REASON],
    ).fetchone()
    assert made == (books.database.settings.login("manager"),)


@pytest.mark.parametrize("table", TABLES)
def test_no_row_of_a_release_or_of_provenance_is_changed_or_deleted(books, owning, refused, table):
    deploy(books)
    release(books)
    propose(books)
    owner = owning("manager")
    column = {"entry_provenance": "entry_id"}.get(table, "rule_set_hash")
    for query in (
        f"update ledger.{table} set {column} = {column}",
        f"delete from ledger.{table}",
        f"truncate ledger.{table} cascade",
    ):
        refused(owner, query, code="IMMUTABLE")
    for role in READERS:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            books.by(role).execute(f"delete from ledger.{table}")


def test_loading_the_same_again_is_no_new_deployment_and_switching_off_is_one(books):
    count = "select count(*) from ledger.rule_deployment"
    (before,) = books.one("auditor", count)
    for required in (True, True, False):
        deploy(books, required=required)
    assert books.one("auditor", count) == (before + 2,)
    rows = books.ask("auditor", "select detail ->> 'release_required' from ledger.audit"
                     " where action = 'deploy rules' order by seq desc limit 2")  # fmt: skip
    assert rows == [("false",), ("true",)]


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ("update ledger.rule_release set author = 'x'", "ASK FOR RELEASE"),
        ("update ledger.rule_release set files = '{}'", "CONTENT"),
        ("update ledger.rule_release_act set actor = 'tieout_test_manager'", "SELF_APPROVAL"),
        ("update ledger.rule_deployment set release_required = not release_required",
         "DEPLOY RULES"),
        ("delete from ledger.rule_release_act", "DECIDE ON RELEASE"),
        ("update ledger.entry_provenance set rule_set_hash = 'x'", "PROVENANCE"),
        ("delete from ledger.entry_provenance", "PROVENANCE"),
    ],
)  # fmt: skip
def test_what_a_superuser_did_with_the_triggers_off_shows(books, damage, problem):
    deploy(books)
    release(books)
    propose(books)
    verify = "select problem from ledger.verify_releases()"
    assert books.ask("auditor", verify) == []
    admin = books.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute(damage)
    assert (problem,) in books.ask("auditor", verify)
    (t10,) = [one.sql for one in TIE_OUTS if one.id == "T10"]
    breaks = {row[0]: row[3] for row in books.ask("transform", t10)}
    assert breaks["releases and provenance as audited"] > 0


def test_the_database_works_the_same_hash_out_as_the_code(books):
    mine = identity()
    assert books.database.admin().execute(
        "select ledger.files_hash(%s::jsonb)", [json.dumps(dict(mine.rules))]
    ).fetchone() == (mine.rule_set_hash,)
    assert len(mine.code) > 300
