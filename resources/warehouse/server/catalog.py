"""What a database holds, read from its catalog, and what its files make of an empty one.

Both are sets of facts; their difference is what was changed past the files. Facts name roles
without the installation's prefix. Nothing here changes a database that is in use.
"""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from billing.governance.roles import RolePolicy
from resources.settings import DatabaseSettings
from resources.warehouse.server.administrator import as_administrator
from resources.warehouse.server.migrate import migrate

Connection = psycopg.Connection[Any]
# Kinds of which the built zones hold none: code of `transform` that others could run.
CODE_OF_ZONES = """
select 'code in a built zone', n.nspname || '.' || p.proname, 'function'
from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace where n.nspname = any(%(zones)s)
union all
select 'code in a built zone', c.oid::regclass::text, 'view'
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where n.nspname in ('marts', 'seeds') and c.relkind in ('v', 'f')
  and c.oid::regclass::text <> 'marts.mart_close_certificate'
union all
select 'code in a built zone', t.tgrelid::regclass || ' ' || t.tgname, 'trigger'
from pg_trigger as t join pg_class as c on c.oid = t.tgrelid
join pg_namespace as n on n.oid = c.relnamespace
where not t.tgisinternal and n.nspname = any(%(zones)s)
union all
select 'code in a built zone', r.ev_class::regclass || ' ' || r.rulename, 'rule'
from pg_rewrite as r join pg_class as c on c.oid = r.ev_class
join pg_namespace as n on n.oid = c.relnamespace
where r.rulename <> '_RETURN' and n.nspname = any(%(zones)s)
union all
select 'code in a built zone', t.oid::regtype::text, 'type'
from pg_type as t join pg_namespace as n on n.oid = t.typnamespace
where n.nspname = any(%(zones)s) and (t.typtype in ('d', 'e', 'r')
    or t.typtype = 'c' and exists (select from pg_class where oid = t.typrelid and relkind = 'c'))
"""
OBJECTS = """
with ours as (select oid, nspname from pg_namespace where nspname in ('raw', 'ops', 'ledger'))
select 'function', p.oid::regprocedure::text, pg_get_functiondef(p.oid)
from pg_proc as p join ours on ours.oid = p.pronamespace
union all
select 'view', c.oid::regclass::text, pg_get_viewdef(c.oid)
from pg_class as c join ours on ours.oid = c.relnamespace where c.relkind in ('v', 'm', 'f')
union all
select 'column', c.oid::regclass || '.' || a.attname, concat_ws(' ',
    format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
    a.attidentity, pg_get_expr(d.adbin, d.adrelid))
from pg_attribute as a join pg_class as c on c.oid = a.attrelid
join ours on ours.oid = c.relnamespace
left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
union all
select 'constraint', n.conrelid::regclass || ' ' || n.conname, pg_get_constraintdef(n.oid)
from pg_constraint as n join ours on ours.oid = n.connamespace
union all
select 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
from pg_index as i join pg_class as c on c.oid = i.indexrelid
join ours on ours.oid = c.relnamespace
union all
select 'trigger', t.tgrelid::regclass || ' ' || t.tgname,
       t.tgenabled::text || pg_get_triggerdef(t.oid)
from pg_trigger as t join pg_class as c on c.oid = t.tgrelid
join ours on ours.oid = c.relnamespace where not t.tgisinternal
union all
select 'rule', r.ev_class::regclass || ' ' || r.rulename, pg_get_ruledef(r.oid)
from pg_rewrite as r join pg_class as c on c.oid = r.ev_class
join ours on ours.oid = c.relnamespace where r.rulename <> '_RETURN'
union all
select 'policy', p.polrelid::regclass || ' ' || p.polname, pg_get_expr(p.polqual, p.polrelid)
from pg_policy as p join pg_class as c on c.oid = p.polrelid
join ours on ours.oid = c.relnamespace
union all
select 'event trigger', evtname::text, evtfoid::regproc::text from pg_event_trigger
union all
select 'owner', c.oid::regclass::text, pg_get_userbyid(c.relowner)
from pg_class as c join ours on ours.oid = c.relnamespace where c.relkind in ('r', 'v', 'm', 'S')
union all
select 'owner', p.oid::regprocedure::text, pg_get_userbyid(p.proowner)
from pg_proc as p join ours on ours.oid = p.pronamespace
union all
select 'owner', nspname::text, pg_get_userbyid(nspowner) from pg_namespace
where nspname in ('raw', 'ops', 'ledger') or nspname = any(%(zones)s)
"""
RIGHTS = """
select 'right on schema', n.nspname::text, coalesce(r.rolname, 'public') || ' ' || a.privilege_type
from pg_namespace as n cross join lateral aclexplode(n.nspacl) as a
left join pg_roles as r on r.oid = a.grantee
where n.nspname in ('raw', 'ops', 'ledger', 'public') or n.nspname = any(%(zones)s)
union all
select 'right on relation', c.oid::regclass::text,
       coalesce(r.rolname, 'public') || ' ' || a.privilege_type
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
cross join lateral aclexplode(c.relacl) as a left join pg_roles as r on r.oid = a.grantee
where n.nspname in ('raw', 'ops', 'ledger') and a.grantee <> c.relowner
union all
select 'right on column', c.oid::regclass || '.' || t.attname,
       coalesce(r.rolname, 'public') || ' ' || a.privilege_type
from pg_attribute as t join pg_class as c on c.oid = t.attrelid
join pg_namespace as n on n.oid = c.relnamespace
cross join lateral aclexplode(t.attacl) as a left join pg_roles as r on r.oid = a.grantee
where n.nspname in ('raw', 'ops', 'ledger')
union all
select 'right on function', p.oid::regprocedure::text,
       coalesce(r.rolname, 'public') || ' ' || a.privilege_type
from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
left join pg_roles as r on r.oid = a.grantee
where n.nspname in ('raw', 'ops', 'ledger') and a.grantee <> p.proowner
union all
select 'right on function', p.oid::regprocedure::text,
       coalesce(r.rolname, 'public') || ' ' || a.privilege_type
from pg_proc as p
cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
left join pg_roles as r on r.oid = a.grantee
where p.pronamespace = 'pg_catalog'::regnamespace and a.grantee <> p.proowner
  and p.proname ~ '^(lo_|loread|lowrite|pg_(try_)?advisory_)'
union all
select 'default right', coalesce(n.nspname, '') || ' ' || d.defaclobjtype::text,
       coalesce(r.rolname, 'public') || ' ' || a.privilege_type
from pg_default_acl as d left join pg_namespace as n on n.oid = d.defaclnamespace
cross join lateral aclexplode(d.defaclacl) as a left join pg_roles as r on r.oid = a.grantee
"""
MEMBERSHIPS = """
select 'membership', g.rolname::text, m.rolname::text
from pg_auth_members as a join pg_roles as g on g.oid = a.roleid
join pg_roles as m on m.oid = a.member
where starts_with(g.rolname, %(prefix)s) and m.rolname <> %(administrator)s
"""
# A person's own login may be a member of these: policy files say what it may do.
OF_PEOPLE = {"approver"}


class Fact(NamedTuple):
    """One object, right or membership, and its definition."""

    kind: str
    name: str
    text: str


@dataclass(frozen=True)
class Difference:
    """What a live database has otherwise than its files: `missing`, `added` or `changed`."""

    kind: str
    name: str
    how: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.how}: {self.kind} {self.name}"


def facts(connection: Connection, settings: DatabaseSettings, policy: RolePolicy) -> set[Fact]:
    """Return what a database holds, as any login may read it."""
    prefix = f"{settings.role_prefix}_"
    values = {
        "zones": list(policy.built_zones),
        "prefix": prefix,
        "administrator": settings.admin_user,
    }
    found: set[Fact] = set()
    for query in (OBJECTS, RIGHTS, CODE_OF_ZONES, MEMBERSHIPS):
        for row in connection.execute(query.encode(), values).fetchall():
            found.add(Fact(*((word or "").replace(prefix, "") for word in row)))
    return found


def facts_of_files(admin_url: str, settings: DatabaseSettings, policy: RolePolicy) -> set[Fact]:
    """Return what the files make of an empty database, which is made for it and dropped again."""
    made = replace(settings, name=f"{settings.name}_files")
    drop = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(made.name))
    with as_administrator(admin_url) as admin:
        admin.execute(drop)
        try:
            migrate(admin_url, made, policy)
            with as_administrator(make_conninfo(admin_url, dbname=made.name)) as connection:
                found = facts(connection, made, policy)
        finally:
            admin.execute(drop)
    memberships = {
        Fact("membership", group, role.name) for role in policy.roles for group in role.member_of
    }
    return {fact for fact in found if fact.kind != "membership"} | memberships


def differences(live: set[Fact], files: set[Fact]) -> list[Difference]:
    """Return what the live database has otherwise than the files, ordered by kind and name."""
    known = {(fact.kind, fact.name) for fact in files}
    there = {(fact.kind, fact.name) for fact in live}
    found = [
        Difference(
            fact.kind, fact.name, "changed" if key in known and not _is_right(fact) else "added"
        )
        for fact in live - files
        if (key := (fact.kind, fact.name)) and not _is_of_a_person(fact, files)
    ]
    found += [
        Difference(fact.kind, fact.name, "missing")
        for fact in files - live
        if (fact.kind, fact.name) not in there or _is_right(fact)
    ]
    return sorted(set(found), key=lambda one: (one.kind, one.name, one.how))


def _is_right(fact: Fact) -> bool:
    """Tell whether an object has several facts of this kind, one per role that holds it."""
    return fact.kind.startswith(("right", "membership", "default right"))


def _is_of_a_person(fact: Fact, files: set[Fact]) -> bool:
    """Tell whether a membership is that of a login that is none of the installation's roles."""
    ours = {one.text for one in files if one.kind in ("owner", "membership")}
    return fact.kind == "membership" and fact.name in OF_PEOPLE and fact.text not in ours
