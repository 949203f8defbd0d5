-- Tells whether no earlier attempt can take effect any more; asked before reading back.
create or replace function ledger.quiet_time_is_over(p_entry_id bigint) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce((select quiet_until < clock_timestamp() from ledger.sending
                     where entry_id = p_entry_id), true)
$$;
