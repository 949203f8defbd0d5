-- Analyzes tables that grew by much, since the check at commit and the approval scan them
-- without statistics. A day on top of years is left alone: a sample would cost more than it
-- gains.
create or replace function ledger.refresh_statistics() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    grown record;
begin
    for grown in
        select name from (values
            ('entry', (select count(*) from new_entry)),
            ('entry_line', (select count(*) from draft_line)),
            ('entry_event', (select count(*) from draft_line_event))) as added (name, rows)
        join pg_class as held on held.oid = ('ledger.' || name)::regclass
        where added.rows > 0.1 * greatest(held.reltuples, 0)
    loop
        execute format('analyze ledger.%I', grown.name);
    end loop;
end $$;
