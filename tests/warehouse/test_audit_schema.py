"""A database that was changed past its files is found, stops a run, and is mended by the files."""

from typing import Any

import psycopg
import pytest

from orchestration import audit_schema
from orchestration.schema_check import refuse_changed_schema
from resources.warehouse.server.catalog import differences, facts, facts_of_files
from resources.warehouse.server.errors import MigrationError
from tests.conftest import PREFIX, ROLE_POLICY

pytestmark = pytest.mark.promise(
    "A function, trigger, table, owner or right that differs from the files is found"
)

# What each change is reported as. The superuser makes them: no role of ours can.
CHANGES = {
    "function replaced": (
        "create or replace function ledger.verify_audit()"
        " returns table (seq bigint, problem text) language sql stable security definer"
        " set search_path = pg_catalog, pg_temp as 'select 1::bigint, null::text where false'",
        "changed: function ledger.verify_audit()",
    ),
    "function added": (
        "create function ledger.other() returns integer language sql as 'select 1'",
        "added: function ledger.other()",
    ),
    "function dropped": (
        "drop function ledger.withdraw_estimate cascade",
        "missing: function ledger.withdraw_estimate(bigint,text)",
    ),
    "definer made of a function": (
        "alter function ledger.today() security definer",
        "changed: function ledger.today()",
    ),
    "view replaced": (
        "drop view ledger.foreign_state; create view ledger.foreign_state as select 1 as one",
        "changed: view ledger.foreign_state",
    ),
    "trigger switched off": (
        "alter table ledger.approval disable trigger guard",
        "changed: trigger ledger.approval guard",
    ),
    "trigger dropped": (
        "drop trigger keep on ledger.audit",
        "missing: trigger ledger.audit keep",
    ),
    "trigger added": (
        "create trigger also before insert on ledger.entry for each row"
        " execute function ledger.guard_entry()",
        "added: trigger ledger.entry also",
    ),
    "event trigger added": (
        "create function public.on_event() returns event_trigger language plpgsql as"
        " 'begin end'; create event trigger watching on ddl_command_end"
        " execute function public.on_event()",
        "added: event trigger watching",
    ),
    "constraint dropped": (
        "alter table ledger.entry drop constraint entry_gross_amount_check",
        "missing: constraint ledger.entry entry_gross_amount_check",
    ),
    "column made wider": (
        "alter table ledger.cutoff add column other text",
        "added: column ledger.cutoff.other",
    ),
    "rule added": (
        "create rule also as on insert to ledger.close_waiver do also notify heard",
        "added: rule ledger.close_waiver also",
    ),
    "owner changed": (
        f"alter function ledger.today() owner to {PREFIX}_transform",
        "changed: owner ledger.today()",
    ),
    "right given": (
        f"grant insert on ledger.approval to {PREFIX}_transform",
        "added: right on relation ledger.approval",
    ),
    "right on a column given": (
        f"grant update (state) on ledger.entry to {PREFIX}_poster",
        "added: right on column ledger.entry.state",
    ),
    "function open to all": (
        "grant execute on function ledger.write_audit to public",
        "added: right on function ledger.write_audit(text,bigint,text,text,jsonb)",
    ),
    "mart is a view": (
        f"set role {PREFIX}_transform; create view marts.other as select 1; reset role",
        "added: code in a built zone marts.other",
    ),
    "code in a zone": (
        f"set role {PREFIX}_transform; create domain staging.d as text; reset role",
        "added: code in a built zone staging.d",
    ),
}


@pytest.fixture(scope="module")
def files(server: Any, template: str) -> Any:
    """What the files make of an empty database."""
    return facts_of_files(server.admin_url(), server.settings(template), ROLE_POLICY)


def test_live_database_equals_its_files(files: Any, database: Any) -> None:
    with database.admin() as admin:
        live = facts(admin, database.settings, ROLE_POLICY)
    assert differences(live, files) == []
    assert len(files) > 4000


@pytest.mark.parametrize(("statement", "named"), CHANGES.values(), ids=CHANGES)
def test_change_past_the_files_is_named(
    files: Any, database: Any, statement: str, named: str
) -> None:
    with database.admin(autocommit=False) as admin:
        admin.execute(statement.encode())
        found = differences(facts(admin, database.settings, ROLE_POLICY), files)
        admin.rollback()
    assert named in [str(one) for one in found]


def test_membership_past_the_files_is_named(files: Any, database: Any) -> None:
    with database.admin(autocommit=False) as admin:
        admin.execute(f"grant {PREFIX}_policy to {PREFIX}_poster")
        found = differences(facts(admin, database.settings, ROLE_POLICY), files)
        admin.rollback()
    assert [str(one) for one in found] == ["added: membership policy"]


def test_changed_database_stops_a_run_until_it_is_mended(database: Any, tmp_path: Any) -> None:
    refuse_changed_schema(tmp_path / "schema", database.settings, ROLE_POLICY)
    (kept,) = (tmp_path / "schema").iterdir()
    with psycopg.connect(database.server.admin_url(database.settings.name)) as admin:
        admin.execute("drop trigger keep on ledger.audit")
        admin.execute("create index on ledger.audit (actor)")
    with pytest.raises(MigrationError, match=r"in 1 places \(missing: trigger ledger\.audit keep"):
        refuse_changed_schema(tmp_path / "schema", database.settings, ROLE_POLICY)
    assert kept.exists()
    audit_schema.mend(database.settings)
    refuse_changed_schema(tmp_path / "schema", database.settings, ROLE_POLICY)
    found = audit_schema.gather(database.settings, ROLE_POLICY)
    assert [one["name"] for one in found["differences"]] == ["ledger.audit_actor_idx"]
    assert "ledger.audit_actor_idx" in "\n".join(audit_schema.render(found))
