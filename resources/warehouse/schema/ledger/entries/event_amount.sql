-- The largest event of an entry, as an absolute amount.
create or replace function ledger.event_amount(p_entry_id bigint) returns numeric
language sql stable set search_path = pg_catalog, pg_temp as $$
    select max(abs(signed_amount)) from ledger.entry_event where entry_id = p_entry_id
$$;
