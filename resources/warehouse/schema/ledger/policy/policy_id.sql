-- The number of the newest policy version.
create or replace function ledger.policy_id() returns bigint
language sql stable set search_path = pg_catalog, pg_temp as $$
    select max(policy_id) from ledger.policy
$$;
