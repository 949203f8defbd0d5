"""The matrix of `governance/roles.yaml` against the catalog, and what each login really can."""

from pathlib import Path

import psycopg
import pytest

from billing.governance.roles import read_roles

pytestmark = pytest.mark.promise(
    "Each login can do exactly what governance/roles.yaml says",
    "Finance and BI read no table with patient data",
)

POLICY = read_roles((Path(__file__).parents[2] / "governance" / "roles.yaml").read_text())
PATIENT_ZONES = ("raw", "staging", "intermediate")


def granted_tables(database, schemas):
    """Return (role, relation, privilege) of all non-owners, as the catalog has them."""
    rows = database.admin().execute(
        """
        select coalesce(grantee.rolname, 'public'), n.nspname || '.' || c.relname,
               lower(acl.privilege_type)
        from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
        cross join lateral aclexplode(c.relacl) as acl
        left join pg_roles as grantee on grantee.oid = acl.grantee
        where n.nspname = any(%s) and c.relkind in ('r', 'v', 'm', 'S')
          and acl.grantee <> c.relowner
        """,
        [list(schemas)],
    )
    prefix = database.settings.role_prefix + "_"
    return {(role.removeprefix(prefix), relation, word) for role, relation, word in rows}


def relations(database, schemas):
    rows = database.admin().execute(
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n"
        " on n.oid = c.relnamespace where n.nspname = any(%s) and c.relkind in ('r', 'v', 'm')",
        [list(schemas)],
    )
    return [row[0] for row in rows]


def test_every_table_privilege_is_the_one_that_the_policy_names(database):
    schemas = ("raw", "ops", "ledger")
    assert granted_tables(database, schemas) == POLICY.matrix(relations(database, schemas))


def test_every_function_can_be_called_by_those_that_the_policy_names_only(database):
    rows = database.admin().execute(
        """
        select coalesce(grantee.rolname, 'public'), n.nspname || '.' || p.proname
        from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
        cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as acl
        left join pg_roles as grantee on grantee.oid = acl.grantee
        where n.nspname in ('ops', 'ledger', 'marts', 'raw') and acl.grantee <> p.proowner
        """
    )
    prefix = database.settings.role_prefix + "_"
    found = {(role.removeprefix(prefix), function) for role, function in rows}
    assert found == {(role.name, name) for role in POLICY.roles for name in role.functions}


def test_membership_is_the_one_that_the_policy_names(database):
    prefix = database.settings.role_prefix + "_"
    rows = database.admin().execute(
        "select m.rolname, g.rolname from pg_auth_members a join pg_roles m on m.oid = a.member"
        " join pg_roles g on g.oid = a.roleid where m.rolname like %s",
        [prefix.replace("_", r"\_") + "%"],
    )
    found = {(member.removeprefix(prefix), group.removeprefix(prefix)) for member, group in rows}
    assert found == {(role.name, group) for role in POLICY.roles for group in role.member_of}


@pytest.mark.parametrize("zone", POLICY.built_zones)
def test_a_rebuilt_table_of_dbt_is_readable_by_the_same_roles_as_before(database, zone):
    transform = database.connect("transform")
    for _ in range(2):
        transform.execute(f"drop table if exists {zone}.rebuilt")
        transform.execute(f"create table {zone}.rebuilt (one int)")
        found = granted_tables(database, [zone])
        readers = POLICY.built_zones[zone]
        assert found == {(role, f"{zone}.rebuilt", "select") for role in readers}


@pytest.mark.parametrize("role", ["bi_reader", "auditor", "poster", "preparer", "controller"])
@pytest.mark.parametrize("zone", PATIENT_ZONES)
def test_finance_cannot_read_a_table_with_patient_data(database, role, zone):
    table = "claim" if zone == "raw" else "rebuilt"
    if zone != "raw":
        database.connect("transform").execute(f"create table {zone}.{table} (one int)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.connect(role).execute(f"select * from {zone}.{table}")


def test_bi_reads_marts_and_nothing_else(database):
    database.connect("transform").execute("create table marts.rebuilt as select 1 as one")
    reader = database.connect("bi_reader")
    assert reader.execute("select one from marts.rebuilt").fetchone() == (1,)
    for relation in ("ledger.entry", "ops.received_file", "raw.claim"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(f"select * from {relation}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute("delete from marts.rebuilt")


@pytest.mark.parametrize("role", ["dagster", "erp"])
def test_the_servers_beside_the_warehouse_cannot_enter_it(database, role):
    with pytest.raises(psycopg.OperationalError):
        database.connect(role)


@pytest.mark.parametrize("role", ["ingest", "preparer", "approver", "poster", "bi_reader"])
def test_no_role_makes_tables_of_its_own(database, role):
    connection = database.connect(role)
    for place in ("temporary table mine", "table public.mine", "table raw.mine", "schema mine"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"create {place}" + ("" if "schema" in place else " (one int)"))


def test_landing_cannot_change_what_was_received(database):
    connection = database.connect("ingest")
    for change in ("update raw.claim set claim_no = 1", "delete from raw.claim",
                   "truncate raw.claim"):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(change)


def test_a_wrong_password_is_refused(database):
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(database.settings.url("poster").replace(
            database.settings.passwords["poster"], "guess"))  # fmt: skip


def test_a_database_error_tells_no_value_of_the_row(database):
    connection = database.connect("ingest")
    insert = (
        "insert into ops.received_file (file_id, sha256, source, name, kind, size_bytes,"
        " received_at) values (repeat('a', 32)::uuid, repeat('a', 64), 'bank',"
        " 'ZZCANARY', 'x12', 1, now())"
    )
    connection.execute(insert)
    with pytest.raises(psycopg.errors.UniqueViolation) as caught:
        connection.execute(insert)
    assert str(caught.value) == (
        "database error 23505 table received_file constraint received_file_pkey"
    )
    with pytest.raises(psycopg.errors.InvalidTextRepresentation) as caught:
        connection.execute("select 'ZZCANARY'::text::numeric")
    assert "ZZCANARY" not in repr(caught.value) + str(caught.value.diag.message_detail)


@pytest.mark.promise(
    "A receipt is named by its bytes and never changes; an exception is not closed"
)
@pytest.mark.parametrize(
    "statement",
    [
        "update ops.received_file set sha256 = repeat('b', 64)",
        "update ops.received_file set name = 'other'",
        "update ops.received_file set received_at = now()",
        "delete from ops.received_file",
        "update ops.file_sighting set name = 'other'",
        "update ops.exception set closed_at = now()",
        "update ops.exception set code = 'OTHER'",
        "update ops.fetch_mark set source = 'other'",
    ],
)
def test_ingest_changes_what_became_of_a_receipt_alone(database, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.connect("ingest").execute(statement)


@pytest.mark.promise(
    "A receipt is named by its bytes and never changes; an exception is not closed"
)
def test_receipt_of_other_bytes_than_its_id_is_refused(database):
    insert = (
        "insert into ops.received_file (file_id, sha256, source, name, kind, size_bytes,"
        " received_at) values (repeat('b', 32)::uuid, repeat('a', 64), 'bank', 'x',"
        " 'x12', 1, now())"
    )
    with pytest.raises(psycopg.errors.CheckViolation, match="received_file_id_is_its_hash"):
        database.connect("ingest").execute(insert)


@pytest.mark.promise(
    "A receipt is named by its bytes and never changes; an exception is not closed"
)
def test_receipt_keeps_its_bytes_and_name_for_the_owner_too(database):
    connection = database.admin()
    connection.execute(
        "insert into ops.received_file (file_id, sha256, source, name, kind, size_bytes,"
        " received_at) values (repeat('a', 32)::uuid, repeat('a', 64), 'bank', 'x',"
        " 'x12', 1, now())"
    )
    with pytest.raises(psycopg.errors.RaiseException, match="TIEOUT IMMUTABLE"):
        connection.execute("update ops.received_file set name = 'other'")
