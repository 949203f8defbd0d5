-- Analyzes tables of raw, ops and ledger that changed by more than a tenth, at the start of a
-- build: a table loaded a moment ago has no statistics, and a join planned for a few rows loops
-- over all of them. Returns how many tables it took.
create or replace function ops.refresh_statistics() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    changed regclass;
    refreshed integer := 0;
begin
    for changed in
        select held.oid
        from pg_class as held
        left join pg_stat_all_tables as counted on held.oid = counted.relid
        cross join lateral (
            select pg_relation_size(held.oid) / current_setting('block_size')::integer as pages
        ) as now
        where held.relnamespace in ('raw'::regnamespace, 'ops'::regnamespace,
                'ledger'::regnamespace)
            and held.relkind = 'r' and now.pages > 0
            and (held.reltuples < 0 or abs(now.pages - held.relpages) > 0.1 * held.relpages
                or counted.n_mod_since_analyze > 0.1 * held.reltuples)
        order by held.oid
    loop
        execute format('analyze %s', changed);
        refreshed := refreshed + 1;
    end loop;
    return refreshed;
end $$;
