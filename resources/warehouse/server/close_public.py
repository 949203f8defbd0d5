"""What PostgreSQL gives to everybody by default, and what is taken from it in our databases.

Every login may connect to every database, make temporary tables, write large objects and take
advisory locks. In the databases of an installation none of that is left to PUBLIC.
"""

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import sql

from resources.warehouse.server.administrator import as_only_administrator

Connection = psycopg.Connection[Any]
# Large objects belong to no schema and count for no table's rights; a lock that is held holds up
# whoever waits for the same number.
_OPEN_FUNCTIONS = """
select oid::regprocedure::text from pg_proc
where pronamespace = 'pg_catalog'::regnamespace
  and (proname ~ '^(lo_|loread|lowrite)' or proname ~ '^pg_(try_)?advisory_')
  and (proacl is null or exists (
      select from aclexplode(proacl) as held where held.grantee = 0))
"""
_LOCKS = """
select oid::regprocedure::text from pg_proc
where pronamespace = 'pg_catalog'::regnamespace and proname ~ '^pg_(try_)?advisory_'
  and not has_function_privilege(%s, oid, 'execute')
"""


def close_database(connection: Connection, name: str) -> None:
    """Let no login enter a database or make temporary tables there by being PUBLIC."""
    words = sql.SQL("revoke all on database {} from public")
    connection.execute(words.format(sql.Identifier(name)))


def close_shared(admin_url: str) -> None:
    """Close the databases that a server of our own begins with to all but the administrator."""
    with as_only_administrator(admin_url) as connection:
        for name in ("postgres", "template1"):
            close_database(connection, name)


def close_functions(connection: Connection, lockers: Iterable[str]) -> None:
    """Leave large objects to nobody, and advisory locks to some roles, in this database.

    Only a superuser may: on a server of the user's own whose administrator is none, PostgreSQL's
    defaults stay, and `docs/why/threats.md` says what that leaves open.
    """
    found = connection.execute("select rolsuper from pg_roles where rolname = session_user")
    if found.fetchone() != (True,):
        return
    functions = [name for (name,) in connection.execute(_OPEN_FUNCTIONS).fetchall()]
    if functions:
        revoke = f"revoke execute on function {', '.join(functions)} from public"
        connection.execute(revoke.encode())
    for role in lockers:
        locks = [name for (name,) in connection.execute(_LOCKS, [role]).fetchall()]
        if locks:
            grant = f"grant execute on function {', '.join(locks)} to "
            connection.execute(sql.Composed([sql.SQL(grant), sql.Identifier(role)]))
