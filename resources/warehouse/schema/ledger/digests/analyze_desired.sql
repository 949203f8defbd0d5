-- Analyzes the desired lines when their number differs from the statistics by more than a tenth.
create or replace function ledger.analyze_desired() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    held constant bigint := (select coalesce(sum(line_count), 0) from ledger.desired_digest
                             where slot = '');
    known constant real := (select greatest(reltuples, 0) from pg_class
                            where oid = 'ledger.desired_line'::regclass);
begin
    if abs(held - known) > 0.1 * known then
        analyze ledger.desired_line;
    end if;
end $$;
