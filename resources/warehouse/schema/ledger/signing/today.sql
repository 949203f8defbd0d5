-- The date of now in UTC.
create or replace function ledger.today() returns date
language sql stable set search_path = pg_catalog, pg_temp as $$
    select (clock_timestamp() at time zone 'UTC')::date
$$;
