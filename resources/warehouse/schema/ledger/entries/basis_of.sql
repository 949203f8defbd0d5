-- The basis on which a login signs: `policy` for the policy login, `person` for a direct member
-- of the approvers.
create or replace function ledger.basis_of(p_login name) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select case
        when p_login = ':prefix_policy' then 'policy'
        when p_login = ':prefix_approver' or exists (
            select from pg_auth_members as membership
            join pg_roles as grp on grp.oid = membership.roleid
            join pg_roles as login on login.oid = membership.member
            where grp.rolname = ':prefix_approver' and login.rolname = p_login) then 'person'
    end
$$;
