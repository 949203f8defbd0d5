-- The approved entries that nothing holds, oldest first. Holds are worked out once for all
-- entries.
create or replace function ledger.sendable(p_limit integer) returns table (entry_id bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with held as materialized (select distinct hold.entry_id from ledger.hold)
    select entry.entry_id from ledger.entry as entry
    where entry.state = 'approved' and entry.entry_id not in (select held.entry_id from held)
    order by entry.accounting_date, entry.entity_code, entry.entry_id
    limit p_limit
$$;
