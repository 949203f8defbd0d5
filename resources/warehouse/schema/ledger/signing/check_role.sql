-- Refuses a session whose login does not hold a role of the newest policy.
create or replace function ledger.check_role(p_role text) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
    if not ledger.holds_role(ledger.policy_id(), ledger.short_login(session_user), p_role) then
        raise exception 'TIEOUT ROLE: % does not hold the role %', session_user, p_role;
    end if;
end $$;
