-- A person requests that the as-of date moves back; returns the number of the request.
create or replace function ledger.request_as_of(p_to date, p_reason text) returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ledger.as_of_act (step, from_date, to_date, reason)
    select 'ask', as_of_date, p_to, p_reason from ops.installation returning act_id
$$;
