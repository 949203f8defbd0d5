-- Tells whether a login holds a role of a policy version.
create or replace function ledger.holds_role(
    p_policy_id bigint, p_short text, p_role text
) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select p_role = any(ledger.roles_of(p_policy_id, p_short))
$$;
