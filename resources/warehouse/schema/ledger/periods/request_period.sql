-- A person requests an act on a period; returns the number of the request.
create or replace function ledger.request_period(
    p_entity text, p_start date, p_act text, p_reason text
) returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ledger.period_act (step, act, entity_code, period_start, reason)
    values ('request', p_act, p_entity, p_start, p_reason) returning act_id
$$;
