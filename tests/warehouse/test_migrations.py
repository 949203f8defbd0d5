"""Setting up: from nothing, from other definitions, twice, by two at once, and what is refused."""

import dataclasses
import shutil
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from resources.warehouse.server import raw_tables, schema_files
from resources.warehouse.server.errors import MigrationError
from resources.warehouse.server.grants import held_grants
from resources.warehouse.server.migrate import (
    current_version,
    ensure_database,
    migrate,
    newest_version,
)
from resources.warehouse.server.raw_tables import x12_tables
from resources.warehouse.server.roles import ensure_roles
from resources.warehouse.server.schema_files import SCHEMA
from tests.conftest import PREFIX, ROLE_POLICY

pytestmark = pytest.mark.promise(
    "Migrations lead from any version to the newest, once, or change nothing",
    "Two installations share a server without seeing each other",
)

CATALOG = {
    "functions": "select p.oid::regprocedure::text, pg_get_functiondef(p.oid), p.proowner::regrole,"
    " (select array_agg(a::text order by a::text) from unnest(p.proacl) a)"
    " from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
    " where n.nspname in ('raw', 'ops', 'ledger')",
    "views": "select c.oid::regclass::text, pg_get_viewdef(c.oid) from pg_class c"
    " join pg_namespace n on n.oid = c.relnamespace"
    " where c.relkind = 'v' and n.nspname in ('raw', 'ops', 'ledger')",
    "grants": "select c.oid::regclass::text, c.relowner::regrole,"
    " (select array_agg(a::text order by a::text) from unnest(c.relacl) a) from pg_class c"
    " join pg_namespace n on n.oid = c.relnamespace"
    " where c.relkind in ('r', 'v', 'S') and n.nspname in ('raw', 'ops', 'ledger')",
    "columns": "select attrelid::regclass::text, attname, atttypid::regtype, attnotnull,"
    " (select pg_get_expr(d.adbin, d.adrelid) from pg_attrdef d"
    "  where d.adrelid = a.attrelid and d.adnum = a.attnum)"
    " from pg_attribute a join pg_class c on c.oid = a.attrelid"
    " join pg_namespace n on n.oid = c.relnamespace"
    " where attnum > 0 and not attisdropped and c.relkind = 'r'"
    " and n.nspname in ('raw', 'ops', 'ledger')",
    "constraints": "select conrelid::regclass::text, conname, pg_get_constraintdef(c.oid)"
    " from pg_constraint c join pg_namespace n on n.oid = c.connamespace"
    " where n.nspname in ('raw', 'ops', 'ledger')",
    "triggers": "select t.tgrelid::regclass::text, t.tgname, pg_get_triggerdef(t.oid), t.tgenabled"
    " from pg_trigger t join pg_class c on c.oid = t.tgrelid"
    " join pg_namespace n on n.oid = c.relnamespace"
    " where not t.tgisinternal and n.nspname in ('raw', 'ops', 'ledger')",
    "indexes": "select schemaname, indexname, indexdef from pg_indexes"
    " where schemaname in ('raw', 'ops', 'ledger')",
    "reference rows": "select code, owner, '' from ledger.hold_owner"
    " union all select code, rule, message from ops.reason_code"
    " union all select from_state, to_state, '' from ledger.transition",
}


def catalog(server, name):
    """Return every object of a database of ours with its definition and its rights."""
    with psycopg.connect(server.admin_url(name)) as connection:
        return {
            what: sorted(map(repr, connection.execute(query).fetchall()))
            for what, query in CATALOG.items()
        }


@pytest.fixture
def empty(server, request):
    """The settings of a database that does not exist yet."""
    name = f"empty_{abs(hash(request.node.name))}"
    yield server.settings(name)
    with psycopg.connect(server.admin_url(), autocommit=True) as admin:
        admin.execute(f"drop database if exists {name} with (force)")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the schema's files to change, which `migrate` reads instead."""
    copied = tmp_path / "schema"
    shutil.copytree(SCHEMA, copied)
    real = schema_files.read_schema
    monkeypatch.setattr(
        "resources.warehouse.server.migrate.read_schema", lambda: real.__wrapped__(copied)
    )
    return copied


def test_second_migration_changes_nothing(server, empty):
    migrate(server.admin_url(), empty, ROLE_POLICY)
    first = catalog(server, empty.name)
    assert all(first.values())
    query = "select name, applied_at from ops.schema_object union all"
    query += " select name, applied_at from ops.schema_change order by 1"
    with psycopg.connect(server.admin_url(empty.name)) as connection:
        applied = connection.execute(query).fetchall()
        assert current_version(connection) == newest_version()
    migrate(server.admin_url(), empty, ROLE_POLICY)
    assert catalog(server, empty.name) == first
    with psycopg.connect(server.admin_url(empty.name)) as connection:
        assert connection.execute(query).fetchall() == applied


@pytest.mark.parametrize("empty", range(5), indirect=True)
def test_processes_that_migrate_at_once_all_succeed(server, empty):
    with ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(migrate, server.admin_url(), empty, ROLE_POLICY) for _ in range(4)]
        for done in tasks:
            done.result()
    with psycopg.connect(server.admin_url(empty.name)) as connection:
        assert current_version(connection) == newest_version()


def test_database_whose_maker_died_is_closed_by_the_next(server, empty):
    owner = f"{PREFIX}_dagster"
    with psycopg.connect(server.admin_url(), autocommit=True) as admin:
        admin.execute(f"create database {empty.name} owner {owner}")
    assert not ensure_database(server.admin_url(), empty.name, owner)
    query = "select has_database_privilege(%s, datname, 'connect'),"
    query += " has_function_privilege(%s, 'lo_create(oid)', 'execute')"
    query += " from pg_database where datname = current_database()"
    with psycopg.connect(server.admin_url(empty.name)) as connection:
        other = f"{PREFIX}_bi_reader"
        assert connection.execute(query, [other, other]).fetchone() == (False, False)


def test_failing_migration_leaves_nothing_behind(server, empty, folder):
    (folder / "tables" / "0001_06_sending_and_erp.sql").write_text("select 1 / 0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(server.admin_url(), empty, ROLE_POLICY)
    with psycopg.connect(server.admin_url(empty.name)) as connection:
        assert current_version(connection) is None
        query = "select count(*) from pg_class where relnamespace::regnamespace::text = 'ops'"
        assert connection.execute(query).fetchone() == (0,)


def test_upgraded_database_equals_a_new_one(server, empty, folder, monkeypatch):
    """The version before has another view, signature and trigger, and lacks a column of X12."""
    before = server.settings(f"{empty.name}_before")
    change(folder / "ledger/gate/counted_signature.sql", "select ", "select 1 as one_more, ")
    change(folder / "ledger/requests/withdraw.sql", "withdraw(", "withdraw(p_one_more integer, ")
    change(folder / "triggers/ledger.entry.sql", "trigger guard ", "trigger other_guard ")
    (folder / "ops" / "no_more.sql").write_text(
        "create or replace function ops.no_more() returns integer language sql as 'select 1';\n"
    )
    with monkeypatch.context() as patched:
        patched.setattr(raw_tables, "x12_tables", lambda: lacking("sender_id", x12_tables()))
        migrate(server.admin_url(), before, ROLE_POLICY)
    assert catalog(server, before.name)["functions"] != []
    monkeypatch.undo()
    migrate(server.admin_url(), empty, ROLE_POLICY)
    first = catalog(server, before.name)
    migrate(server.admin_url(), before, ROLE_POLICY)
    with psycopg.connect(server.admin_url(), autocommit=True) as admin:
        found = catalog(server, before.name)
        admin.execute(f"drop database {before.name} with (force)")
    assert found == catalog(server, empty.name)
    differing = {what for what in found if found[what] != first[what]}
    assert differing == {"functions", "views", "triggers", "columns"}


def change(path, old, new):
    """Edit one file of a copied schema, at the first place."""
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))


def lacking(column, tables):
    """Return the statements of the X12 tables as a reader without that column has them."""
    lines = [line for line in tables.text.splitlines() if f" {column} " not in line]
    return dataclasses.replace(tables, text="\n".join(lines))


def test_pending_table_change_runs_once(server, empty, folder):
    migrate(server.admin_url(), empty, ROLE_POLICY)
    added = folder / "tables" / "0002_note.sql"
    added.write_text("alter table ops.build add column note text;")
    for _ in range(2):
        migrate(server.admin_url(), empty, ROLE_POLICY)
    with psycopg.connect(server.admin_url(empty.name)) as connection:
        assert current_version(connection) == "0002"
        connection.execute("select note from ops.build")


def test_edited_history_is_refused(server, empty, folder):
    migrate(server.admin_url(), empty, ROLE_POLICY)
    change(folder / "tables" / "0001_01_ops.sql", "-- ", "-- Edited: ")
    with pytest.raises(MigrationError, match=r"0001_01_ops\.sql is not the text"):
        migrate(server.admin_url(), empty, ROLE_POLICY)


def test_database_from_before_is_refused(server, empty):
    ensure_database(server.admin_url(), empty.name, f"{PREFIX}_owner")
    with psycopg.connect(server.admin_url(empty.name), autocommit=True) as admin:
        admin.execute("create table public.alembic_version (version_num text)")
    with pytest.raises(MigrationError, match=r"from before release 0\.1\.0"):
        migrate(server.admin_url(), empty, ROLE_POLICY)


RIGHTS = {
    "table": "grant select on ops.alert to {}_biller",
    "column": "grant update (build_id) on ledger.entry to {}_poster",
    "function": "grant execute on function ledger.write_audit to public",
    "schema": "grant create on schema ledger to {}_preparer",
    "zone": "grant select on marts.built to {}_biller",
    "default": "alter default privileges for role {0}_transform in schema staging"
    " grant select on tables to {0}_bi_reader",
}


@pytest.mark.parametrize("statement", RIGHTS.values(), ids=RIGHTS)
def test_right_that_no_policy_names_is_revoked(server, empty, statement):
    migrate(server.admin_url(), empty, ROLE_POLICY)
    with psycopg.connect(server.admin_url(empty.name), autocommit=True) as admin:
        admin.execute(f"set role {PREFIX}_transform")
        admin.execute("create table marts.built (n integer)")
        admin.execute("reset role")
        rights = all_rights(admin)
        admin.execute(statement.format(PREFIX))
        assert all_rights(admin) != rights
        migrate(server.admin_url(), empty, ROLE_POLICY)
        assert all_rights(admin) == rights


def all_rights(connection):
    """Return every right and default right in the database."""
    held = held_grants(connection, ("raw", "ops", "ledger", "marts", "staging"))
    defaults = connection.execute("select defaclnamespace, defaclacl::text from pg_default_acl")
    return held, set(defaults.fetchall())


def test_membership_that_no_policy_names_is_revoked(server):
    """A member of `policy` could sign what policy signs; a person's own login stays a member."""
    ensure_roles(server.admin_url(), "tieout_d", {}, ROLE_POLICY)
    query = "select roleid::regrole::text, member::regrole::text from pg_auth_members"
    query += " where roleid::regrole::text like 'tieout\\_d\\_%' order by 1, 2"
    with psycopg.connect(server.admin_url(), autocommit=True) as admin:
        try:
            admin.execute("create role a_person")
            admin.execute("grant tieout_d_approver to a_person")
            expected = admin.execute(query).fetchall()
            admin.execute("grant tieout_d_policy to tieout_d_preparer")
            admin.execute("grant tieout_d_owner to tieout_d_transform")
            admin.execute("revoke tieout_d_approver from tieout_d_manager")
            ensure_roles(server.admin_url(), "tieout_d", {}, ROLE_POLICY)
            assert admin.execute(query).fetchall() == expected
        finally:
            drop_roles(admin, "tieout_d")
            admin.execute("drop role if exists a_person")


def drop_roles(admin, prefix):
    """Drop the roles of an installation that a test made."""
    query = "select rolname from pg_roles where starts_with(rolname, %s)"
    for (role,) in admin.execute(query, [f"{prefix}_"]).fetchall():
        admin.execute(f"drop role {role}")


def test_a_prefix_that_could_be_sql_is_refused(server):
    for prefix in ("a; drop role x", "Upper", "1a", ""):
        with pytest.raises(MigrationError):
            ensure_roles(server.admin_url(), prefix, {}, ROLE_POLICY)


def test_two_installations_share_a_server_without_seeing_each_other(server, empty):
    words = {"poster": "one-word", "controller": "another"}
    ensure_roles(server.admin_url(), "tieout_b", words, ROLE_POLICY)
    try:
        migrate(server.admin_url(), empty, ROLE_POLICY)
        url = empty.url("poster").replace(empty.login("poster"), "tieout_b_poster")
        url = url.replace(empty.passwords["poster"], "one-word")
        with pytest.raises(psycopg.OperationalError, match=r"permission denied|not permitted"):
            psycopg.connect(url)
    finally:
        with psycopg.connect(server.admin_url(), autocommit=True) as admin:
            drop_roles(admin, "tieout_b")


def test_a_changed_password_takes_effect(server):
    ensure_roles(server.admin_url(), "tieout_c", {"poster": "first"}, ROLE_POLICY)
    ensure_roles(server.admin_url(), "tieout_c", {"poster": "second"}, ROLE_POLICY)
    place = f"127.0.0.1:{server.postgres.port}/postgres"
    try:
        psycopg.connect(f"postgresql://tieout_c_poster:second@{place}").close()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(f"postgresql://tieout_c_poster:first@{place}")
    finally:
        with psycopg.connect(server.admin_url(), autocommit=True) as admin:
            drop_roles(admin, "tieout_c")


def test_a_database_is_made_once(server, empty):
    owner = f"{empty.role_prefix}_owner"
    assert ensure_database(server.admin_url(), empty.name, owner)
    assert not ensure_database(server.admin_url(), empty.name, owner)


def test_body_of_each_function_fits_the_tables(server, template):
    """Bodies are not checked while they are applied, as functions and views need one another."""
    with psycopg.connect(server.admin_url(template)) as connection:
        connection.execute(f"set role {PREFIX}_owner")
        for function in schema_files.read_schema().functions:
            connection.execute(function.statements(PREFIX).encode())
        connection.rollback()
