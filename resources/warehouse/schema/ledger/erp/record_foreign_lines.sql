-- Records the third-party lines of a full reading of the ERP's ledger.
create or replace function ledger.record_foreign_lines(p_entity text, p_erp text, p_since date,
    p_lines jsonb, p_changes jsonb default '[]')
    returns table (foreign_count integer, new_count integer, gone_count integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    select stored.* into foreign_count, new_count, gone_count
    from ledger.store_foreign_lines(p_entity, p_erp, p_since, p_lines, null) as stored;
    perform ledger.keep_reading(p_entity, p_erp, p_since, true, jsonb_array_length(p_lines),
        p_changes);
    return next;
end $$;
