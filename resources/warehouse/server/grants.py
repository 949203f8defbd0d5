"""Privileges and memberships in the database, as `governance/roles.yaml` has them and no others.

Each is a difference between the file and the catalog: what is missing is granted, what is too much
is revoked. Who may enter the database is granted with the database (`migrate.py`).
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from billing.governance.roles import RolePolicy
from resources.warehouse.server.schema_files import SCHEMAS

Connection = psycopg.Connection[Any]
PUBLIC = "public"
_RELATIONS = """
select n.nspname || '.' || c.relname from pg_class as c join pg_namespace as n
    on n.oid = c.relnamespace
where c.relkind in ('r', 'v', 'm') and n.nspname = any(%s)
"""
# What every role but the owner holds: on schemas, relations, columns and functions.
_HELD = """
with grants as (
    select 'schema' as kind, n.nspname::text as name, '' as columns, n.nspowner as owner,
        coalesce(n.nspacl, acldefault('n', n.nspowner)) as acl
    from pg_namespace as n where n.nspname = any(%(schemas)s)
    union all
    select 'table', n.nspname || '.' || c.relname, '', c.relowner,
        coalesce(c.relacl, acldefault('r', c.relowner))
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'v', 'm') and n.nspname = any(%(schemas)s)
    union all
    select 'table', n.nspname || '.' || c.relname, a.attname, c.relowner, a.attacl
    from pg_attribute as a join pg_class as c on c.oid = a.attrelid
    join pg_namespace as n on n.oid = c.relnamespace
    where a.attacl is not null and n.nspname = any(%(schemas)s)
    union all
    select 'function', p.oid::regprocedure::text, '', p.proowner,
        coalesce(p.proacl, acldefault('f', p.proowner))
    from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
    where n.nspname = any(%(schemas)s)
)
select kind, name, columns, coalesce(r.rolname, 'public'), lower(g.privilege_type)
from grants cross join lateral aclexplode(acl) as g left join pg_roles as r on r.oid = g.grantee
where g.grantee <> owner
"""
_FUNCTIONS = """
select n.nspname || '.' || p.proname, p.oid::regprocedure::text
from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace where n.nspname = any(%s)
"""
_MEMBERSHIPS = """
select granted.rolname, member.rolname from pg_auth_members as m
join pg_roles as granted on granted.oid = m.roleid
join pg_roles as member on member.oid = m.member
where starts_with(granted.rolname, %s)
"""


class Grant(NamedTuple):
    """One privilege on one object, or on one of its columns, of one role."""

    kind: str  # schema, table, function
    name: str  # a function with its argument types
    column: str  # empty for the whole object
    role: str
    privilege: str


def apply_grants(connection: Connection, policy: RolePolicy, prefix: str) -> None:
    """Make the privileges on raw, ops and ledger those of the policy, acting as the owner."""
    wanted = set(wanted_grants(connection, policy, f"{prefix}_"))
    held = held_grants(connection, SCHEMAS)
    for grant in sorted(held - wanted):
        connection.execute(_statement("revoke {} on {} {} from {}", grant))
    for grant in sorted(wanted - held):
        connection.execute(_statement("grant {} on {} {} to {}", grant))


def held_grants(connection: Connection, schemas: Iterable[str]) -> set[Grant]:
    """Return every privilege on objects of some schemas, those of the objects' owners aside."""
    rows = connection.execute(_HELD.encode(), {"schemas": list(schemas)})
    return {Grant(*row) for row in rows}


def wanted_grants(connection: Connection, policy: RolePolicy, prefix: str) -> Iterator[Grant]:
    """Yield every privilege on raw, ops and ledger that the policy names."""
    relations = [name for (name,) in connection.execute(_RELATIONS, [list(SCHEMAS)])]
    functions = list(connection.execute(_FUNCTIONS, [list(SCHEMAS)]))
    for role in policy.roles:
        found = [
            Grant("table", relation, "", prefix + role.name, word)
            for relation in relations
            for word in role.privileges(relation)
        ]
        found += [
            Grant("table", relation, column, prefix + role.name, word)
            for relation, words in role.columns.items()
            for word, columns in words.items()
            for column in columns
        ]
        found += [
            Grant("function", signature, "", prefix + role.name, "execute")
            for name, signature in functions
            if name in role.functions
        ]
        yield from found
        for schema in {g.name.partition(".")[0] for g in found if g.kind == "table"}:
            yield Grant("schema", schema, "", prefix + role.name, "usage")


def apply_zone_grants(connection: Connection, policy: RolePolicy, prefix: str) -> None:
    """Let those that the policy names read each zone that dbt builds, acting as `transform`."""
    wanted, zones = set[Grant](), list(policy.built_zones)
    relations = [name for (name,) in connection.execute(_RELATIONS, [zones])]
    for zone, readers in policy.built_zones.items():
        for reader in (f"{prefix}_{name}" for name in readers):
            wanted.add(Grant("schema", zone, "", reader, "usage"))
            inside = [name for name in relations if name.startswith(f"{zone}.")]
            wanted |= {Grant("table", name, "", reader, "select") for name in inside}
        _default_readers(connection, zone, readers, prefix)
    held = held_grants(connection, zones)
    for grant in sorted(held - wanted):
        connection.execute(_statement("revoke {} on {} {} from {}", grant))
    for grant in sorted(wanted - held):
        connection.execute(_statement("grant {} on {} {} to {}", grant))


def _default_readers(
    connection: Connection, zone: str, readers: Iterable[str], prefix: str
) -> None:
    """What dbt builds anew is readable by the zone's readers, and by no reader of before."""
    words = sql.SQL("alter default privileges for role {} in schema {} {} select on tables {} {}")
    transform = sql.Identifier(f"{prefix}_transform")
    found = connection.execute(
        "select distinct grantee::regrole::text from pg_default_acl as d"
        " cross join lateral aclexplode(d.defaclacl) as a"
        " where d.defaclnamespace = %s::regnamespace and d.defaclobjtype = 'r'",
        [zone],
    )
    held = {name for (name,) in found}
    wanted = {f"{prefix}_{reader}" for reader in readers}
    for verb, link, names in (("revoke", "from", held - wanted), ("grant", "to", wanted - held)):
        for name in sorted(names):
            parts = (transform, sql.Identifier(zone), sql.SQL(verb), sql.SQL(link))
            connection.execute(words.format(*parts, sql.Identifier(name)))


def apply_memberships(connection: Connection, policy: RolePolicy, prefix: str) -> None:
    """Make the memberships between the installation's own roles those of the policy.

    A person's own login that is a member of an approver's role stays: `audit access` names it.
    """
    wanted = {
        (f"{prefix}_{group}", f"{prefix}_{role.name}")
        for role in policy.roles
        for group in role.member_of
    }
    rows = connection.execute(_MEMBERSHIPS, [f"{prefix}_"]).fetchall()
    held = {(group, member) for group, member in rows if member.startswith(f"{prefix}_")}
    for verb, link, pairs in (("revoke", "from", held - wanted), ("grant", "to", wanted - held)):
        for group, member in sorted(pairs):
            words = sql.SQL("{} {} {} {}").format(
                sql.SQL(verb), sql.Identifier(group), sql.SQL(link), sql.Identifier(member)
            )
            connection.execute(words)


def _statement(template: str, grant: Grant) -> sql.Composed:
    words = grant.privilege + (f" ({grant.column})" if grant.column else "")
    role = sql.SQL(PUBLIC) if grant.role == PUBLIC else sql.Identifier(grant.role)
    kind, name = sql.SQL(grant.kind), sql.SQL(grant.name)
    return sql.SQL(template).format(sql.SQL(words), kind, name, role)
