"""A PostgreSQL of the user's own: which administrator will do, and what is told of one that won't.

Its passwords hold every character that a URL must quote.
"""

from dataclasses import replace
from urllib.parse import quote

import psycopg
import pytest

from orchestration.databases import DatabaseUnfitError, Foreign
from resources.settings import ROLES
from resources.warehouse.server.errors import MigrationError
from resources.warehouse.server.migrate import (
    current_version,
    ensure_database,
    migrate,
    newest_version,
)
from resources.warehouse.server.roles import ensure_roles
from tests.conftest import ROLE_POLICY

pytestmark = pytest.mark.promise(
    "A PostgreSQL of the user's own is set up with the least rights, or refused clearly"
)

PASSWORD = "p@:w/é? %"
PREFIX = "tieout_own"
DATABASE = "own_database"


@pytest.fixture
def administrator(server):
    """Makes a login with some attributes; returns the URL by which it administers the server."""
    with psycopg.connect(server.admin_url(), autocommit=True) as admin:

        def make(attributes: str) -> str:
            admin.execute(f"create role own_admin login {attributes} password '{PASSWORD}'")
            place = f"127.0.0.1:{server.postgres.port}/postgres"
            return f"postgresql://own_admin:{quote(PASSWORD, safe='')}@{place}"

        yield make
        admin.execute(f"drop database if exists {DATABASE} with (force)")
        for (role,) in admin.execute(
            "select rolname from pg_roles where rolname ~ '^(tieout_own_|own_admin)'"
            " order by rolname = 'own_admin'"
        ).fetchall():
            admin.execute(f"drop owned by {role} cascade")
            admin.execute(f"drop role {role}")


def test_one_who_may_only_create_roles_and_databases_installs_everything(server, administrator):
    url = administrator("createrole createdb")
    foreign = Foreign(url)
    foreign.start()
    own = replace(server.settings(DATABASE), role_prefix=PREFIX)
    admin_url = foreign.address().url("postgres")
    for _ in range(2):
        ensure_roles(admin_url, PREFIX, dict.fromkeys(ROLES, "secret"), ROLE_POLICY)
        migrate(admin_url, own, ROLE_POLICY)
    with psycopg.connect(server.admin_url(DATABASE)) as connection:
        assert current_version(connection) == newest_version()


@pytest.mark.parametrize("attributes", ["createrole", "createdb", ""])
def test_an_administrator_who_may_not_make_roles_and_databases_is_refused(
    administrator, attributes
):
    with pytest.raises(DatabaseUnfitError, match="may not create roles and databases"):
        Foreign(administrator(attributes)).start()


def test_a_wrong_password_and_a_closed_port_are_told_without_the_password(server):
    port = server.postgres.port
    for url in (
        f"postgresql://nobody:hidden@127.0.0.1:{port}/x",
        "postgresql://a:hidden@127.0.0.1:1/x",
    ):
        with pytest.raises(DatabaseUnfitError, match="TIEOUT_DATABASE_URL: 127") as problem:
            Foreign(url).start()
        assert "hidden" not in str(problem.value)
        assert not Foreign(url).is_alive()


def test_a_database_of_another_installation_is_left_alone(server, template):
    with pytest.raises(MigrationError, match="belongs to"):
        ensure_database(server.admin_url(), template, "tieout_other_owner")
