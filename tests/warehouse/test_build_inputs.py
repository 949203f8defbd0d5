"""When the newest good build is current: every kind of change is found, and nothing else is."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from resources import code_identity
from resources.code_identity import Identity, identity
from resources.dbt_manifest import source_key
from resources.warehouse import build_inputs, builds
from resources.warehouse.build_inputs import Verdict

ROOT = Path(__file__).parents[2]
PROMISE = "a build is current only while its inputs, its code and its tables are as it left them"
RUN_UNDER = Identity({"governance/approvals.yaml": "1"}, {"billing/a.py": "1"})
TABLES = """
create schema if not exists marts;
create table marts.mart_sum as select 1 as number, 10.00 as amount union all select 2, 20.00;
create view staging.stg_one as select 1 as number;
grant select on marts.mart_sum, staging.stg_one to tieout_test_transform;
"""
NAMES = ("mart_sum", "stg_one")
# What changes, the statement that changes it, and what the verdict names.
CHANGES = [
    ("receipt", "update ops.received_file set landed_at = now()", "ops.received_file"),
    (
        "new receipt",
        "insert into ops.received_file (file_id, sha256, source, name, kind, size_bytes,"
        " received_at) values (repeat('b', 32)::uuid, repeat('b', 64), 'bank', 'b',"
        " 'bai2', 1, now())",
        "ops.received_file",
    ),
    (
        "replay",
        "insert into ops.replay (file_id, run_id, rows_before, checksum_before)"
        " select file_id, 'r', 1, 'c' from ops.received_file limit 1",
        "ops.replay",
    ),
    (
        "decision",
        "insert into ledger.cutoff (entity_code, cutoff_date, known_at_watermark)"
        " values ('NLH', '2026-10-31', now())",
        "ledger.cutoff",
    ),
    ("as-of date", "update ops.installation set as_of_date = '2026-11-30'", "as-of date"),
    ("group", "update ops.entity set name = name || ' Inc.'", "ops.entity"),
    ("row changed", "update marts.mart_sum set amount = 11 where number = 1", "marts.mart_sum"),
    ("row rewritten", "update marts.mart_sum set amount = amount", "marts.mart_sum"),
    ("row removed", "delete from marts.mart_sum where number = 1", "marts.mart_sum"),
    ("row added", "insert into marts.mart_sum values (3, 0)", "marts.mart_sum"),
    (
        "row exchanged",
        "delete from marts.mart_sum where number = 1; insert into marts.mart_sum values (1, 10)",
        "marts.mart_sum",
    ),
    ("table emptied", "truncate marts.mart_sum", "marts.mart_sum"),
    (
        "table made again",
        "create table marts.other as table marts.mart_sum; drop table marts.mart_sum;"
        " alter table marts.other rename to mart_sum",
        "marts.mart_sum",
    ),
    ("table gone", "drop table marts.mart_sum", "marts.mart_sum"),
    (
        "view altered",
        "create or replace view staging.stg_one as select 2 as number",
        "staging.stg_one",
    ),
]
HARMLESS = [
    ("governance loaded again", "update ops.entity set name = name"),
    ("row of bookkeeping", "update ops.installation set updated_at = now()"),
    ("statistics", "analyze marts.mart_sum"),
]


@dataclass
class Built:
    """A database with one good build that kept what it was made from."""

    admin: psycopg.Connection[Any]

    def verdict(self, running: Identity = RUN_UNDER, models: str = "models") -> Verdict:
        """Ask which build is current."""
        inputs = build_inputs.read_inputs(self.admin, running, models)
        relations = build_inputs.read_relations(self.admin, NAMES)
        return build_inputs.decide(build_inputs.newest(self.admin), inputs, relations)

    @contextmanager
    def after(self, statements: str) -> Iterator[None]:
        """Look at the database as it would be after some statements, which are undone."""
        with self.admin.transaction(force_rollback=True):
            self.admin.execute(statements.encode())
            yield


@pytest.fixture
def built(database: Any) -> Built:
    """One build of one mart and one view, with a certificate that passes."""
    admin = database.admin()
    admin.execute(TABLES)
    admin.execute(
        "insert into ops.received_file (file_id, sha256, source, name, kind, size_bytes,"
        " received_at) values (repeat('a', 32)::uuid, repeat('a', 64), 'bank', 'a',"
        " 'bai2', 1, now())"
    )
    builds.deploy_checks(admin, [builds.ExpectedCheck("T1", "tie_out", "error")], None)
    transform = database.connect("transform", autocommit=False)
    _build(transform, "b1")
    return Built(admin)


def _build(connection: psycopg.Connection[Any], build_id: str, *, passes: bool = True) -> None:
    builds.begin(connection, build_id, date(2026, 10, 31))
    inputs = build_inputs.read_inputs(connection, RUN_UNDER, "models")
    relations = build_inputs.read_relations(connection, NAMES)
    build_inputs.keep(connection, build_id, inputs, relations)
    builds.record(connection, build_id, [builds.CheckResult("T1", "tie_out", "error", passes)])
    connection.execute("select ops.issue_certificate(%s)", [build_id])
    builds.finish(connection, build_id, is_good=True)


@pytest.mark.promise(PROMISE)
def test_build_is_current_while_nothing_changes(built: Built) -> None:
    found = built.verdict()
    assert found.build_id == "b1"
    assert found.reason.endswith("Z is current: nothing new")
    seen = {}
    for name, statement in HARMLESS:
        with built.after(statement):
            seen[name] = built.verdict().build_id
    assert seen == {name: "b1" for name, _ in HARMLESS}


@pytest.mark.promise(PROMISE)
def test_each_change_of_the_database_is_found(built: Built) -> None:
    missed = []
    for name, statements, named in CHANGES:
        with built.after(statements):
            found = built.verdict()
        if found.build_id is not None or named not in found.reason:
            missed.append((name, found.reason))
    assert missed == []
    assert built.verdict().build_id == "b1"


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("governance/approvals.yaml", "rules and policy"),
        ("dbt_project/seeds/posting_rules.csv", "rules and policy"),
        ("billing/ledger/rules.py", "code"),
        ("resources/warehouse/tie_out_sql/t06_one_decision.sql", "code"),
        ("dbt_project/models/marts/ledger/fct_ledger_line.sql", "models"),
    ],
)
def test_each_change_of_rules_or_code_is_found(
    change: str, named: str, built: Built, database: Any, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    for folder in (*code_identity.PROGRAM, "governance", "dbt_project"):
        shutil.copytree(ROOT / folder, root / folder)
    project = root / "dbt_project"
    before = (identity(root=root), source_key(project))
    with database.connect("transform", autocommit=False) as connection:
        builds.begin(connection, "b2", date(2026, 10, 31))
        inputs = build_inputs.read_inputs(connection, *before)
        build_inputs.keep(connection, "b2", inputs, build_inputs.read_relations(connection, NAMES))
        builds.record(connection, "b2", [builds.CheckResult("T1", "tie_out", "error", True)])
        connection.execute("select ops.issue_certificate('b2')")
        builds.finish(connection, "b2", is_good=True)
    assert built.verdict(*before).build_id == "b2"
    with (root / change).open("a") as file:
        file.write("\n")
    code_identity._program.cache_clear()  # a new process reads the modules again
    found = built.verdict(identity(root=root), source_key(project))
    assert found.build_id is None
    assert named in found.reason


@pytest.mark.promise(PROMISE)
def test_only_a_good_build_with_its_inputs_is_current(built: Built, database: Any) -> None:
    transform = database.connect("transform", autocommit=False)
    with built.after("update ops.certificate set voided_at = now(), void_reason = 'a mistake'"):
        assert "was not good" in built.verdict().reason
    with built.after("update ops.build set status = 'failed'"):
        assert "was not good" in built.verdict().reason
    _build(transform, "b2", passes=False)
    assert "was not good" in built.verdict().reason
    builds.begin(transform, "b3", date(2026, 10, 31))
    transform.execute("select ops.issue_certificate('b3')")
    builds.finish(transform, "b3", is_good=True)
    assert built.verdict().build_id is None


@pytest.mark.promise(PROMISE)
def test_what_a_build_kept_of_its_inputs_never_changes(built: Built) -> None:
    for statement in ("update ops.build_input set inputs = '{}'", "delete from ops.build_input"):
        with pytest.raises(psycopg.Error, match="IMMUTABLE"):
            built.admin.execute(statement.encode())


@pytest.mark.promise(PROMISE)
def test_a_run_without_a_build_names_the_current_one(built: Built, database: Any) -> None:
    transform = database.connect("transform", autocommit=False)
    builds.begin(transform, "r2", date(2026, 10, 31))
    build_inputs.finish_unchanged(transform, "r2", "b1")
    assert build_inputs.found_current(transform, "r2") == built.verdict().reason
    assert build_inputs.found_current(transform, "b1") is None
    assert builds.newest_certified(transform) == "b1"
