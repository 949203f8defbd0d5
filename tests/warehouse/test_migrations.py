"""Migrations: from nothing to the newest version, and twice is once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from resources.warehouse.governance_load import load_governance
from resources.warehouse.migrate import (
    MigrationError,
    current_version,
    ensure_database,
    ensure_roles,
    migrate,
    newest_version,
)

pytestmark = pytest.mark.promise(
    "Migrations lead from any version to the newest, once, or change nothing",
    "Two installations share a server without seeing each other",
)

GOVERNANCE = Path(__file__).parents[2] / "governance"


def snapshot(connection):
    """Return every object of ours with its definition."""
    return connection.execute(
        "select n.nspname, p.proname, p.oid::text from pg_proc p join pg_namespace n"
        " on n.oid = p.pronamespace where n.nspname in ('ops', 'ledger')"
        " union all select schemaname, tablename, tableowner from pg_tables"
        " where schemaname in ('raw', 'ops', 'ledger') order by 1, 2, 3"
    ).fetchall()


@pytest.fixture
def empty(server, request):
    """The settings of a database that does not exist yet."""
    name = f"empty_{abs(hash(request.node.name))}"
    yield server.settings(name)
    with psycopg.connect(server.admin_url(), autocommit=True) as admin:
        admin.execute(f"drop database if exists {name} with (force)")


def test_nothing_becomes_the_newest_version_and_a_second_time_changes_nothing(server, empty):
    migrate(server.admin_url(), empty)
    with psycopg.connect(server.admin_url(empty.name)) as connection:
        first = snapshot(connection)
        assert current_version(connection) == newest_version()
    migrate(server.admin_url(), empty)
    with psycopg.connect(server.admin_url(empty.name)) as connection:
        assert snapshot(connection) == first
        assert len(first) > 60


def test_two_processes_migrate_one_database_at_once(server, empty):
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(migrate, server.admin_url(), empty) for _ in range(2)]:
            done.result()
    with psycopg.connect(server.admin_url(empty.name)) as connection:
        assert current_version(connection) == newest_version()


def test_a_version_that_fails_leaves_nothing_behind(server, empty, monkeypatch, tmp_path):
    from resources.warehouse import versions  # noqa: PLC0415

    broken = tmp_path / "sql"
    broken.mkdir()
    for path in (versions.MIGRATIONS / "sql").glob("*.sql"):
        (broken / path.name).write_text(path.read_text())
    (broken / "0004_ledger.sql").write_text("create schema ledger; select 1 / 0;")
    monkeypatch.setattr(versions, "SQL", broken)
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(server.admin_url(), empty)
    with psycopg.connect(server.admin_url(empty.name)) as connection:
        assert current_version(connection) is None
        assert snapshot(connection) == []
    monkeypatch.undo()
    migrate(server.admin_url(), empty)


def test_a_prefix_that_could_be_sql_is_refused(server):
    for prefix in ("a; drop role x", "Upper", "1a", ""):
        with pytest.raises(MigrationError):
            ensure_roles(server.admin_url(), prefix, {})


def test_two_installations_share_a_server_without_seeing_each_other(server, empty):
    words = {"poster": "one-word", "controller": "another"}
    ensure_roles(server.admin_url(), "tieout_b", words)
    try:
        migrate(server.admin_url(), empty)
        url = empty.url("poster").replace(empty.login("poster"), "tieout_b_poster")
        url = url.replace(empty.passwords["poster"], "one-word")
        with pytest.raises(psycopg.OperationalError, match=r"permission denied|not permitted"):
            psycopg.connect(url)
    finally:
        with psycopg.connect(server.admin_url(), autocommit=True) as admin:
            for (role,) in admin.execute(
                "select rolname from pg_roles where rolname like 'tieout\\_b\\_%'"
            ).fetchall():
                admin.execute(f"drop role {role}")


def test_a_changed_password_takes_effect(server):
    ensure_roles(server.admin_url(), "tieout_c", {"poster": "first"})
    ensure_roles(server.admin_url(), "tieout_c", {"poster": "second"})
    place = f"127.0.0.1:{server.postgres.port}/postgres"
    try:
        psycopg.connect(f"postgresql://tieout_c_poster:second@{place}").close()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(f"postgresql://tieout_c_poster:first@{place}")
    finally:
        with psycopg.connect(server.admin_url(), autocommit=True) as admin:
            for (role,) in admin.execute(
                "select rolname from pg_roles where rolname like 'tieout\\_c\\_%'"
            ).fetchall():
                admin.execute(f"drop role {role}")


def test_a_database_is_made_once(server, empty):
    owner = f"{empty.role_prefix}_owner"
    assert ensure_database(server.admin_url(), empty.name, owner)
    assert not ensure_database(server.admin_url(), empty.name, owner)


BEFORE_LIMITS = """
set session_replication_role = replica;
insert into ops.build (build_id, as_of_date, started_at) values ('b', '2026-10-31', now());
insert into ledger.entry (entity_code, accounting_date, approval_class, generation, part, state,
    build_id, content_hash, erp_key, proposed_by, proposed_at, line_count, gross_amount,
    made_by_xid)
values ('NLH', '2026-09-01', 'controller', 1, 1, 'approved', 'b', 'h', 'k', 'maker', now(), 2, 10,
    pg_current_xact_id());
insert into ledger.approval (entry_id, content_hash, basis, approver, approved_at)
values (1, 'h', 'person', session_user, now());
insert into ledger.period (entity_code, period_start, period_end, own_status, erp_status)
values ('NLH', '2026-08-01', '2026-08-31', 'closed', 'open');
reset session_replication_role;
select ledger.write_audit('sign', 1, null, null, jsonb_build_object('approval_id', 1, 'basis',
    'person', 'approver', session_user, 'content_hash', 'h'));
select ledger.write_audit('set period', null, 'open', 'closed',
    jsonb_build_object('entity_code', 'NLH', 'period_start', '2026-08-01', 'reason', 'x'));
"""


def test_what_was_signed_and_closed_before_limits_had_versions_stands(server, empty, monkeypatch):
    from resources.warehouse import versions  # noqa: PLC0415

    real = versions.command.upgrade
    monkeypatch.setattr(versions.command, "upgrade", lambda config, _: real(config, "0025"))
    migrate(server.admin_url(), empty)
    monkeypatch.undo()
    with psycopg.connect(server.admin_url(empty.name), autocommit=True) as connection:
        connection.execute(BEFORE_LIMITS)
        migrate(server.admin_url(), empty)
        load_governance(connection, GOVERNANCE)
        assert connection.execute("select * from ledger.verify_chain()").fetchall() == []
        found = connection.execute("select problem from ledger.verify_entries()").fetchall()
        assert not {"APPROVAL", "LIMIT", "UNSIGNED"} & {row[0] for row in found}
        held = connection.execute("select code from ledger.hold where entry_id = 1").fetchall()
        assert ("APPROVAL",) not in held


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
    "columns": "select attrelid::regclass::text, attnum, attname, atttypid::regtype, attnotnull,"
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


def test_one_version_at_a_time_leads_to_the_same_catalog_as_all_at_once(server, empty, monkeypatch):
    from resources.warehouse import versions  # noqa: PLC0415

    real = versions.command.upgrade
    steps = sorted(path.stem[:4] for path in (versions.MIGRATIONS / "versions").glob("[0-9]*.py"))
    for step in steps[steps.index("0024") :]:
        with monkeypatch.context() as patched:
            patched.setattr(
                versions.command, "upgrade", lambda config, _, to=step: real(config, to)
            )
            migrate(server.admin_url(), empty)
    fresh = server.settings(f"{empty.name}_fresh")
    migrate(server.admin_url(), fresh)
    with (
        psycopg.connect(server.admin_url(empty.name)) as stepped,
        psycopg.connect(server.admin_url(fresh.name)) as once,
    ):
        for what, query in CATALOG.items():
            found = [sorted(map(repr, one.execute(query).fetchall())) for one in (stepped, once)]
            assert found[0] == found[1], what
            assert found[0], what
    with psycopg.connect(server.admin_url(), autocommit=True) as admin:
        admin.execute(f"drop database {fresh.name} with (force)")
