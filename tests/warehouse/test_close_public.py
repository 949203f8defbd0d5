"""What PostgreSQL leaves to every login is left to none in the databases of an installation."""

import psycopg
import pytest

from resources.settings import ROLES
from resources.warehouse.server.close_public import close_shared
from resources.warehouse.server.migrate import ensure_database
from tests.conftest import PREFIX

pytestmark = pytest.mark.promise("No login may do anything by being PUBLIC")

PEOPLE = ("bi_reader", "auditor", "biller", "controller", "manager", "preparer", "policy")


@pytest.mark.parametrize("role", PEOPLE)
@pytest.mark.parametrize(
    "call",
    ["lo_create(0)", "lo_from_bytea(0, 'x')", "pg_advisory_lock(7103002)",
     "pg_advisory_xact_lock(7103002)", "pg_try_advisory_lock(1, 2)"],
)  # fmt: skip
def test_role_writes_no_large_object_and_holds_no_lock(database, role, call):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.connect(role).execute(f"select {call}")


@pytest.mark.parametrize("role", [*PEOPLE, "poster"])
def test_role_makes_no_temporary_table(database, role):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.connect(role).execute("create temporary table t (n integer)")


def test_role_of_the_warehouse_enters_no_other_database(server):
    """The databases of Dagster and the ERP belong to their own login alone."""
    name = "tieout_closed"
    ensure_database(server.admin_url(), name, f"{PREFIX}_dagster")
    with psycopg.connect(server.admin_url(), autocommit=True) as admin:
        try:
            query = "select has_database_privilege(%s, %s, %s)"
            for role in ROLES:
                for right in ("connect", "temporary"):
                    found = admin.execute(query, [f"{PREFIX}_{role}", name, right]).fetchone()
                    assert found == (role == "dagster",), (role, right)
        finally:
            admin.execute(f"drop database {name} with (force)")


def test_databases_that_a_server_begins_with_are_closed(server):
    with psycopg.connect(server.admin_url(), autocommit=True) as admin:
        try:
            close_shared(server.admin_url())
            query = "select has_database_privilege(%s, datname, 'connect') from pg_database"
            query += " where datname in ('postgres', 'template1')"
            assert set(admin.execute(query, [f"{PREFIX}_biller"]).fetchall()) == {(False,)}
        finally:
            admin.execute("grant connect, temporary on database postgres, template1 to public")
