-- Tells whether a policy version names two of these roles as a conflict.
create or replace function ledger.in_conflict(p_policy_id bigint, p_roles text[]) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select exists (select from ledger.policy_conflict where policy_id = p_policy_id
                   and role = any(p_roles) and other_role = any(p_roles))
$$;
