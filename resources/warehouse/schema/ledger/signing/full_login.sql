-- The database login behind a name in policy files.
create or replace function ledger.full_login(p_short text) returns name
language sql immutable set search_path = pg_catalog, pg_temp as $$
    select (case when starts_with(p_short, '@') then substr(p_short, 2)
                 else ':prefix_' || p_short end)::name
$$;
