-- The roles of a login by a policy version: its own name, the roles that the file gives it, and
-- the pipeline's groups that it is a member of.
create or replace function ledger.roles_of(p_policy_id bigint, p_short text) returns text[]
language sql stable set search_path = pg_catalog, pg_temp as $$
    select array(
        select p_short
        union
        select role from ledger.policy_role where policy_id = p_policy_id and login = p_short
        union
        select ledger.short_login(grp.rolname) from pg_auth_members as membership
        join pg_roles as grp on grp.oid = membership.roleid
        join pg_roles as login on login.oid = membership.member
        where login.rolname = ledger.full_login(p_short) and starts_with(grp.rolname, ':prefix_'))
$$;
