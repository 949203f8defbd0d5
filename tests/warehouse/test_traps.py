"""What `transform` puts into the zones that it owns never runs with the rights of another role.

Every name of a built zone becomes a view with a function that raises and names the session's
login; types, casts, defaults and rules of `transform` call it too.
"""

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.state import StateFolder, read_secrets
from tests.conftest import ROLE_POLICY
from tests.fixtures.books import Books, Event

pytestmark = pytest.mark.promise(
    "Code that a role can shape never runs with the rights of another role that can act"
)

MODELS = Path(__file__).parents[2] / "dbt_project"
TRAP = """
create function {zone}.trap() returns text language plpgsql as
    $$begin raise exception 'TIEOUT TRAP in the session of %', session_user; end$$;
create function {zone}.trap_value(text) returns boolean language sql as
    'select {zone}.trap() is null';
create domain {zone}.trapped as text check ({zone}.trap_value(value));
create type {zone}.pair as (a text, b text);
create function {zone}.from_pair({zone}.pair) returns text language sql as
    'select {zone}.trap()';
create cast ({zone}.pair as text) with function {zone}.from_pair({zone}.pair) as implicit;
create table {zone}.trapped_table (a text default {zone}.trap(), b {zone}.trapped);
create rule trapped as on insert to {zone}.trapped_table do also select {zone}.trap();
"""
OWN_TABLES = (
    "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n"
    " on n.oid = c.relnamespace where c.relkind = 'r' and n.nspname in ('raw', 'ops', 'ledger')"
)
DEFINERS = """
select n.nspname || '.' || p.proname,
       array(select format_type(t, null) from unnest(p.proargtypes) with ordinality as a (t, o)
             order by o)
from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
where p.prosecdef and n.nspname in ('raw', 'ops', 'ledger') and p.prorettype <> 'trigger'::regtype
order by 1
"""
COMMANDS = (
    ["status"], ["exceptions"], ["trace", "2026/1"], ["prove", "--quick"], ["approve"],
    ["approve", "--list"], ["audit", "entries"], ["audit", "reconcile"], ["audit", "access"],
    ["audit", "releases"], ["audit", "completeness"], ["audit", "recoupments"],
    ["period", "show"], ["request", "list"], ["policy", "what-if"], ["policy", "release", "list"],
    ["estimate", "list"], ["opening", "list"], ["evidence", "--period", "2026-09"],
    ["request", "ask", "charity.approved", "--entity", "NLH", "--account", "account",
     "--amount", "5.00", "--reason", "a form of October"],
)  # fmt: skip
# They read the built zones, and can act on nothing.
READERS = {"transform", "bi_reader", "auditor"}


def built_relations() -> dict[str, dict[str, str]]:
    """Return the columns, with their types, of every relation that dbt builds."""
    found = {
        f"{path.relative_to(MODELS / 'models').parts[0]}.{path.stem}": {"line_id": "text"}
        for path in (MODELS / "models").rglob("*.sql")
    }
    zones = {name.partition(".")[2]: name for name in found}
    for path in (MODELS / "models").rglob("_*.yml"):
        for model in yaml.safe_load(path.read_text()).get("models", ()):
            columns = {
                one["name"]: one.get("data_type", "text") for one in model.get("columns", ())
            }
            found[zones[model["name"]]] = columns or {"line_id": "text"}
    return found


@pytest.fixture
def trapped(books: Books) -> Books:
    """A ledger with an entry that waits for a person, where every built relation is a trap."""
    books.run([Event("a", "charge.posted", "100.00")])
    books.demand([Event("a", "charge.posted", "90.00")])
    books.propose()
    transform = books.by("transform")
    for zone in ROLE_POLICY.built_zones:
        transform.execute(TRAP.format(zone=zone).encode())
    for name, columns in built_relations().items():
        trap = f"{name.partition('.')[0]}.trap()"
        listed = ", ".join(f"{trap}::{kind} as {column}" for column, kind in columns.items())
        transform.execute(f"drop table if exists {name} cascade".encode())
        transform.execute(f"create view {name} as select {listed}".encode())
    grant = (
        "grant usage on schema {0} to public; grant select on all tables in schema {0} to public"
    )
    for zone in ROLE_POLICY.built_zones:
        transform.execute(grant.format(zone).encode())
    return books


def test_transform_puts_nothing_into_the_zones_of_the_owner(trapped: Books) -> None:
    transform = trapped.by("transform")
    attempts = [
        f"create trigger trapped before insert on {table} for each row"
        " execute function ops.refuse_change()"
        for (table,) in transform.execute(OWN_TABLES).fetchall()
    ]
    attempts += [
        f"create view {schema}.trapped as select 1" for schema in ("raw", "ops", "ledger", "public")
    ]
    attempts += [
        "alter table ledger.desired_line alter column rule set default marts.trap()",
        "create policy trapped on ledger.desired_line using (marts.trap_value(rule))",
        "create or replace view ledger.hold as select 1",
        "create rule trapped as on insert to ledger.desired_line do also select marts.trap()",
        "create or replace function ledger.today() returns date language sql as 'select now()'",
    ]
    for attempt in attempts:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            transform.execute(attempt.encode())


def test_no_definer_function_reaches_a_trap(trapped: Books) -> None:
    definers = trapped.database.admin().execute(DEFINERS).fetchall()
    assert len(definers) > 60
    roles = [role.name for role in ROLE_POLICY.roles if role.name not in ("dagster", "erp")]
    sprung, called = set(), 0
    for role in roles:
        connection = trapped.by(role)
        for name, types in definers:
            arguments = ", ".join(f"null::{kind}" for kind in types)
            try:
                connection.execute(f"select {name}({arguments})".encode())
                called += 1
            except psycopg.errors.InsufficientPrivilege:
                continue
            except psycopg.Error as error:
                called += 1
                if "TRAP" in str(error):
                    sprung.add((role, name))
    assert sprung == set()
    assert called > 100


def test_acts_of_people_and_of_the_pipeline_reach_no_trap(trapped: Books) -> None:
    ((entry_id, *_, content),) = trapped.entries("proposed")
    assert trapped.approve() == 1
    trapped.post_all()
    trapped.one("preparer", "select count(*) from ledger.reconciliation_sheet()")
    assert trapped.entries("posted")[-1][0] == entry_id
    assert content


def test_commands_reach_traps_as_readers_alone(
    trapped: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trap that a reader meets has the rights of the reader, which can act on nothing."""
    state = StateFolder(tmp_path / "home")
    state.make()
    read_secrets(state)
    settings = trapped.database.settings
    for name in ("TIEOUT_DB_HOST", "TIEOUT_ENV_FILE"):
        monkeypatch.delenv(name, raising=False)
    variables = {
        "TIEOUT_HOME": str(state.root), "TIEOUT_DATABASE_URL": trapped.database.server.admin_url(),
        "TIEOUT_DB_NAME": settings.name, "TIEOUT_ROLE_PREFIX": settings.role_prefix,
        **{f"TIEOUT_PASSWORD_{role.upper()}": word for role, word in settings.passwords.items()},
    }  # fmt: skip
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    said = ""
    for words in COMMANDS:
        result = CliRunner().invoke(app, words)
        said += (
            result.output
            + repr(result.exception)
            + repr(getattr(result.exception, "__cause__", ""))
        )
    traps = set(re.findall(r"TRAP in the session of (\w+?)(?=\W|None|$)", said))
    assert traps
    assert traps <= {settings.login(role) for role in READERS}


def test_who_reads_a_built_zone_can_act_on_nothing(database: Any) -> None:
    """Every function that such a role may call only reads."""
    readers = set().union(*ROLE_POLICY.built_zones.values())
    called = {name for role in ROLE_POLICY.roles if role.name in readers for name in role.functions}
    query = (
        "select n.nspname || '.' || p.proname from pg_proc p join pg_namespace n"
        " on n.oid = p.pronamespace where p.provolatile = 'v' and n.nspname = any(%s)"
    )
    acting = database.admin().execute(query, [["raw", "ops", "ledger"]]).fetchall()
    assert called & {name for (name,) in acting} == set()
