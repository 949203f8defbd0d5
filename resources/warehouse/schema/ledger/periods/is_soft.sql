-- Tells whether the stricter status of a period is a soft close.
create or replace function ledger.is_soft(p_entity_code text, p_date date) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from ledger.period
        where entity_code = p_entity_code and p_date between period_start and period_end
          and own_status = 'soft' and erp_status = 'open')
$$;
