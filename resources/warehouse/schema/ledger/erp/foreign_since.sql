-- The first day from which third-party lines are read. Balances brought forward contain the days
-- before it.
create or replace function ledger.foreign_since(p_entity text) returns date
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select greatest(own.first_day, least(
        (select min(period_start) from ledger.period
         where entity_code = p_entity and erp_status = 'open'),
        (select open_from from ledger.foreign_read where entity_code = p_entity
         order by read_id desc limit 1)))
    from (select coalesce(
              (select last_day + 1 from ledger.carry where entity_code = p_entity),
              (select min(date_trunc('month', accounting_date))::date
               from ledger.entry where entity_code = p_entity)) as first_day) as own
    where own.first_day is not null
$$;
