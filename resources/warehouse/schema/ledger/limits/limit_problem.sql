-- Why one limit does not allow what was measured; null when it does.
create or replace function ledger.limit_problem(
    p_event numeric, p_entry numeric, p_day numeric,
    p_event_limit numeric, p_entry_limit numeric, p_day_limit numeric
) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
    select case when p_event > p_event_limit then 'one event exceeds the %s limit'
                when p_entry > p_entry_limit then 'the entry exceeds the %s limit'
                when p_day > p_day_limit
                    then '24 hours of one maker on one account exceed the %s limit' end
$$;
