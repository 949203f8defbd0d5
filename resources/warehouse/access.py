"""Who can do what in the database, read from its catalog, and what was done past the rules.

What was changed past the audit is worked out from rows, in verification.py. Facts only; what
conflicts is said by the policy, and a person reviews the list.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from resources.warehouse import verification

Connection = psycopg.Connection[Any]
# A superuser may call everything: it is listed as such, not function by function.
RIGHTS = """
select login.rolname, space.nspname || '.' || function.proname
from pg_roles as login
cross join pg_proc as function
join pg_namespace as space on space.oid = function.pronamespace
where login.rolcanlogin and not login.rolsuper
  and space.nspname in ('raw', 'ops', 'ledger')
  and has_database_privilege(login.oid, current_database(), 'connect')
  and has_function_privilege(login.oid, function.oid, 'execute')
"""
LOGINS = """
select rolname from pg_roles
where rolcanlogin and not rolsuper
  and (starts_with(rolname, %(prefix)s)
       or has_database_privilege(oid, current_database(), 'connect'))
order by rolname
"""
# What stands above the rules, as the catalog has it.
CATALOG = """
select 'superuser' as kind, rolname::text as who, '' as what, 0 as times
from pg_roles where rolsuper and rolcanlogin
union all
select 'may act as owner', member.rolname, '', 0
from pg_auth_members as membership
join pg_roles as member on member.oid = membership.member
join pg_roles as grp on grp.oid = membership.roleid
where grp.rolname = %(prefix)s || 'owner'
union all
select 'trigger switched off', pg_get_userbyid(class.relowner),
       trigger.tgrelid::regclass::text || ' ' || trigger.tgname, 1
from pg_trigger as trigger join pg_class as class on class.oid = trigger.tgrelid
join pg_namespace as space on space.oid = class.relnamespace
where space.nspname in ('raw', 'ops', 'ledger') and not trigger.tgisinternal
  and trigger.tgenabled <> 'O'
union all
select 'foreign owner', pg_get_userbyid(class.relowner),
       space.nspname || '.' || class.relname, 1
from pg_class as class join pg_namespace as space on space.oid = class.relnamespace
where space.nspname in ('raw', 'ops', 'ledger') and class.relkind in ('r', 'v', 'm')
  and pg_get_userbyid(class.relowner) <> %(prefix)s || 'owner'
union all
select 'foreign owner', pg_get_userbyid(function.proowner),
       space.nspname || '.' || function.proname, 1
from pg_proc as function join pg_namespace as space on space.oid = function.pronamespace
where space.nspname in ('raw', 'ops', 'ledger')
  and pg_get_userbyid(function.proowner) <> %(prefix)s || 'owner'
"""
# What those who stand above them did, as far as the audit shows: under names of their own, and
# under the name of a login as which they did not authenticate.
ACTS = """
select 'audited act', actor, action, count(*)::int
from ledger.audit where actor <> all(%(known)s) group by actor, action
union all
select 'acted as another', authenticated, actor || ': ' || action, count(*)::int
from ledger.audit where substr(authenticated, strpos(authenticated, ':') + 1) <> actor
group by authenticated, actor, action
"""


@dataclass(frozen=True, order=True)
class AboveTheRules:
    """A login above the rules, or something done past them; `times` as the audit counts."""

    kind: str
    who: str
    what: str
    times: int


def rights(connection: Connection, prefix: str) -> dict[str, set[str]]:
    """Return which functions each login may call; our logins are named without their prefix."""
    held: dict[str, set[str]] = defaultdict(set)
    for login, function in connection.execute(RIGHTS):
        held[login.removeprefix(prefix)].add(function)
    return dict(held)


def logins(connection: Connection, prefix: str) -> list[str]:
    """Return all logins that are ours by name or may enter, no superusers."""
    rows = connection.execute(LOGINS.encode(), {"prefix": prefix})
    return [row[0].removeprefix(prefix) for row in rows]


def above_the_rules(
    connection: Connection, prefix: str, known: Iterable[str]
) -> list[AboveTheRules]:
    """Return who stands above the rules, and what was done by others than the `known` logins.

    What cannot be read is listed as such, and the rest all the same.
    """
    values = {"prefix": prefix, "known": [prefix + name for name in known]}
    found = [
        one
        for what, query in (("the catalog", CATALOG), ("audited acts", ACTS))
        for one in _facts(connection, what, query, values)
    ]
    checks = verification.verify(connection)
    checks.append(verification.compare_functions(connection, checks))
    changed = [f"{one.name}: {words}" for one in checks for words in one.problems]
    found += [AboveTheRules("changed past the audit", "", words, 1) for words in changed]
    return sorted(found)


def _facts(
    connection: Connection, what: str, query: str, values: Mapping[str, object]
) -> list[AboveTheRules]:
    try:
        with connection.transaction():
            return [AboveTheRules(*row) for row in connection.execute(query.encode(), values)]
    except psycopg.Error as problem:
        words = f"{what}: {verification.words(problem)}"
        return [AboveTheRules("cannot be read", "", words, 1)]
