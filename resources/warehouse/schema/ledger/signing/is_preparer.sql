-- Tells whether a login is a preparer's.
create or replace function ledger.is_preparer(p_login name) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select p_login = ':prefix_preparer' or exists (
        select from pg_auth_members as membership
        join pg_roles as grp on grp.oid = membership.roleid
        join pg_roles as login on login.oid = membership.member
        where grp.rolname = ':prefix_preparer' and login.rolname = p_login)
$$;
