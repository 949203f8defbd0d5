-- Tells whether two manual entries move one account.
create or replace function ledger.share_account(p_lines jsonb, p_others jsonb) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp as $$
    select exists (
        select line ->> 'account' from jsonb_array_elements(p_lines) as line
        intersect
        select line ->> 'account' from jsonb_array_elements(p_others) as line)
$$;
