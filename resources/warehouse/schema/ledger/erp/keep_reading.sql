-- Keeps where a reading ended: the newest change, and third-party documents changed within half
-- an hour before it, which the next reading sees again.
create or replace function ledger.keep_reading(p_entity text, p_erp text, p_since date,
    p_is_complete boolean, p_line_count integer, p_changes jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    newest timestamptz;
begin
    select greatest(max(change.changed_at), (
               select reading.newest_change from ledger.foreign_read as reading
               where reading.entity_code = p_entity and reading.erp = p_erp
               order by reading.read_id desc limit 1)) into newest
    from jsonb_to_recordset(p_changes) as change (changed_at timestamptz);
    insert into ledger.foreign_read (entity_code, erp, since, open_from, line_count, is_complete,
        newest_change, overlap, unexplained_totals)
    values (p_entity, p_erp, p_since, coalesce(
        (select min(period_start) from ledger.period
         where entity_code = p_entity and erp_status = 'open'), p_since),
        p_line_count, p_is_complete, newest, coalesce((
            select jsonb_agg(jsonb_build_object('reference', change.reference,
                       'changed_at', change.changed_at) order by change.reference)
            from jsonb_to_recordset(p_changes)
                as change (reference text, key text, changed_at timestamptz)
            where change.changed_at >= newest - interval '30 minutes'
              and not exists (
                select from ledger.entry as entry
                where entry.erp_key = change.key and entry.entity_code = p_entity)), '[]'),
        ledger.unexplained_totals(p_entity));
end $$;
