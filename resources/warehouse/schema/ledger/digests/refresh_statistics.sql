-- A table that grew by much has other statistics: the check at the commit and the approval would
-- scan without. A day on top of years changes nothing, and a sample of all would cost more than it.
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
