-- The day whose balances are to be carried in; null before our first entry, and once it was done.
create or replace function ledger.carry_day(p_entity text) returns date
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select (date_trunc('month', min(accounting_date)) - interval '1 day')::date
    from ledger.entry
    where entity_code = p_entity
      and not exists (select from ledger.carry where entity_code = p_entity)
$$;
