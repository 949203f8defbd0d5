-- The day whose ERP balances are to be brought forward; null before our first entry, and after
-- it was done.
create or replace function ledger.carry_day(p_entity text) returns date
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select (date_trunc('month', min(accounting_date)) - interval '1 day')::date
    from ledger.entry
    where entity_code = p_entity
      and not exists (select from ledger.carry where entity_code = p_entity)
$$;
