-- Tells whether an entity has an open period that holds a day.
create or replace function ledger.has_open_period(p_entity_code text, p_date date) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from ledger.period
        where entity_code = p_entity_code and p_date between period_start and period_end
          and own_status = 'open' and erp_status = 'open')
$$;
